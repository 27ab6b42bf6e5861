"""What a method knows when it proposes a generation: the points of earlier generations and what came of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from fitgap.runner.spec.generation_sizes import GenerationSizes

ONE_AT_A_TIME = GenerationSizes(1)


@dataclass(frozen=True)
class Cube:
    """The unit cube in which points are: for every dimension the number of its options, 0 for one of numbers.

    `active_at` says for points (n, d) on which coordinates their configurations depend; None if on all.
    """

    options: np.ndarray
    active_at: Callable[[np.ndarray], np.ndarray] | None = None

    @property
    def dimensions(self) -> int:
        return len(self.options)

    def active(self, points: np.ndarray) -> np.ndarray:
        """On which of their coordinates configurations depend, for points (n, d): (n, d)."""
        return np.ones(points.shape, bool) if self.active_at is None else self.active_at(points)


@dataclass(frozen=True)
class History:
    """The configurations whose trials have ended, in the order of the plan.

    `points` (n, d) are coordinates from 0 to below 1. `active` (n, d) marks those on which a configuration depends:
    the learning rate of one optimizer means nothing for another. `errors` (n,) are their errors, lower is better;
    those of pruned configurations are higher than those of all others, and those of configurations without one are as
    high as the highest. `sizes` (n,) are their numbers of parameters.
    """

    points: np.ndarray
    active: np.ndarray
    errors: np.ndarray
    sizes: np.ndarray
    # How many of them each generation had.
    generations: GenerationSizes = ONE_AT_A_TIME

    def __len__(self) -> int:
        return len(self.errors)


class Method(Protocol):
    """Proposes points from a history. It has no state: the same history and generator give the same points."""

    def propose(self, cube: Cube, history: History, count: int, random: np.random.Generator) -> np.ndarray:
        """`count` points to try next, shape (count, d)."""


def with_worst(values: np.ndarray) -> np.ndarray:
    """Errors in which missing ones (NaN, infinite) are replaced by the highest; 0 if there are no others."""
    is_known = np.isfinite(values)
    worst = values[is_known].max() if is_known.any() else 0.0
    return np.where(is_known, values, worst)


def with_pruned_behind(errors: np.ndarray, rungs: Sequence[int | None]) -> np.ndarray:
    """Errors in which those of pruned configurations come after those of all others: an error after a few epochs cannot
    be compared with one after all of them. Those that came further come first, then those with lower errors.

    `rungs` are the epochs at which they were pruned, None for the others. As far as the order allows, errors remain.
    """
    found = errors.copy()
    is_pruned = np.array([each is not None for each in rungs], bool)
    known = errors[~is_pruned & np.isfinite(errors)]
    highest = known.max(initial=-np.inf)
    for place in sorted(np.flatnonzero(is_pruned).tolist(), key=lambda each: (-(rungs[each] or 0), errors[each])):
        highest = found[place] = max(errors[place], np.nextafter(highest, np.inf))
    return found
