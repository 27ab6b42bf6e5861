"""Runs of neighbouring members whose settings are of one kind, with their numbers stacked into arrays."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.variants import Variant


@dataclass(frozen=True)
class Run:
    """Members `rows` of a pack, all of the variant class `kind` (such as `Adam`); `numbers` holds each parameter as
    an array over them.
    """

    rows: slice
    kind: Any
    numbers: dict[str, np.ndarray]


def runs_of(settings: Sequence[Variant | None], dtype: str, dimensions: int) -> list[Run]:
    """The runs of equal kinds among the members' settings, in order; members with None belong to none.

    Each number becomes an array of shape (k, 1, …) with so many dimensions, to be broadcast against the run's rows.
    """
    runs, start = [], 0
    for kind, group in itertools.groupby(settings, key=type):
        members = list(group)
        if kind is not type(None):
            rows = slice(start, start + len(members))
            numbers = stack_numbers([member for member in members if member is not None], dtype, dimensions)
            runs.append(Run(rows, kind, numbers))
        start += len(members)
    return runs


def stack_numbers(members: Sequence[Variant], dtype: str, dimensions: int) -> dict[str, np.ndarray]:
    """Every parameter of variants of one class as an array over the members."""
    shape = (len(members),) + (1,) * (dimensions - 1)
    return {
        name: np.array([getattr(member, name) for member in members], dtype=dtype).reshape(shape)
        for name in members[0].parameters()
    }


def kind_name(setting: Variant | None) -> str:
    """A key that sorts members so that equal kinds become neighbours."""
    return "" if setting is None else type(setting).__name__
