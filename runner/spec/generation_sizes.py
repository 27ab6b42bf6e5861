"""The sizes of the generations of a search: the first ones are small, so that it learns from its first results."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fitgap.runner.spec.pruning_settings import PruningSettings, stored_pruning

# Each generation has at most half as many configurations as all before it together, but this many are always allowed.
FIRST = 8


@dataclass(frozen=True)
class GenerationSizes:
    """The generations. All but the first few have `full` configurations; if `grows` is false, all do."""

    full: int
    grows: bool = True

    @property
    def first(self) -> int:
        """The size of the first generation."""
        return self.begin(1)

    def begin(self, number: int) -> int:
        """How many configurations all generations before this one have; generations are counted from 0."""
        begins = self._begins
        if number < len(begins):
            return begins[number]
        return begins[-1] + (number - len(begins) + 1) * self.full

    def number_at(self, place: int) -> int:
        """The generation of the configuration at this place in the plan, counted from 0."""
        begins = self._begins
        if place < begins[-1]:
            return bisect_right(begins, place) - 1
        return len(begins) - 1 + (place - begins[-1]) // self.full

    def is_begin(self, place: int) -> bool:
        """Whether a generation begins at this place in the plan."""
        return self.begin(self.number_at(place)) == place

    @cached_property
    def _begins(self) -> list[int]:
        """Where the smaller generations and the first one of full size begin."""
        begins = [0]
        while self.grows and (size := max(FIRST, begins[-1] // 2)) < self.full:
            begins.append(begins[-1] + size)
        return begins


def generation_sizes(full: int, pruning: PruningSettings | None) -> GenerationSizes:
    """The sizes of generations of at most `full` configurations.

    With pruning, each is a bracket and all have full size: comparing few configurations says little about which of them
    are poor.
    """
    return GenerationSizes(full, grows=pruning is None)


def stored_generation_sizes(specification: Mapping[str, Any]) -> GenerationSizes | None:
    """The generation sizes of a stored sweep; None unless it is a search that learns."""
    search = specification.get("search") or {}
    return generation_sizes(search["generation"], stored_pruning(specification)) if "generation" in search else None
