"""Dropout while training: which units of which examples are left out, drawn by (seed, repeat, epoch) alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.member_groups import group_members, over_members
from fitgap.core.members import Member
from fitgap.core.network import Workspace
from fitgap.core.randomness import Purpose, generator
from fitgap.core.regularizers import Dropout

# Between two neighbours among the numbers in [0, 1) that are drawn.
SMALLEST_STEP = np.float32(2**-24)


@dataclass(frozen=True)
class DropoutGroup:
    """Neighbouring members whose dropout reaches the same layers.

    `masks` (k,) says which of all masks each of them has; None where they have all of them one after another, as often
    as these come: 0, 1, 2, 0, 1, 2.
    """

    rows: slice
    dropout: Dropout
    masks: np.ndarray | None

    def multiply(self, values: np.ndarray, masks: np.ndarray) -> None:
        """Multiply the values (K, B, n) of these members by their masks, of all that there are (M, B, n)."""
        own = values[self.rows]
        if self.masks is None:
            # A view, and no mask has to be copied for its members.
            own = own.reshape(-1, *masks.shape)
            own *= masks
        else:
            own *= masks[self.masks]


class UniformFloats:
    """The numbers in [0, 1) that `Generator.random` gives as float32, made from its raw bits in half of the time."""

    def __init__(self, source: np.random.Generator):
        self.bits = source.bit_generator
        # The second half of the last 64 bits, where only the first one was used.
        self.left = np.empty(0, np.uint32)

    def draw(self, shape: tuple[int, int]) -> np.ndarray:
        """The next ones."""
        count = shape[0] * shape[1]
        halves = self.bits.random_raw((count - len(self.left) + 1) // 2).astype("<u8", copy=False).view("<u4")
        if len(self.left):
            halves = np.concatenate([self.left, halves])
        self.left = halves[count:]
        numbers = (halves[:count] >> 8).astype(np.float32).reshape(shape)
        numbers *= SMALLEST_STEP
        return numbers


class DropoutMasks:
    """The masks r⁽⁰⁾ … r⁽ᴸ⁻¹⁾ of one epoch of a pack (Magyar 2024, Alg. 15 to 19).

    Layer by layer and batch by batch, in this order, the generator of (seed, repeat, epoch) draws one number in [0, 1)
    per unit and example; members of one repeat see the same draws and leave out those below their own δ. So members of
    one repeat and one δ share a mask.
    """

    def __init__(self, members: Sequence[Member], epoch: int, dtype: str):
        settings = [dropout_of(member) for member in members]
        owners = [(member.seed, member.repeat) for member in members]
        kinds = [(key, each.ratio) for key, each in zip(owners, settings, strict=True) if each]
        self.dtype = dtype
        keys = sorted({key for key, _ in kinds})
        self.sources = [UniformFloats(generator(*key, Purpose.DROPOUT, epoch)) for key in keys]
        # A mask for every draw and δ.
        distinct = sorted(set(kinds))
        self.draws = np.array([keys.index(key) for key, _ in distinct], int)
        self.ratios = over_members([ratio for _, ratio in distinct], dtype, dimensions=3)
        mask_of = [
            distinct.index((key, each.ratio)) if each else -1 for key, each in zip(owners, settings, strict=True)
        ]
        self.runs = [
            DropoutGroup(run.rows, run.variant, unless_in_turn(mask_of[run.rows], len(distinct)))
            for run in group_members(settings, dtype, dimensions=3)
        ]

    def apply(self, work: Workspace, layer: int) -> None:
        """Multiply a⁽ᵏ⁾, and f′(s⁽ᵏ⁾) and the derivatives by β and γ with it, by r⁽ᵏ⁾."""
        # Drawn for every layer, whether or not a member drops units there, so that a draw has one place in the stream.
        shape = work.activations[layer].shape[1:]
        draws = np.stack([source.draw(shape) for source in self.sources])
        reached = [run for run in self.runs if run.dropout.reaches(layer)]
        if not reached:
            return
        masks = draws[self.draws].astype(self.dtype, copy=False)
        Dropout.mask(masks, masks, self.ratios)
        slopes = [work.slopes[layer], *work.partials[layer].values()] if layer else []
        for values in (work.activations[layer], *slopes):
            for run in reached:
                run.multiply(values, masks)


def unless_in_turn(masks: list[int], count: int) -> np.ndarray | None:
    """The masks (k,) of some members as an array; None where these are all of them one after another."""
    return None if masks == [*range(count)] * (len(masks) // count) else np.array(masks)


def dropout_of(member: Member) -> Dropout | None:
    """The dropout among the member's regularizers, or None."""
    return next((regularizer for regularizer in member.regularizers if isinstance(regularizer, Dropout)), None)
