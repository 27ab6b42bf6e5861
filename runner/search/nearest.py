"""Advice in a search space: the point whose value on an axis is nearest to that of an advised configuration."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fitgap.runner.search.points import decisions
from fitgap.runner.spec import Choice, Configuration
from fitgap.runner.spec.architectures import size
from fitgap.runner.spec.axes import AXES
from fitgap.runner.spec.configuration import HiddenLayer, plain
from fitgap.runner.spec.lazy_values import Dimension, Interval, Options
from fitgap.runner.spec.ranges import share_of_number
from fitgap.runner.spec.search_space import Space

# The distances between different names or texts, and between layers of different kinds. The distance between numbers
# is the logarithm of their ratio.
UNLIKE, OTHER_LAYER = 100.0, 0.5
# A value counts as nearer only if its distance is smaller by this much, more than the rounding of drawn numbers.
NEARER = 1e-4
# The coordinates are changed one after another in this many passes, each to at most this many different options.
PASSES, MOST_OPTIONS = 4, 64

Point = list[float]


@dataclass(frozen=True)
class Target:
    """The wanted value of an axis of a space; `columns` are the coordinates of its dimensions, by name."""

    space: Space
    dimensions: Sequence[tuple[str, Dimension]]
    axis: str
    wanted: Any
    columns: dict[str, int] = field(repr=False)

    def distance(self, point: Point) -> float:
        """How far the value at a point is from the wanted one; networks are compared by their size first."""
        value = self.space.axes[self.axis].at(decisions(self.columns, point), self.axis)
        if self.axis == "architecture":
            ratio = (1 + size(value)) / (1 + size(self.wanted))
            return abs(math.log(ratio)) + OTHER_LAYER * other_layers(value, self.wanted)
        return difference(plain(value), self._plain)

    @cached_property
    def _plain(self) -> Any:
        return plain(self.wanted)

    def used(self, point: Point) -> list[int]:
        """The coordinates on which the value at a point depends, in the order of the decisions."""
        found: list[int] = []
        decide = decisions(self.columns, point)

        def remembering(name: str, dimension: Dimension) -> float:
            found.append(self.columns[name])
            return decide(name, dimension)

        self.space.axes[self.axis].at(remembering, self.axis)
        return list(dict.fromkeys(found))

    def shares(self, column: int) -> list[float]:
        """The values to try for a coordinate: its options, or the wanted numbers, limited to the range."""
        dimension = self.dimensions[column][1]
        if isinstance(dimension, Interval):
            return [share_of_number(dimension, number) for number in self._numbers]
        count = dimension.count
        return [(place * count // min(count, MOST_OPTIONS) + 0.5) / count for place in range(min(count, MOST_OPTIONS))]

    @cached_property
    def _numbers(self) -> list[float]:
        return list(dict.fromkeys(numbers_in(self._plain)))

    def approached(self, point: Point) -> tuple[float, Point]:
        """The distance of the nearest point found by changing one coordinate after another, and this point."""
        nearest, found = self.distance(point), point
        for _ in range(PASSES):
            before = nearest
            # Numbers first, so that options are compared at the best numbers.
            used = self.used(found)
            for column in sorted(used, key=lambda each: isinstance(self.dimensions[each][1], Options)):
                nearest, found = self._approached_along(column, nearest, found)
            if nearest == before or nearest < NEARER:
                break
        return nearest, found

    def _approached_along(self, column: int, nearest: float, found: Point) -> tuple[float, Point]:
        """The same with the best change of one coordinate; unchanged if no change is nearer."""
        for share in self.shares(column):
            changed = [*found[:column], share, *found[column + 1 :]]
            if (reached := self.distance(changed)) < nearest:
                nearest, found = reached, changed
        return nearest, found


def nearest_point(
    space: Space,
    dimensions: Sequence[tuple[str, Dimension]],
    point: Sequence[float | None],
    axis: str,
    advised: Configuration,
) -> Point | None:
    """The point that differs from `point` on one axis only and is nearest to an advised configuration on this axis.

    None if no value of the axis is nearer to the advised one than that of `point`.
    """
    columns = {name: column for column, (name, _) in enumerate(dimensions)}
    target = Target(space, dimensions, axis, getattr(advised, AXES[axis].field), columns)
    base = [0.5 if each is None else each for each in point]
    own, used = target.distance(base), target.used(base)
    if not used:
        return None
    nearest, found = target.approached(base)
    if nearest >= NEARER and isinstance(dimensions[used[0]][1], Options):
        # Each option of the first decision has its own coordinates and may look worse until these are changed too.
        starts = ([*base[: used[0]], share, *base[used[0] + 1 :]] for share in target.shares(used[0]))
        nearest, found = min(((nearest, found), *map(target.approached, starts)), key=lambda each: each[0])
    return found if nearest < own - NEARER else None


def other_layers(one: Sequence[HiddenLayer], other: Sequence[HiddenLayer]) -> int:
    """How many layers of two architectures are missing in one of them or differ in kind."""
    kinds = [[each.name if isinstance(each, Choice) else "dense" for each in layers] for layers in (one, other)]
    return abs(len(one) - len(other)) + sum(a != b for a, b in zip(*kinds, strict=False))


def difference(one: Any, other: Any) -> float:
    """The distance between two settings, given as plain data."""
    if one == other:
        return 0.0
    if is_number(one) and is_number(other):
        return abs(math.log(one / other)) if one > 0 and other > 0 else abs(one - other)
    if isinstance(one, list) and isinstance(other, list):
        both = sum(difference(*each) for each in zip(one, other, strict=False))
        return both + UNLIKE * abs(len(one) - len(other))
    if isinstance(one, dict) and isinstance(other, dict) and one.get("name") == other.get("name"):
        return sum(difference(one.get(key), other.get(key)) for key in one.keys() | other.keys())
    return UNLIKE


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def numbers_in(value: Any) -> Iterator[float]:
    """All numbers in plain data."""
    if is_number(value):
        yield float(value)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from numbers_in(each)
