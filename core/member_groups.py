"""Runs of neighbouring members whose settings are of one kind, with their numbers stacked into arrays."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fitgap.core.variants import Variant


@dataclass(frozen=True)
class MemberGroup:
    """Members `rows` of a pack that are computed together.

    `variant` stands for all of them in its class and in everything that is no number; `numbers` holds every number as
    an array over them, or as one for all.
    """

    rows: slice
    variant: Any
    numbers: dict[str, np.ndarray]


def group_members(settings: Sequence[Variant | None], dtype: str, dimensions: int) -> list[MemberGroup]:
    """The runs of equal kinds among the members' settings, in order; members with None belong to none.

    Each number becomes an array of shape (k, 1, …) with so many dimensions, to be broadcast against the run's rows, or
    (1, 1, …) where it is the same for all of them.
    """
    runs = []
    numbered = enumerate(settings)
    for kind, group in itertools.groupby(numbered, key=lambda each: kind_of(each[1])):
        if kind is not None:
            positions, members = zip(*group, strict=True)
            rows = slice(positions[0], positions[-1] + 1)
            runs.append(MemberGroup(rows, members[0], stack_numbers(members, dtype, dimensions)))
    return runs


def kind_of(setting: Variant | None) -> tuple[Any, ...] | None:
    return None if setting is None else setting.kind()


def stack_numbers(members: Sequence[Variant], dtype: str, dimensions: int) -> dict[str, np.ndarray]:
    """Every number of variants of one kind as an array over the members."""
    return {
        name: over_members([getattr(member, name) for member in members], dtype, dimensions)
        for name in members[0].number_names()
    }


def over_members(values: Sequence[float] | np.ndarray, dtype: str, dimensions: int) -> np.ndarray:
    """One number per member as an array (k, 1, …), or (1, 1, …) where they are all the same.

    With one number for all rows of a buffer NumPy takes these in one go, which for small networks saves a third.
    """
    numbers = np.array(values, dtype=dtype)
    alike = numbers[:1] if (numbers == numbers[0]).all() else numbers
    return alike.reshape(-1, *(1,) * (dimensions - 1))
