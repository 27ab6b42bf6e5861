"""Imputation of missing cells of a grid by least squares, so that its variance can be decomposed like a full grid's.

A missing cell gets the prediction of the model of all main effects and pairwise interactions, fitted to the known cells
(Yates, 1933). Repeats count as an axis. The equations for the missing cells are solved by conjugate gradients.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from fitgap.runner.analysis.scaling import scaled

MOST_STEPS = 1000
PRECISION = 1e-12


@dataclass(frozen=True)
class Term:
    """One term of the model: the mean over all cells with equal indices in some axes, with its weight in the model.

    `place` holds the index of each missing cell's mean among the `places` means; each mean is over `cells` cells.
    """

    place: np.ndarray
    places: int
    cells: float
    weight: int

    def at_holes(self, values: np.ndarray) -> np.ndarray:
        """The weighted mean at each missing cell, for a grid with `values` in the missing cells and 0 elsewhere."""
        sums = np.bincount(self.place, values, self.places)
        return (self.weight / self.cells) * sums[self.place]


def filled(grid: np.ndarray) -> np.ndarray:
    """The grid, with any number of axes, with every NaN replaced. Every index of every axis must have a known value.

    A model of main effects comes first, since it determines every missing cell. The model with pairs starts from its
    solution, so that a pair of alternatives that never occurs gets the sum of its main effects.
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
    """The values of the missing cells that the model of this order reproduces when fitted to the completed grid."""
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
        image = mismatch(direction)
        curvature = direction @ image
        if curvature <= PRECISION * (direction @ direction):
            # Any value fits, as for the last cell of a 2 x 2 grid in a model with pairs: keep the current values.
            break
        step = square / curvature
        values = values + step * direction
        residual = residual - step * image
        direction, square = residual + (residual @ residual / square) * direction, residual @ residual
    return values


def terms_of(axes: int, order: int) -> list[tuple[tuple[int, ...], int]]:
    """The axes and the weight of every mean in the model of this order (1: main effects, 2: with pairs)."""
    terms: list[tuple[tuple[int, ...], int]] = []
    singles, pairs = list(itertools.combinations(range(axes), 1)), list(itertools.combinations(range(axes), 2))
    if order == 1:
        terms = [((), 1 - axes), *((one, 1) for one in singles)]
    else:
        constant = (axes - 1) * (axes - 2) // 2
        terms = [((), constant), *((one, 2 - axes) for one in singles), *((pair, 1) for pair in pairs)]
    return [(kept, weight) for kept, weight in terms if weight]


def model(shape: tuple[int, ...], holes: tuple[np.ndarray, ...], order: int) -> list[Term]:
    """The terms of the model, indexed by missing cells."""
    terms = []
    for kept, weight in terms_of(len(shape), order):
        sizes = [shape[axis] for axis in kept]
        place = np.zeros(len(holes[0]), int)
        for axis in kept:
            place = place * shape[axis] + holes[axis]
        places = int(np.prod(sizes, dtype=int))
        terms.append(Term(place, places, np.prod(shape, dtype=float) / places, weight))
    return terms


def expected(known: np.ndarray, holes: tuple[np.ndarray, ...], term: tuple[tuple[int, ...], int]) -> np.ndarray:
    """The contribution of the known cells to a weighted mean, at each missing cell."""
    kept, weight = term
    means = known.mean(axis=tuple(axis for axis in range(known.ndim) if axis not in kept))
    return weight * means[tuple(holes[axis] for axis in kept)]
