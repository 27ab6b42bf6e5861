"""Filled grids against ordinary least squares by scikit-learn."""

import itertools

import numpy as np
import pytest
from fitgap.runner.analysis.filling import filled
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

SHAPES = st.sampled_from([(3, 4), (4, 3, 2), (2, 3, 3), (3, 2, 2, 3), (5,)])


def predicted(grid, order):
    """A linear model on indicators of axes (order 1) or pairs (order 2): predictions, inputs, and the known cells."""
    place = np.indices(grid.shape).reshape(grid.ndim, -1)
    indicators = []
    for axes in itertools.combinations(range(grid.ndim), min(order, grid.ndim)):
        sizes = [grid.shape[axis] for axis in axes]
        number = np.ravel_multi_index([place[axis] for axis in axes], sizes)
        indicators.append(np.eye(np.prod(sizes))[number])
    inputs, known = np.hstack(indicators), ~np.isnan(grid.ravel())
    model = LinearRegression().fit(inputs[known], grid.ravel()[known])
    return model.predict(inputs).reshape(grid.shape), inputs, known


def holed(shape, seed, share=0.25):
    """A grid with random holes, in which every index of every axis has at least one value."""
    generator = np.random.default_rng(seed)
    grid = generator.normal(size=shape) + 100
    grid[generator.random(shape) < share] = np.nan
    diagonal = np.arange(max(shape))
    grid[tuple(diagonal % size for size in shape)] = generator.normal(size=len(diagonal)) + 100
    return grid


@given(SHAPES, st.integers(0, 500))
def test_holes_get_what_the_pairs_of_axes_say_where_these_say_anything(shape, seed):
    grid = holed(shape, seed)
    found = filled(grid)
    expected, inputs, known = predicted(grid, 2)
    # Least squares determines only cells whose indicators lie in the span of those of the known cells.
    basis = np.linalg.svd(inputs[known], full_matrices=False)
    space = basis.Vh[basis.S > 1e-9]
    told = (np.abs(inputs - inputs @ space.T @ space).max(axis=1) < 1e-9).reshape(shape)
    assert np.array_equal(found[~np.isnan(grid)], grid[~np.isnan(grid)])
    assert found[told & np.isnan(grid)] == pytest.approx(expected[told & np.isnan(grid)], abs=1e-6)
    assert np.isfinite(found).all()


@given(SHAPES, st.integers(0, 500))
def test_an_additive_grid_is_restored(shape, seed):
    """Also where two alternatives never occur together: then their main effects determine the cell."""
    generator = np.random.default_rng(seed)
    whole = sum(
        generator.normal(size=[size if axis == number else 1 for axis in range(len(shape))])
        for number, size in enumerate(shape)
    )
    whole = np.broadcast_to(whole, shape)
    grid = np.where(generator.random(shape) < 0.2, np.nan, whole)
    # One cross through the grid is known, which connects all alternatives.
    for axis in range(len(shape)):
        cross = tuple(slice(None) if each == axis else 0 for each in range(len(shape)))
        grid[cross] = whole[cross]
    assert filled(grid) == pytest.approx(whole, abs=1e-6)


def test_a_pair_that_never_occurs_gets_what_the_two_do_by_themselves():
    grid = np.random.default_rng(0).normal(size=(3, 3, 4))
    grid[1, 2, :] = np.nan
    grid -= np.nanmean(grid)
    additive, _, _ = predicted(np.where(np.isnan(grid), np.nan, grid), 1)
    found = filled(grid)[1, 2]
    # Interactions of the third axis with each of the two may still contribute.
    assert found.mean() == pytest.approx(additive[1, 2].mean(), abs=0.5)
    assert np.isfinite(found).all()


def test_a_full_grid_stays_as_it_is_and_huge_numbers_do_not_overflow():
    grid = holed((3, 4, 2), 1, share=0.0)
    assert filled(grid) is grid
    small, huge = holed((3, 4, 2), 2), holed((3, 4, 2), 2) * 1e300
    assert filled(huge) == pytest.approx(filled(small) * 1e300)


def test_a_cell_that_the_pairs_leave_open_gets_the_sum_of_its_main_effects():
    """In a 2 x 2 grid, a model with the pair would fit any value of the missing cell."""
    for axis in (None, 2):
        grid = np.array([[1.0, 3.0], [4.0, np.nan]])
        whole = filled(grid if axis is None else grid[:, :, np.newaxis])
        assert whole.ravel()[:3].tolist() == pytest.approx([1.0, 3.0, 4.0])
        assert whole.ravel()[3] == pytest.approx(6.0)
