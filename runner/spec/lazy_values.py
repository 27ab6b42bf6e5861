"""Lazy collections of alternatives: they are counted before they are created, so a grid of 10¹² is refused at once."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Alternatives:
    """`size` values, created one by one on iteration."""

    size: int
    make: Callable[[], Iterable[Any]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.make())


def listed(values: Sequence[Any]) -> Alternatives:
    """The given values as alternatives."""
    return Alternatives(len(values), lambda: values)


def either(parts: Sequence[Alternatives]) -> Alternatives:
    """The values of all parts, in order."""
    return Alternatives(sum(part.size for part in parts), lambda: itertools.chain.from_iterable(parts))


def together(parts: Sequence[Alternatives], build: Callable[[tuple[Any, ...]], Any]) -> Alternatives:
    """`build` applied to every combination of one value from each part; the last part changes fastest."""
    return Alternatives(math.prod(part.size for part in parts), lambda: map(build, itertools.product(*parts)))
