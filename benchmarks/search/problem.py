"""A problem: a space that fitgap and its peers search, and the error at each of its points, without any training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fitgap.runner.spec import Configuration

NUMBER, WHOLE, OPTION = "number", "whole", "option"
# Numbers from 0 to below 1; whole numbers and the positions of options as `int`.
Values = tuple[float | int, ...]


@dataclass(frozen=True)
class Coordinate:
    """A number from 0 to 1, a whole number below `count`, or one of `count` options that have no order."""

    kind: str
    count: int = 0


class Problem(Protocol):
    """A space, as the axes of a sweep and as plain coordinates, and the error at a point; lower is better."""

    name: str
    coordinates: tuple[Coordinate, ...]
    axes: Mapping[str, Any]
    # What `score` returns, in words.
    measure: str

    def values(self, configuration: Configuration) -> Values:
        """The coordinates of a configuration of the sweep."""

    def error(self, values: Values) -> float:
        """The error at a point, which a method tries to make small."""

    def score(self, error: float) -> float:
        """What is reported for the lowest error of a search."""


def position(share: float, count: int) -> int:
    """In which of `count` equal parts of the range a number from 0 to 1 lies."""
    return min(int(share * count), count - 1)
