"""Sequences of points in the unit cube, one dimension for each decision; they depend on the seed alone."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from fitgap.runner.search.random_points import RandomPoints
from fitgap.runner.search.sobol_points import SobolPoints
from fitgap.runner.spec import Sweep
from fitgap.runner.spec.lazy_values import Decide, Dimension, Options
from fitgap.runner.spec.ranges import drawn_number


class PointSequence(Protocol):
    """An endless sequence of points."""

    def block(self, number: int) -> np.ndarray:
        """Block 0, 1, … of the sequence, shape (points, dimensions), with all numbers in [0, 1)."""


METHODS: dict[str, Callable[[int, int], PointSequence]] = {"random": RandomPoints, "sobol": SobolPoints}


def sequence_of(sweep: Sweep) -> tuple[PointSequence, Sequence[tuple[str, Dimension]]]:
    """The points of a sweep's search, and the dimensions of its space with their names."""
    assert sweep.search is not None and sweep.space is not None
    dimensions = list(sweep.space.dimensions())
    return METHODS[sweep.search.method](len(dimensions), sweep.seed), dimensions


def decisions(columns: dict[str, int], point: Sequence[float]) -> Decide:
    """Decisions according to the coordinates of a point. `columns` holds the index of each dimension, by name."""

    def decide(name: str, dimension: Dimension) -> float:
        share = point[columns[name]]
        if isinstance(dimension, Options):
            return int(share * dimension.count)
        return drawn_number(dimension, share)

    return decide
