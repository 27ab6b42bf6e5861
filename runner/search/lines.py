"""Lines through the proposals of a search: those that differ in one axis only, and what their comparison shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from fitgap.runner.spec.lazy_values import Dimension, Options

# A proposal is near a point within these shares of the ranges, on the axis that changes and on all others. Its error
# then shows what to expect at the point.
NEAR_ON_AXIS, NEAR_ON_OTHERS = 0.1, 0.25
# Changes are combined for at most this many proposals that differ from the best one in a single axis.
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
        """The number of options of each dimension, 0 if it is numeric."""
        return np.array([each.count if isinstance(each, Options) else 0 for _, each in self.dimensions])

    def _settings_of(self, points: np.ndarray) -> np.ndarray:
        """The points with the indices of options as coordinates, and -1 for coordinates on which nothing depends."""
        settings = np.where(self._counts > 0, np.floor(points * self._counts), points)
        return np.where(np.isnan(settings), -1.0, settings)

    def differing(self, place: int) -> np.ndarray:
        """Mask (n, axes) of the axes in which each proposal differs from the one at `place`."""
        differs = self._settings != self._settings[place]
        by_axis = [differs[:, columns].any(axis=1) for columns in self._columns]
        return np.array(by_axis, bool).reshape(-1, len(differs)).T

    def through(self, place: int, axis: str) -> list[int]:
        """The proposals on the line along an axis through the one at `place`, which is included."""
        differs = self.differing(place)
        if axis in self.axes:
            differs = np.delete(differs, self.axes.index(axis), axis=1)
        return [int(each) for each in np.flatnonzero(~differs.any(axis=1))]

    def is_in_vain(self, point: Sequence[float | None], axis: str, base: int) -> bool:
        """Whether a point, which changes the proposal `base` on an axis, is unlikely to help: a proposal near it has a
        higher error than `base`, and none near it has a lower one.
        """
        own = self._settings_of(np.array([[np.nan if each is None else each for each in point]], float))[0]
        reach, columns = np.full(len(own), NEAR_ON_OTHERS), self._columns[self.axes.index(axis)]
        # At most half the distance to the base, so that the base is not near.
        steps = np.abs(own - self._settings[base])[columns]
        reach[columns] = np.minimum(NEAR_ON_AXIS, np.where(steps > 0, steps / 2, NEAR_ON_AXIS))
        is_near = np.where(self._counts > 0, self._settings == own, np.abs(self.points - own) <= reach)
        near = self.errors[(is_near | (self._settings < 0)).all(axis=1)]
        return bool(len(near) and near.min() >= self.errors[base] and near.max() > self.errors[base])

    def combined(self, best: int) -> Iterator[np.ndarray]:
        """Points that combine two changes, each of which lowered the error of the same proposal: the one that led to
        the best proposal, and another one.
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
        """Places in ascending order of the error; ties keep the order of the plan."""
        return [int(each) for each in places[np.argsort(self.errors[places], kind="stable")]]
