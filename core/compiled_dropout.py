"""Compiled passes of dropout: compute masks and multiply by them in one loop, bound to the layer of a workspace."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.kernels.binding import BoundPass, bind
from fitgap.core.kernels.expressions import Expression, where_at_least


@dataclass(frozen=True)
class LayerDropout:
    """Dropout of one layer of a workspace: `draws` (S, B, n), one array per generator, and the passes that use them."""

    draws: np.ndarray
    passes: Sequence[BoundPass]

    def multiply(self) -> None:
        """Multiply the layer's values by the masks that result from the current contents of `draws`."""
        for compute in self.passes:
            compute()


def bind_layer(
    draws: np.ndarray,
    activations: np.ndarray,
    slopes: np.ndarray | None,
    partials: Sequence[np.ndarray],
    rows_of_masks: Sequence[tuple[int, float, slice]],
) -> LayerDropout | None:
    """The passes for a layer; None if there is no machine code for one of them.

    `activations`, `slopes` and `partials` are (K, B, n). `rows_of_masks` lists members that share a mask: the index of
    their draws, δ, and their rows.
    """
    passes = []
    for source, ratio, rows in rows_of_masks:
        numbers = mask_numbers(draws[source], ratio)
        if slopes is None:
            passes.append(bind(dropped, {"values": activations[rows], **numbers}, written="values"))
        else:
            arrays = {"values": activations[rows], "slopes": slopes[rows], **numbers}
            passes.append(bind(dropped_with_slopes, arrays, written="values"))
        passes += [bind(dropped, {"values": each[rows], **numbers}, written="values") for each in partials]
    bound = [each for each in passes if each]
    return LayerDropout(draws, bound) if len(bound) == len(passes) else None


def mask_numbers(draws: np.ndarray, ratio: float) -> dict[str, np.ndarray]:
    """The operands from which a pass computes the mask: the draws (B, n), δ and the scale."""
    ratios = np.full((1, 1, 1), ratio, draws.dtype)
    return {"draws": draws[None], "ratio": ratios, "scale": 1 / (1 - ratios)}


def mask(draws: Expression, ratio: Expression, scale: Expression) -> Expression:
    """r, as `Dropout.mask` computes it."""
    return where_at_least(draws, ratio, 1.0, 0.0) * scale


def dropped(values: Expression, draws: Expression, ratio: Expression, scale: Expression) -> dict[str, Expression]:
    return {"values": values * mask(draws, ratio, scale)}


def dropped_with_slopes(
    values: Expression, slopes: Expression, draws: Expression, ratio: Expression, scale: Expression
) -> dict[str, Expression]:
    factor = mask(draws, ratio, scale)
    return {"values": values * factor, "slopes": slopes * factor}
