"""Dropout masks: which units are dropped for which examples, determined by (seed, repeat, epoch) alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.member_groups import group_members, over_members
from fitgap.core.members import Member
from fitgap.core.network import Workspace
from fitgap.core.randomness import Purpose, generator
from fitgap.core.regularizers import Dropout

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

    def multiply(self, values: np.ndarray, masks: np.ndarray) -> None:
        """Multiply the rows of `values` (K, B, n) of these members by their masks, out of all `masks` (M, B, n)."""
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

    def draw(self, shape: tuple[int, int]) -> np.ndarray:
        """The next numbers of the stream, in an array of this shape."""
        count = shape[0] * shape[1]
        halves = self.bits.random_raw((count - len(self.unused) + 1) // 2).astype("<u8", copy=False).view("<u4")
        if len(self.unused):
            halves = np.concatenate([self.unused, halves])
        self.unused = halves[count:]
        numbers = (halves[:count] >> 8).astype(np.float32).reshape(shape)
        numbers *= SMALLEST_STEP
        return numbers


class DropoutMasks:
    """The masks r⁽⁰⁾ … r⁽ᴸ⁻¹⁾ of one epoch of a pack (Magyar 2024, Alg. 15 to 19).

    The generator of (seed, repeat, epoch) draws one number in [0, 1) per unit and example, batch by batch and within a
    batch layer by layer. Members of one repeat see the same draws and drop the units whose draw is below their δ, so
    members with the same repeat and δ share a mask.
    """

    def __init__(self, members: Sequence[Member], epoch: int, dtype: str):
        settings = [dropout_of(member) for member in members]
        owners = [(member.seed, member.repeat) for member in members]
        kinds = [(key, each.ratio) for key, each in zip(owners, settings, strict=True) if each]
        self.dtype = dtype
        keys = sorted({key for key, _ in kinds})
        self.sources = [UniformFloats(generator(*key, Purpose.DROPOUT, epoch)) for key in keys]
        # One mask per generator and δ.
        distinct = sorted(set(kinds))
        self.draws = np.array([keys.index(key) for key, _ in distinct], int)
        self.ratios = over_members([ratio for _, ratio in distinct], dtype, dimensions=3)
        mask_of = [
            distinct.index((key, each.ratio)) if each else -1 for key, each in zip(owners, settings, strict=True)
        ]
        self.groups = [
            DropoutGroup(group.rows, group.variant, none_if_cyclic(mask_of[group.rows], len(distinct)))
            for group in group_members(settings, dtype, dimensions=3)
        ]

    def apply(self, work: Workspace, layer: int) -> None:
        """Multiply a⁽ᵏ⁾, f′(s⁽ᵏ⁾), ∂f/∂β and ∂f/∂γ by r⁽ᵏ⁾."""
        # Drawn for every layer, even if no member drops units there, so that the stream does not depend on the pack.
        shape = work.activations[layer].shape[1:]
        draws = np.stack([source.draw(shape) for source in self.sources])
        reached = [group for group in self.groups if group.dropout.reaches(layer)]
        if not reached:
            return
        masks = draws[self.draws].astype(self.dtype, copy=False)
        Dropout.mask(masks, masks, self.ratios)
        slopes = [work.slopes[layer], *work.partials[layer].values()] if layer else []
        for values in (work.activations[layer], *slopes):
            for group in reached:
                group.multiply(values, masks)


def none_if_cyclic(masks: list[int], count: int) -> np.ndarray | None:
    """Mask indices as an array (k,); None if they cycle through all `count` masks."""
    return None if masks == [*range(count)] * (len(masks) // count) else np.array(masks)


def dropout_of(member: Member) -> Dropout | None:
    """The member's dropout regularizer, or None."""
    return next((regularizer for regularizer in member.regularizers if isinstance(regularizer, Dropout)), None)
