"""A problem: a space that fitgap and its peers search, and the error at each of its points, without any training."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol

from fitgap.runner.spec import Configuration

NUMBER, WHOLE, OPTION = "number", "whole", "option"
# Numbers from 0 to 1 as `float`; whole numbers and the positions of options as `int`.
Values = tuple[float | int, ...]


@dataclass(frozen=True)
class Coordinate:
    """A number from 0 to 1, a whole number below `count`, or one of `count` options that have no order."""

    kind: str
    count: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a method learns about a point: its error, and its number of parameters where that matters."""

    error: float
    parameters: int = 1


class Problem(Protocol):
    """A search space, as axes of a sweep and as plain coordinates, with an outcome at each point; lower is better."""

    name: str
    coordinates: tuple[Coordinate, ...]
    axes: Mapping[str, Any]
    # What `scores` returns, in words.
    measure: str
    # 1 if only the error is minimized, 2 if the number of parameters is minimized as well.
    objectives: int

    def values(self, configuration: Configuration) -> Values:
        """The coordinates of a configuration of the sweep."""

    def outcome(self, values: Values) -> Outcome:
        """The values to minimize, at a point."""

    def scores(self, outcomes: Sequence[Outcome]) -> list[float]:
        """The scores after 1, 2, … trials with these outcomes; lower is better."""


def lowest_so_far(outcomes: Sequence[Outcome]) -> Iterator[float]:
    """The lowest error among the first 1, 2, … outcomes."""
    return accumulate((each.error for each in outcomes), min)


def position(share: float, count: int) -> int:
    """The index of the one of `count` equal parts of the range from 0 to 1 that contains `share`."""
    return min(int(share * count), count - 1)
