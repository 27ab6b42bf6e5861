"""Dropout while training: which units of which examples are left out, drawn by (seed, repeat, epoch) alone."""

from collections.abc import Sequence

import numpy as np

from core.groups import runs_of
from core.members import Member
from core.network import Workspace
from core.randomness import Purpose, generator
from core.regularizers import Dropout


class DropoutMasks:
    """The masks r⁽⁰⁾ … r⁽ᴸ⁻¹⁾ of one epoch of a pack (Magyar 2024, Alg. 15 to 19).

    Layer by layer and batch by batch, in this order, the generator of (seed, repeat, epoch) draws one number in [0, 1)
    per unit and example; members of one repeat see the same draws and leave out those below their own δ.
    """

    def __init__(self, members: Sequence[Member], epoch: int, dtype: str):
        settings = [dropout_of(member) for member in members]
        self.runs = runs_of(settings, dtype, dimensions=3)
        self.dtype = dtype
        self.keys = [(member.seed, member.repeat) for member in members]
        used = {self.keys[row] for run in self.runs for row in range(len(members))[run.rows]}
        self.generators = {key: generator(*key, Purpose.DROPOUT, epoch) for key in sorted(used)}

    def apply(self, work: Workspace, layer: int) -> None:
        """Multiply a⁽ᵏ⁾, and f′(s⁽ᵏ⁾) and the derivatives by β and γ with it, by r⁽ᵏ⁾."""
        examples, units = work.activations[layer].shape[1:]
        # Drawn for every layer, whether or not a member drops units there, so that a draw has one place in the stream.
        draws = {key: source.random((examples, units), np.float32) for key, source in self.generators.items()}
        multiplied = [work.activations[layer], *([work.slopes[layer], *work.partials[layer].values()] if layer else [])]
        for run in self.runs:
            if run.variant.reaches(layer):
                mask = np.stack([draws[key] for key in self.keys[run.rows]]).astype(self.dtype)
                Dropout.mask(mask, mask, **run.numbers)
                for values in multiplied:
                    values[run.rows] *= mask


def dropout_of(member: Member) -> Dropout | None:
    """The dropout among the member's regularizers, or None."""
    return next((regularizer for regularizer in member.regularizers if isinstance(regularizer, Dropout)), None)
