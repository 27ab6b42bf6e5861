"""Dropout masks: which units are dropped for which examples, determined by (seed, repeat, epoch) alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.compiled_dropout import LayerDropout, bind_layer
from fitgap.core.member_groups import group_members, over_members
from fitgap.core.members import Member
from fitgap.core.randomness import Purpose, generator
from fitgap.core.regularizers import Dropout
from fitgap.core.workspace import Workspace

# The spacing of the drawn numbers in [0, 1).
SMALLEST_STEP = np.float32(2**-24)


@dataclass(frozen=True)
class DropoutGroup:
    """Adjacent members whose dropout applies to the same layers.

    `masks` (k,) holds the index of each member's mask; None if the members cycle through all masks: 0, 1, 2, 0, 1, 2.
    """

    rows: slice
    dropout: Dropout
    masks: np.ndarray | None

    def rows_of(self, mask: int, mask_count: int) -> list[slice]:
        """The rows of the members with this mask, in as few slices as possible."""
        count = self.rows.stop - self.rows.start
        own = np.arange(count) % mask_count if self.masks is None else self.masks
        rows = (self.rows.start + np.flatnonzero(own == mask)).tolist()
        if not rows:
            return []
        regular = range(rows[0], rows[-1] + 1, rows[1] - rows[0] if len(rows) > 1 else 1)
        if rows == list(regular):
            return [slice(regular.start, regular.stop, regular.step)]
        return [slice(row, row + 1) for row in rows]

    def multiply(self, values: np.ndarray, masks: np.ndarray) -> None:
        """Multiply these members' rows of `values` (K, B, n) by their own masks among all `masks` (M, B, n)."""
        own = values[self.rows]
        if self.masks is None:
            # A view, so that no mask is copied.
            own = own.reshape(-1, *masks.shape)
            own *= masks
        else:
            own *= masks[self.masks]


class UniformFloats:
    """The same float32 numbers in [0, 1) as from `Generator.random`, computed from raw bits in half the time."""

    def __init__(self, source: np.random.Generator):
        self.bits = source.bit_generator
        # The unused half of the last 64 bits, if there is one.
        self.unused = np.empty(0, np.uint32)

    def draw(self, out: np.ndarray) -> None:
        """Write the next numbers of the stream into `out` (B, n)."""
        count = out.size
        halves = self.bits.random_raw((count - len(self.unused) + 1) // 2).astype("<u8", copy=False).view("<u4")
        if len(self.unused):
            halves = np.concatenate([self.unused, halves])
        self.unused = halves[count:]
        out[:] = (halves[:count] >> 8).reshape(out.shape)
        out *= SMALLEST_STEP


class DropoutMasks:
    """The masks r⁽⁰⁾ … r⁽ᴸ⁻¹⁾ of the epochs of a pack (Magyar 2024, Alg. 15 to 19).

    The generator of (seed, repeat, epoch) draws one number in [0, 1) per unit and example, batch by batch and within a
    batch layer by layer. Members of one repeat see the same draws and drop the units whose draw is below their δ, so
    members with the same repeat and δ share a mask.
    """

    def __init__(self, members: Sequence[Member], epoch: int, dtype: str):
        settings = [dropout_of(member) for member in members]
        owners = [(member.seed, member.repeat) for member in members]
        kinds = [(key, each.ratio) for key, each in zip(owners, settings, strict=True) if each]
        self.dtype = dtype
        self.keys = sorted({key for key, _ in kinds})
        # One mask per generator and δ.
        distinct = sorted(set(kinds))
        self.draws = np.array([self.keys.index(key) for key, _ in distinct], int)
        self.given_ratios = [ratio for _, ratio in distinct]
        self.ratios = over_members(self.given_ratios, dtype, dimensions=3)
        mask_of = [
            distinct.index((key, each.ratio)) if each else -1 for key, each in zip(owners, settings, strict=True)
        ]
        self.groups = [
            DropoutGroup(group.rows, group.variant, none_if_cyclic(mask_of[group.rows], len(distinct)))
            for group in group_members(settings, dtype, dimensions=3)
        ]
        self.start_epoch(epoch)

    def start_epoch(self, epoch: int) -> None:
        """Switch to the masks of this epoch."""
        self.sources = [UniformFloats(generator(*key, Purpose.DROPOUT, epoch)) for key in self.keys]

    def apply(self, work: Workspace, layer: int) -> None:
        """Multiply a⁽ᵏ⁾, f′(s⁽ᵏ⁾), ∂f/∂β and ∂f/∂γ by r⁽ᵏ⁾."""
        if layer not in work.dropouts:
            work.dropouts[layer] = self._bind(work, layer)
        compiled = work.dropouts[layer]
        # Drawn for every layer, even if no member drops units there, so that the stream does not depend on the pack.
        draws = compiled.draws if compiled else self._empty_draws(work, layer)
        for source, out in zip(self.sources, draws, strict=True):
            source.draw(out)
        if compiled:
            compiled.multiply()
        else:
            self._multiply(work, layer, draws)

    def _empty_draws(self, work: Workspace, layer: int) -> np.ndarray:
        return np.empty((len(self.sources), *work.activations[layer].shape[1:]), self.dtype)

    def _reached(self, layer: int) -> list[DropoutGroup]:
        return [group for group in self.groups if group.dropout.reaches(layer)]

    def _multiply(self, work: Workspace, layer: int, draws: np.ndarray) -> None:
        reached = self._reached(layer)
        if not reached:
            return
        masks = draws[self.draws]
        Dropout.mask(masks, masks, self.ratios)
        slopes = [work.slopes[layer], *work.partials[layer].values()] if layer else []
        for values in (work.activations[layer], *slopes):
            for group in reached:
                group.multiply(values, masks)

    def _bind(self, work: Workspace, layer: int) -> LayerDropout | None:
        rows_of_masks = [
            (int(self.draws[mask]), ratio, rows)
            for group in self._reached(layer)
            for mask, ratio in enumerate(self.given_ratios)
            for rows in group.rows_of(mask, len(self.given_ratios))
        ]
        slopes, partials = (work.slopes[layer], list(work.partials[layer].values())) if layer else (None, [])
        return bind_layer(self._empty_draws(work, layer), work.activations[layer], slopes, partials, rows_of_masks)


def none_if_cyclic(masks: list[int], count: int) -> np.ndarray | None:
    """Mask indices as an array (k,); None if they cycle through all `count` masks."""
    return None if masks == [*range(count)] * (len(masks) // count) else np.array(masks)


def dropout_of(member: Member) -> Dropout | None:
    """The member's dropout regularizer, or None."""
    return next((regularizer for regularizer in member.regularizers if isinstance(regularizer, Dropout)), None)
