"""Alternatives that are counted before they are made, so that a grid of 10¹² costs nothing but its refusal."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Alternatives:
    """So many values, made one after another and only when somebody walks over them."""

    size: int
    make: Callable[[], Iterable[Any]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.make())


def listed(values: Sequence[Any]) -> Alternatives:
    """Values that exist already."""
    return Alternatives(len(values), lambda: values)


def either(parts: Sequence[Alternatives]) -> Alternatives:
    """The values of every part, one part after the other."""
    return Alternatives(sum(part.size for part in parts), lambda: itertools.chain.from_iterable(parts))


def together(parts: Sequence[Alternatives], build: Callable[[tuple[Any, ...]], Any]) -> Alternatives:
    """`build` of every combination that takes one value from each part; the last part changes fastest."""
    return Alternatives(math.prod(part.size for part in parts), lambda: map(build, itertools.product(*parts)))
