"""Groups of adjacent members whose settings are of the same kind, with their numbers stacked into arrays."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fitgap.core.variants import Variant


@dataclass(frozen=True)
class MemberGroup:
    """Members `rows` of a pack that are computed together.

    `variant` represents all of them: its class and its non-numeric parameters are common to them. `numbers` holds each
    numeric parameter as an array with one value per member, or one value for all.
    """

    rows: slice
    variant: Any
    numbers: dict[str, np.ndarray]


def group_members(settings: Sequence[Variant | None], dtype: str, dimensions: int) -> list[MemberGroup]:
    """The groups of adjacent settings of equal kind, in order; members with None belong to no group.

    Each number becomes an array (k, 1, …) with `dimensions` dimensions, which broadcasts against the group's rows, or
    (1, 1, …) if all members have the same value.
    """
    groups = []
    numbered = enumerate(settings)
    for kind, alike in itertools.groupby(numbered, key=lambda each: kind_of(each[1])):
        if kind is not None:
            positions, members = zip(*alike, strict=True)
            rows = slice(positions[0], positions[-1] + 1)
            groups.append(MemberGroup(rows, members[0], stack_numbers(members, dtype, dimensions)))
    return groups


def kind_of(setting: Variant | None) -> tuple[Any, ...] | None:
    return None if setting is None else setting.kind()


def stack_numbers(members: Sequence[Variant], dtype: str, dimensions: int) -> dict[str, np.ndarray]:
    """Every number of variants of one kind as an array over the members."""
    return {
        name: over_members([getattr(member, name) for member in members], dtype, dimensions)
        for name in members[0].number_names()
    }


def over_members(values: Sequence[float] | np.ndarray, dtype: str, dimensions: int) -> np.ndarray:
    """One number per member as an array (k, 1, …), or (1, 1, …) if they are all equal.

    With a single number NumPy processes all rows of a buffer in one pass, which saves a third for small networks.
    """
    numbers = np.array(values, dtype=dtype)
    alike = numbers[:1] if (numbers == numbers[0]).all() else numbers
    return alike.reshape(-1, *(1,) * (dimensions - 1))
