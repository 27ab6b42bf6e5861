"""Filling the holes of a grid by least squares, so that it can be taken apart like a full one.

A hole gets what the model of all single axes and all pairs, fitted to what is there, says of it (Yates, 1933). The
repeats are an axis too. The equations for the holes alone are solved by conjugate gradients.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from fitgap.runner.analysis.scaling import scaled

MOST_STEPS = 1000
PRECISION = 1e-12


@dataclass(frozen=True)
class Term:
    """One mean in the model: over all cells that are alike in some axes, with its weight in the sum of means."""

    place: np.ndarray
    places: int
    alike: float
    weight: int

    def at_holes(self, values: np.ndarray) -> np.ndarray:
        """The weighted mean in each hole, of a grid that has these values in its holes and 0 elsewhere."""
        sums = np.bincount(self.place, values, self.places)
        return (self.weight / self.alike) * sums[self.place]


def filled(grid: np.ndarray) -> np.ndarray:
    """The grid, any number of axes, with a number in place of every NaN. Every index of an axis must have some value.

    First with a model of single axes, which says something of every hole; what pairs add is told from there, so that a
    pair of alternatives that never occurs gets what the two do by themselves.
    """
    holes = np.nonzero(np.isnan(grid))
    if not len(holes[0]):
        return grid
    known, scale = scaled(np.where(np.isnan(grid), 0.0, grid - np.nanmean(grid)))
    values = np.zeros(len(holes[0]))
    for order in range(1, min(grid.ndim, 2) + 1):
        values = solved(known, holes, order, values)
    known[holes] = values
    return known * scale + np.nanmean(grid)


def solved(known: np.ndarray, holes: tuple[np.ndarray, ...], order: int, values: np.ndarray) -> np.ndarray:
    """The values of the holes that the model of this order repeats when it is fitted to the grid with them."""
    terms = model(known.shape, holes, order)
    wanted = sum((expected(known, holes, term) for term in terms_of(known.ndim, order)), np.zeros(len(values)))

    def mismatch(values: np.ndarray) -> np.ndarray:
        return values - sum(term.at_holes(values) for term in terms)

    residual = wanted - mismatch(values)
    direction, square = residual, residual @ residual
    enough = PRECISION**2 * max(float(wanted @ wanted), float(square))
    for _ in range(MOST_STEPS):
        if square <= enough:
            break
        pressed = mismatch(direction)
        step = square / (direction @ pressed)
        values = values + step * direction
        residual = residual - step * pressed
        direction, square = residual + (residual @ residual / square) * direction, residual @ residual
    return values


def terms_of(axes: int, order: int) -> list[tuple[tuple[int, ...], int]]:
    """The axes of every mean in the model of this order, with its weight: pairs, less singles, and the mean of all."""
    everything: list[tuple[tuple[int, ...], int]] = []
    singles, pairs = list(itertools.combinations(range(axes), 1)), list(itertools.combinations(range(axes), 2))
    if order == 1:
        everything = [((), 1 - axes), *((one, 1) for one in singles)]
    else:
        constant = (axes - 1) * (axes - 2) // 2
        everything = [((), constant), *((one, 2 - axes) for one in singles), *((pair, 1) for pair in pairs)]
    return [(alike, weight) for alike, weight in everything if weight]


def model(shape: tuple[int, ...], holes: tuple[np.ndarray, ...], order: int) -> list[Term]:
    """The means of the model as the holes see them."""
    terms = []
    for alike, weight in terms_of(len(shape), order):
        sizes = [shape[axis] for axis in alike]
        place = np.zeros(len(holes[0]), int)
        for axis in alike:
            place = place * shape[axis] + holes[axis]
        places = int(np.prod(sizes, dtype=int))
        terms.append(Term(place, places, np.prod(shape, dtype=float) / places, weight))
    return terms


def expected(known: np.ndarray, holes: tuple[np.ndarray, ...], term: tuple[tuple[int, ...], int]) -> np.ndarray:
    """A weighted mean of the known values, at each hole."""
    alike, weight = term
    means = known.mean(axis=tuple(axis for axis in range(known.ndim) if axis not in alike))
    return weight * means[tuple(holes[axis] for axis in alike)]
