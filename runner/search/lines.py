"""Lines through the proposals of a search: those that differ in one axis only, and what they say together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from fitgap.runner.spec.lazy_values import Dimension, Options

# What was tried near a point says what it would bring: within these shares of the ranges, on the axis that changes and
# on all others.
NEAR_ON_AXIS, NEAR_ON_OTHERS = 0.1, 0.25
# Changes are combined for this many of the proposals that the best one is a change of.
MOST_BASES = 10


@dataclass(frozen=True)
class Lines:
    """Proposals: `points` (n, d) with NaN for coordinates on which nothing depends, and `errors` (n,)."""

    dimensions: Sequence[tuple[str, Dimension]]
    points: np.ndarray
    errors: np.ndarray

    @cached_property
    def axes(self) -> list[str]:
        """The names of the axes that vary."""
        return list(dict.fromkeys(name.partition(".")[0] for name, _ in self.dimensions))

    @cached_property
    def _columns(self) -> list[np.ndarray]:
        """The coordinates of each axis."""
        owners = np.array([name.partition(".")[0] for name, _ in self.dimensions], str)
        return [np.flatnonzero(owners == axis) for axis in self.axes]

    @cached_property
    def _settings(self) -> np.ndarray:
        return self._settings_of(self.points)

    @cached_property
    def _counts(self) -> np.ndarray:
        """The number of options of each dimension, 0 for one of numbers."""
        return np.array([each.count if isinstance(each, Options) else 0 for _, each in self.dimensions])

    def _settings_of(self, points: np.ndarray) -> np.ndarray:
        """The points with the numbers of options for their coordinates, and -1 where nothing depends on them."""
        settings = np.where(self._counts > 0, np.floor(points * self._counts), points)
        return np.where(np.isnan(settings), -1.0, settings)

    def differing(self, place: int) -> np.ndarray:
        """In which axes each proposal differs from one of them: (n, axes)."""
        differs = self._settings != self._settings[place]
        by_axis = [differs[:, columns].any(axis=1) for columns in self._columns]
        return np.array(by_axis, bool).reshape(-1, len(differs)).T

    def through(self, place: int, axis: str) -> list[int]:
        """The proposals on the line through one of them along an axis, with itself."""
        differs = self.differing(place)
        if axis in self.axes:
            differs = np.delete(differs, self.axes.index(axis), axis=1)
        return [int(each) for each in np.flatnonzero(~differs.any(axis=1))]

    def is_in_vain(self, point: Sequence[float | None], axis: str, base: int) -> bool:
        """Whether a proposal near a point has a higher error than the one of which the point is a change on an axis,
        and none near it has a lower one.
        """
        own = self._settings_of(np.array([[np.nan if each is None else each for each in point]], float))[0]
        reach, columns = np.full(len(own), NEAR_ON_OTHERS), self._columns[self.axes.index(axis)]
        # Nearer than the base is, if this is on the same line.
        steps = np.abs(own - self._settings[base])[columns]
        reach[columns] = np.minimum(NEAR_ON_AXIS, np.where(steps > 0, steps / 2, NEAR_ON_AXIS))
        is_near = np.where(self._counts > 0, self._settings == own, np.abs(self.points - own) <= reach)
        near = self.errors[(is_near | (self._settings < 0)).all(axis=1)]
        return bool(len(near) and near.min() >= self.errors[base] and near.max() > self.errors[base])

    def combined(self, best: int) -> Iterator[np.ndarray]:
        """Points that combine two changes which have each lowered the error of the same proposal: the one that made
        the best proposal, and others.
        """
        from_best = self.differing(best)
        bases = np.flatnonzero((from_best.sum(axis=1) == 1) & (self.errors > self.errors[best]))
        for base in self._by_error(bases)[:MOST_BASES]:
            changed, from_base = int(np.flatnonzero(from_best[base])[0]), self.differing(base)
            helped = (from_base.sum(axis=1) == 1) & ~from_base[:, changed] & (self.errors < self.errors[base])
            for other in self._by_error(np.flatnonzero(helped)):
                columns = self._columns[int(np.flatnonzero(from_base[other])[0])]
                point = self.points[best].copy()
                point[columns] = self.points[other][columns]
                yield point

    def _by_error(self, places: np.ndarray) -> list[int]:
        """Places in ascending order of the error, equal ones in the order of the plan."""
        return [int(each) for each in places[np.argsort(self.errors[places], kind="stable")]]
