"""A lazy sequence of the configurations of a sweep: each is created on access, so a million need no memory."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fitgap.runner.spec.configuration import Configuration
from fitgap.runner.spec.configuration_sequence import ConfigurationSequence


class Grid(ConfigurationSequence):
    """Every combination of the alternatives of all axes, each once; the axis written last changes fastest."""

    def __init__(self, axes: Mapping[str, tuple[Any, ...]], make: Callable[[tuple[Any, ...]], Configuration]):
        self._axes = [tuple(dict.fromkeys(values)) for values in axes.values()]
        self._make = make

    def __len__(self) -> int:
        return math.prod(len(values) for values in self._axes)

    def __iter__(self) -> Iterator[Configuration]:
        return map(self._make, itertools.product(*self._axes))

    def at(self, position: int) -> Configuration:
        rest = position
        chosen: list[Any] = []
        for values in reversed(self._axes):
            rest, place = divmod(rest, len(values))
            chosen.append(values[place])
        return self._make(tuple(reversed(chosen)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(Configuration.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]
