"""The Gaussian process: its numbers against independent formulas, and what it finds on two functions."""

import numpy as np
import pytest
from fitgap.runner.search.gp import (
    MOST_BEST,
    MOST_LAST,
    Believer,
    GaussianProcess,
    chosen_results,
    embedded,
    fitted,
    improvement,
    scores_of,
)
from fitgap.runner.search.history import Cube, History
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import cdist

CUBE = Cube(np.array([0, 0, 3]))


def bowl(points):
    """A parabola with an optimum in the first two coordinates and the second of three options."""
    return ((points[:, :2] - np.array([0.3, 0.8])) ** 2).sum(axis=1) + 0.3 * ((points[:, 2] * 3).astype(int) != 1)


def waves(points):
    """Many local optima; the best one is at (0.6, 0.2) with the first option."""
    x = 4 * (points[:, :2] - np.array([0.6, 0.2]))
    return (x**2 + 2 * (1 - np.cos(3 * x))).sum(axis=1) + 0.5 * (points[:, 2] * 3).astype(int)


def history(points, errors, active=None):
    return History(points, np.ones(points.shape, bool) if active is None else active, errors, errors, 8)


def searched(error_of, seed, generations=8, size=8):
    """The lowest error of a search, and of the same number of uniform points."""
    points, errors = np.zeros((0, 3)), np.zeros(0)
    for number in range(generations):
        random = np.random.default_rng([seed, number])
        proposed = GaussianProcess().propose(CUBE, history(points, errors), size, random)
        points, errors = np.concatenate([points, proposed]), np.append(errors, error_of(proposed))
    return errors.min(), error_of(np.random.default_rng(seed).random((generations * size, 3))).min()


@pytest.mark.parametrize("error_of", [bowl, waves])
def test_it_finds_much_better_points_than_uniform_ones(error_of):
    """With each of three seeds."""
    for seed in range(3):
        found, uniform = searched(error_of, seed)
        assert found < uniform / 5


def kernel(one, other, lengths):
    """The Matérn 5/2 kernel as in textbooks, on coordinates in which different options have the distance 1."""

    def coordinates(points):
        options = np.eye(3)[(points[:, 2] * 3).astype(int)] / np.sqrt(2)
        return np.hstack([points[:, :2], options]) / np.repeat(lengths, [1, 1, 3])

    r = np.sqrt(5) * cdist(coordinates(one), coordinates(other))
    return (1 + r + r**2 / 3) * np.exp(-r)


@pytest.fixture
def process():
    points = np.random.default_rng(1).random((30, 3))
    return points, fitted(CUBE, embedded(CUBE, points, np.ones(points.shape, bool)), scores_of(bowl(points)))


def test_lengths_and_noise_have_the_highest_likelihood_near_them(process):
    points, found = process

    def log_posterior(lengths, noise):
        covariance = kernel(points, points, lengths) + noise * np.eye(30)
        variance = found.scores @ np.linalg.solve(covariance, found.scores) / 30
        likelihood = stats.multivariate_normal(np.zeros(30), variance * covariance).logpdf(found.scores)
        return likelihood + stats.norm(np.log(0.8), 0.7).logpdf(np.log(lengths)).sum()

    here = log_posterior(found.lengths, found.noise)
    for place in range(3):
        for factor in (0.5, 2.0):
            lengths = found.lengths.copy()
            lengths[place] *= factor
            if 0.05 <= lengths[place] <= 6.4:
                assert log_posterior(lengths, found.noise) < here + 1e-6
    assert all(log_posterior(found.lengths, noise) < here + 1e-6 for noise in (1e-4, 1e-3, 1e-2, 1e-1))


def test_each_point_of_a_generation_is_chosen_as_if_those_before_had_come_out_as_expected(process):
    """Means and deviations are recomputed from the covariances, with the points chosen so far among the results."""
    points, found = process
    candidates = np.random.default_rng(2).random((200, 3))
    picked = Believer(found, embedded(CUBE, candidates, np.ones(candidates.shape, bool))).picked(5)
    known, scores = points, found.scores
    for number, place in enumerate(picked):
        covariance = kernel(known, known, found.lengths) + found.noise * np.eye(len(known))
        across = kernel(known, candidates, found.lengths)
        mean = across.T @ np.linalg.solve(covariance, scores)
        left = 1 - (across * np.linalg.solve(covariance, across)).sum(axis=0)
        deviation = np.sqrt(np.maximum(found.variance * left, 0))
        expected = kernel(known, known, found.lengths) @ np.linalg.solve(covariance, scores)
        # The points chosen so far count with the errors that were expected of them.
        lowest = min(expected[:30].min(), *scores[30:]) if len(known) > 30 else expected.min()
        gains = improvement(mean, deviation, lowest)
        gains[picked[:number]] = 0
        assert gains[place] == pytest.approx(gains.max(), rel=1e-4)
        known, scores = np.vstack([known, candidates[place]]), np.append(scores, mean[place])
    assert len(set(picked)) == 5


def test_expected_improvement_is_the_mean_of_what_is_below():
    mean, deviation = np.array([-0.5, 0.0, 1.0]), np.array([0.3, 1.0, 0.5])
    quantiles = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    for each, spread, found in zip(mean, deviation, improvement(mean, deviation, 0.2), strict=True):
        assert found == pytest.approx(np.maximum(0.2 - (each + spread * quantiles), 0).mean(), rel=1e-3)
    assert improvement(np.array([0.1, 0.3]), np.zeros(2), 0.2) == pytest.approx([0.1, 0.0])


@given(st.integers(1, 600))
def test_the_number_of_results_is_limited(count):
    errors = np.random.default_rng(count).random(count)
    chosen = chosen_results(errors)
    assert set(range(max(0, count - MOST_LAST), count)) <= set(chosen.tolist())
    assert set(np.argsort(errors)[:MOST_BEST].tolist()) <= set(chosen.tolist())
    assert len(chosen) <= MOST_BEST + MOST_LAST and (np.diff(chosen) > 0).all()


def test_huge_errors_do_not_hide_the_differences_between_small_ones():
    points = np.random.default_rng(3).random((40, 3))
    errors = bowl(points)
    errors[np.argsort(errors)[25:]] = 1e30
    spread = np.ptp(np.sort(scores_of(errors))[:25])
    assert spread > 0.5 and np.isfinite(scores_of(errors)).all()
    assert (scores_of(np.full(12, 3.0)) == 0).all()


def test_coordinates_on_which_nothing_depends_are_no_difference():
    """Neither between results, nor between results and candidates."""

    def active_at(points):
        active = np.ones(points.shape, bool)
        active[:, 1] = points[:, 2] < 1 / 3
        return active

    cube = Cube(CUBE.options, active_at)
    points = np.array([[0.5, 0.1, 0.9], [0.5, 0.7, 0.9], [0.5, 0.1, 0.1], [0.5, 0.7, 0.1]])
    found = embedded(cube, points, cube.active(points))
    assert (found[0] == found[1]).all() and (found[2] != found[3]).any()
    many = np.random.default_rng(4).random((30, 3))
    active = active_at(many)
    stored = np.where(active, many, 0.5)
    proposed = [
        GaussianProcess().propose(cube, history(known, bowl(stored), active), 4, np.random.default_rng(0))
        for known in (stored, np.where(active, many, 0.25))
    ]
    # The value stored for an unused coordinate is not read; only the points near which candidates are drawn pass it on.
    assert (proposed[0][:, [0, 2]] == proposed[1][:, [0, 2]]).all()
