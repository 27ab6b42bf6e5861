"""Lazy collections of alternatives: they are counted before they are created, so a grid of 10¹² is refused at once.

They are also the space of a search. `at` returns one of the values by calling `decide` at every branch, so a value is
created only if it is chosen.
"""

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fitgap.runner.spec.validation import Path


@dataclass(frozen=True)
class Options:
    """A dimension of a space: the number of one of `count` options."""

    count: int


@dataclass(frozen=True)
class Interval:
    """A dimension of a space: a number from `low` to `high`; `log` if it is uniform on a log scale."""

    low: float
    high: float
    log: bool
    whole: bool


Dimension = Options | Interval
# Returns a number in the dimension with this name: the position of an option, or a number in an interval.
Decide = Callable[[str, Dimension], float]


class Alternatives(ABC):
    """`size` values, created one by one on iteration. Iterating over a range without steps gives its ends."""

    size: int

    @abstractmethod
    def __iter__(self) -> Iterator[Any]: ...

    @abstractmethod
    def dimensions(self, name: str) -> Iterator[tuple[str, Dimension]]:
        """The dimensions of the space whose root is called `name`, including those that exist only for some options."""

    @abstractmethod
    def at(self, decide: Decide, name: str) -> Any:
        """The value that the decisions select; `decide` is called only for the dimensions that it depends on."""

    @abstractmethod
    def on_the_way(self, decide: Decide, name: str) -> Iterator[str]:
        """The names of the dimensions for which `at` calls `decide`. Creates no value, which would take much longer."""

    def endless(self) -> Iterator[tuple[Path, Interval]]:
        """The paths and intervals of ranges without steps, whose values cannot be listed."""
        return iter(())


@dataclass(frozen=True)
class Listed(Alternatives):
    """Given values."""

    values: Sequence[Any]

    @property
    def size(self) -> int:  # type: ignore[override]
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)

    def dimensions(self, name: str) -> Iterator[tuple[str, Dimension]]:
        if len(self.values) > 1:
            yield name, Options(len(self.values))

    def at(self, decide: Decide, name: str) -> Any:
        return self.values[option(decide, name, len(self.values))]

    def on_the_way(self, decide: Decide, name: str) -> Iterator[str]:
        if len(self.values) > 1:
            yield name


@dataclass(frozen=True)
class Either(Alternatives):
    """The values of all parts, in order."""

    parts: Sequence[Alternatives]

    @property
    def size(self) -> int:  # type: ignore[override]
        return sum(part.size for part in self.parts)

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.parts)

    def dimensions(self, name: str) -> Iterator[tuple[str, Dimension]]:
        if len(self.parts) > 1:
            yield name, Options(len(self.parts))
        for place, part in enumerate(self.parts):
            yield from part.dimensions(f"{name}.{place}")

    def at(self, decide: Decide, name: str) -> Any:
        place = option(decide, name, len(self.parts))
        return self.parts[place].at(decide, f"{name}.{place}")

    def on_the_way(self, decide: Decide, name: str) -> Iterator[str]:
        if len(self.parts) > 1:
            yield name
        place = option(decide, name, len(self.parts))
        yield from self.parts[place].on_the_way(decide, f"{name}.{place}")

    def endless(self) -> Iterator[tuple[Path, Interval]]:
        return itertools.chain.from_iterable(part.endless() for part in self.parts)


@dataclass(frozen=True)
class Together(Alternatives):
    """`build` applied to every combination of one value from each part; the last part changes fastest."""

    parts: Sequence[Alternatives]
    build: Callable[[tuple[Any, ...]], Any]

    @property
    def size(self) -> int:  # type: ignore[override]
        return math.prod(part.size for part in self.parts)

    def __iter__(self) -> Iterator[Any]:
        return map(self.build, itertools.product(*self.parts))

    def dimensions(self, name: str) -> Iterator[tuple[str, Dimension]]:
        for place, part in enumerate(self.parts):
            yield from part.dimensions(f"{name}.{place}")

    def at(self, decide: Decide, name: str) -> Any:
        chosen = tuple(part.at(decide, f"{name}.{place}") for place, part in enumerate(self.parts))
        if self._known is None:
            return self.build(chosen)
        if chosen not in self._known:
            self._known[chosen] = self.build(chosen)
        return self._known[chosen]

    def on_the_way(self, decide: Decide, name: str) -> Iterator[str]:
        for place, part in enumerate(self.parts):
            yield from part.on_the_way(decide, f"{name}.{place}")

    @cached_property
    def _known(self) -> dict[tuple[Any, ...], Any] | None:
        """A cache of built values, since a search returns to the same ones; None if a part is a range without steps."""
        return None if any(True for _ in self.endless()) else {}

    def endless(self) -> Iterator[tuple[Path, Interval]]:
        return itertools.chain.from_iterable(part.endless() for part in self.parts)


@dataclass(frozen=True)
class Between(Alternatives):
    """All numbers in an interval. `accept` returns the value for a number; `path` is where the range is written."""

    interval: Interval
    accept: Callable[[float], Any]
    path: Path
    size = 2

    def __iter__(self) -> Iterator[Any]:
        return map(self.accept, (self.interval.low, self.interval.high))

    def dimensions(self, name: str) -> Iterator[tuple[str, Dimension]]:
        yield name, self.interval

    def at(self, decide: Decide, name: str) -> Any:
        return self.accept(decide(name, self.interval))

    def on_the_way(self, decide: Decide, name: str) -> Iterator[str]:
        yield name

    def endless(self) -> Iterator[tuple[Path, Interval]]:
        yield self.path, self.interval


@dataclass(frozen=True)
class Repeated(Alternatives):
    """`times` independent values of `part`, as a tuple. Iteration gives only tuples of equal values."""

    part: Alternatives
    times: int

    @property
    def size(self) -> int:  # type: ignore[override]
        return self.part.size if self.times else 1

    def __iter__(self) -> Iterator[Any]:
        return iter(dict.fromkeys((value,) * self.times for value in self.part))

    def dimensions(self, name: str) -> Iterator[tuple[str, Dimension]]:
        for place in range(self.times):
            yield from self.part.dimensions(f"{name}.{place}")

    def at(self, decide: Decide, name: str) -> Any:
        return tuple(self.part.at(decide, f"{name}.{place}") for place in range(self.times))

    def on_the_way(self, decide: Decide, name: str) -> Iterator[str]:
        for place in range(self.times):
            yield from self.part.on_the_way(decide, f"{name}.{place}")

    def endless(self) -> Iterator[tuple[Path, Interval]]:
        return self.part.endless()


def option(decide: Decide, name: str, count: int) -> int:
    """The position that `decide` chooses among `count` options; a single one needs no decision."""
    return int(decide(name, Options(count))) if count > 1 else 0


def listed(values: Sequence[Any]) -> Alternatives:
    """The given values as alternatives."""
    return Listed(values)


def either(parts: Sequence[Alternatives]) -> Alternatives:
    """The values of all parts, in order."""
    return Either(parts)


def together(parts: Sequence[Alternatives], build: Callable[[tuple[Any, ...]], Any]) -> Alternatives:
    """`build` applied to every combination of one value from each part; the last part changes fastest."""
    return Together(parts, build)
