"""What a method knows when it proposes a generation: the points of earlier generations and their results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from fitgap.runner.spec.generation_sizes import GenerationSizes

ONE_AT_A_TIME = GenerationSizes(1)


@dataclass(frozen=True)
class Cube:
    """The unit cube of the points: for every dimension the number of its options, 0 if it is numeric.

    `active_at` maps points (n, d) to a mask (n, d) of the coordinates that their configurations depend on; None if on
    all.
    """

    options: np.ndarray
    active_at: Callable[[np.ndarray], np.ndarray] | None = None

    @property
    def dimensions(self) -> int:
        return len(self.options)

    def active(self, points: np.ndarray) -> np.ndarray:
        """Mask (n, d) of the coordinates that the configurations at points (n, d) depend on."""
        return np.ones(points.shape, bool) if self.active_at is None else self.active_at(points)


@dataclass(frozen=True)
class History:
    """The configurations whose trials have ended, in the order of the plan.

    `points` (n, d) are coordinates in [0, 1). `active` (n, d) marks those that a configuration depends on: the learning
    rate of one optimizer means nothing for another. `errors` (n,) are their errors, lower is better. Pruned
    configurations have higher errors than all others; configurations without an error get the highest one. `sizes` (n,)
    are their numbers of parameters.
    """

    points: np.ndarray
    active: np.ndarray
    errors: np.ndarray
    sizes: np.ndarray
    # How many configurations each generation has.
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
    """Errors, raised so that pruned configurations rank behind all others: an error after a few epochs cannot be
    compared with one after all epochs. Configurations pruned later rank higher, then those with lower errors.

    `rungs` are the epochs at which they were pruned, None for the others. Errors change only where the order requires.
    """
    found = errors.copy()
    is_pruned = np.array([each is not None for each in rungs], bool)
    known = errors[~is_pruned & np.isfinite(errors)]
    highest = known.max(initial=-np.inf)
    for place in sorted(np.flatnonzero(is_pruned).tolist(), key=lambda each: (-(rungs[each] or 0), errors[each])):
        highest = found[place] = max(errors[place], np.nextafter(highest, np.inf))
    return found
