"""Methods that learn: what they propose, against independent definitions and uniform points."""

import math

import numpy as np
import pytest
from fitgap.runner.search.cmaes import (
    CovarianceMatrixAdaptation,
    Distribution,
    recombination_weights,
    update_size,
    updates,
    weights_of_others,
)
from fitgap.runner.search.generations import METHODS
from fitgap.runner.search.history import Cube, History, with_pruned_behind, with_worst
from fitgap.runner.search.normal import inverse_cdf, log_cdf_difference
from fitgap.runner.search.nsga2 import crowding, fronts
from fitgap.runner.search.tpe import TreeParzenEstimator, even_widths, fitted, narrowing_widths
from fitgap.runner.spec.generation_sizes import GenerationSizes
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

NUMBERS, MIXED = Cube(np.zeros(3, int)), Cube(np.array([0, 0, 3]))
OPTIMUM = np.array([0.3, 0.8])


def error_of(points):
    """The lowest error, 0, is at OPTIMUM in the first two coordinates with the second of three options."""
    return ((points[:, :2] - OPTIMUM) ** 2).sum(axis=1) + 0.3 * ((points[:, 2] * 3).astype(int) != 1)


def history(points, errors, generation=8):
    sizes = generation if isinstance(generation, GenerationSizes) else GenerationSizes(generation)
    return History(points, np.ones(points.shape, bool), errors, 100 * points[:, 0], sizes)


def search(method, cube, *, generations, size=8, seed=0):
    """The points of a search and their errors."""
    points, errors = np.zeros((0, cube.dimensions)), np.zeros(0)
    for number in range(generations):
        random = np.random.default_rng([seed, number])
        proposed = method.propose(cube, history(points, errors, size), size, random)
        points = np.concatenate([points, proposed])
        errors = np.append(errors, error_of(proposed))
    return points, errors


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("cube", [NUMBERS, MIXED])
def test_points_are_in_the_cube_and_depend_on_history_and_generator_alone(name, cube):
    method = METHODS[name]()
    points, errors = search(method, cube, generations=6)
    assert ((points >= 0) & (points < 1)).all()
    again = [METHODS[name]().propose(cube, history(points, errors), 8, np.random.default_rng(5)) for _ in range(2)]
    assert np.array_equal(*again)


@pytest.mark.parametrize("name", METHODS)
def test_a_history_without_results_or_dimensions_is_no_problem(name):
    method, random = METHODS[name](), np.random.default_rng(0)
    empty = np.zeros((0, 3))
    assert method.propose(MIXED, history(empty, np.zeros(0)), 4, random).shape == (4, 3)
    none = History(np.zeros((40, 0)), np.zeros((40, 0), bool), np.zeros(40), np.ones(40), GenerationSizes(8))
    assert method.propose(Cube(np.zeros(0, int)), none, 4, random).shape == (4, 0)
    equal = history(np.full((40, 3), 0.5), np.zeros(40))
    assert np.isfinite(method.propose(MIXED, equal, 4, random)).all()


@pytest.mark.parametrize("name", ["tpe", "cmaes"])
def test_methods_find_better_points_than_uniform_ones(name):
    """With the same number of evaluations, for each of five seeds."""
    for seed in range(5):
        uniform = error_of(np.random.default_rng(seed).random((96, 3))).min()
        assert search(METHODS[name](), MIXED, generations=12, seed=seed)[1].min() < uniform / 2


@given(st.integers(0, 99))
def test_only_the_order_of_errors_matters(seed):
    points, errors = search(TreeParzenEstimator(), MIXED, generations=3, seed=seed)
    for method in (TreeParzenEstimator(), CovarianceMatrixAdaptation()):
        proposed = [
            method.propose(MIXED, history(points, values), 4, np.random.default_rng(seed))
            for values in (errors, np.exp(9 * errors))
        ]
        assert np.array_equal(*proposed)


@pytest.mark.parametrize(
    ("generation", "first"), [(1, 10), (3, 9), (8, 8), (32, 8), (GenerationSizes(16, grows=False), 16)]
)
def test_tpe_learns_after_about_ten_results_in_whole_generations(generation, first):
    """Before that, points come from the random generator alone, whatever the results were."""

    def proposed(count):
        points = np.full((count, 3), 0.5)
        past = history(points, np.arange(count, dtype=float), generation)
        return TreeParzenEstimator().propose(MIXED, past, 4, np.random.default_rng(0))

    uniform = np.random.default_rng(0).random((4, 3))
    assert np.array_equal(proposed(first - 1), uniform)
    assert not np.array_equal(proposed(first), uniform)


def test_every_option_counts_as_much_as_the_prior():
    """The probability of an option after two good results with it, among four options."""
    cube = Cube(np.array([4]))
    past = History(np.full((2, 1), 0.1), np.ones((2, 1), bool), np.zeros(2), np.ones(2))
    density = fitted(cube, past, np.ones(2, bool), even_widths)
    # A kernel keeps its option with probability 2 / (2 + 4); the prior, one kernel of three, prefers no option.
    expected = 2 / 3 * (1 / 3 + 2 / 3 / 4) + 1 / 3 / 4
    assert np.exp(density.log_density(np.array([[0.1]])))[0] / 4 == pytest.approx(expected)


def test_kernels_of_good_points_are_narrow_where_they_lie_close_together():
    """As wide as the distance to the farther neighbor, but at least 1 / (n + 2) and at most by Scott's rule."""
    close, apart = np.linspace(0.2, 0.3, 30), np.array([0.33, 0.39, 0.9])
    order = np.random.default_rng(0).permutation(33)
    points = np.stack([np.append(close, apart), np.linspace(0, 1, 33)], axis=1)[order]
    active = np.ones(points.shape, bool)
    first, second = narrowing_widths(points, active)[order.argsort()].T
    widest = 0.1 * 33 ** (-1 / 6)
    assert first[:29] == pytest.approx(np.full(29, 1 / 35))
    # The last four are 0.03, 0.06, 0.51 and 0.51 away from their farther neighbors.
    assert first[29:] == pytest.approx([0.03, widest, widest, widest])
    assert second == pytest.approx(np.full(33, 1 / 32))
    assert even_widths(points, active) == pytest.approx(np.full((33, 2), widest))


def test_points_that_do_not_depend_on_a_dimension_are_no_neighbours_in_it():
    """The only point that does depend on it has the widest kernel; so do all points while there are few."""
    points, active = np.full((40, 2), 0.5), np.ones((40, 2), bool)
    active[1:, 1] = False
    widths = narrowing_widths(points, active)
    assert widths[:, 0] == pytest.approx(np.full(40, 1 / 42))
    assert widths[0, 1] == pytest.approx(0.1 * 40 ** (-1 / (41 / 40 + 4)))
    few = narrowing_widths(points[:4], np.ones((4, 2), bool))
    assert few == pytest.approx(np.full((4, 2), 0.1 * 4 ** (-1 / 6)))


def test_a_cut_normal_distribution_is_that_of_scipy():
    means, shares = np.array([0.0, 0.2, 0.97]), np.array([0.01, 0.5, 0.9])
    reference = stats.truncnorm((0 - means) / 0.1, (1 - means) / 0.1, loc=means, scale=0.1)
    assert inverse_cdf(shares, means, np.full(3, 0.1)) == pytest.approx(reference.ppf(shares), abs=1e-10)
    mass = stats.norm.cdf(1, means, 0.1) - stats.norm.cdf(0, means, 0.1)
    assert log_cdf_difference(means, 0.1) == pytest.approx(np.log(mass))


@pytest.mark.parametrize("widths", [even_widths, narrowing_widths])
def test_a_density_is_one_and_its_points_follow_it(widths):
    """The density is summed over cells in which it hardly varies; samples are compared in larger cells."""
    random = np.random.default_rng(3)
    points = random.random((6, 2))
    active = np.array([[True, True]] * 4 + [[True, False], [False, True]])
    past = History(points, active, np.zeros(6), np.ones(6))
    density = fitted(Cube(np.array([0, 4])), past, np.ones(6, bool), widths)
    cells = (np.arange(400) + 0.5) / 400
    grid = np.stack(np.meshgrid(cells, (np.arange(4) + 0.5) / 4, indexing="ij"), axis=-1).reshape(-1, 2)
    probability = np.exp(density.log_density(grid)).reshape(400, 4) / 1600
    assert probability.sum() == pytest.approx(1, abs=1e-3)
    drawn = density.sample(20_000, random)
    coarse = probability.reshape(10, 40, 4).sum(axis=1)
    observed = np.histogram2d(drawn[:, 0], drawn[:, 1], bins=(10, 4), range=((0, 1), (0, 1)))[0]
    assert stats.chisquare(observed.ravel(), coarse.ravel() / coarse.sum() * 20_000).pvalue > 0.001


def test_the_mean_of_the_next_generation_is_the_weighted_mean_of_the_best_half():
    points = np.random.default_rng(1).random((7, 3))
    errors = np.array([3.0, 1, 2, 9, 8, 7, 6])
    distribution = Distribution(3)
    distribution.update(points, errors)
    # Weights from the tutorial: log((n + 1) / 2) - log(rank), normalized to a sum of 1.
    weights = np.log(4) - np.log([1, 2, 3])
    assert recombination_weights(7) == pytest.approx(weights / weights.sum())
    assert distribution.mean == pytest.approx(weights / weights.sum() @ points[[1, 2, 0]])
    assert np.allclose(distribution.covariance, distribution.covariance.T)


def test_the_distribution_becomes_narrower_where_the_worst_points_are():
    """The best points are on the second axis, the others on the first, equally far out."""
    points = 0.5 + 0.3 * np.array([[0, 1], [0, -1], [0, 0.9], [0, -0.9], [1, 0], [-1, 0], [0.9, 0], [-0.9, 0]])
    distribution = Distribution(2)
    distribution.update(points, np.arange(8.0))
    first, second = np.diag(distribution.covariance)
    assert first < 1 - 0.15 and second > first


@given(st.integers(0, 999), st.sampled_from([4, 8, 9, 32]))
def test_a_distribution_keeps_positive_variances(seed, size):
    """For any errors, even if the worst points are all in one direction."""
    random = np.random.default_rng(seed)
    distribution = Distribution(3)
    for _ in range(20):
        points = distribution.sample(size, random)
        distribution.update(points, -np.abs(points[:, 0] - 0.5) if seed % 2 else random.random(size))
        assert np.linalg.eigvalsh(distribution.covariance).min() > 0


def test_weights_of_others_are_those_of_the_tutorial():
    """For 8 points in 4 dimensions: log(4.5 / rank), scaled so that the size of their sum is the smallest of three."""
    weights = recombination_weights(8)
    effective = 1 / (weights**2).sum()
    raw = np.log(4.5) - np.log([5, 6, 7, 8])
    theirs = raw.sum() ** 2 / (raw**2).sum()
    sums = (1 + 0.1 / 0.2, 1 + 2 * theirs / (effective + 2), (1 - 0.1 - 0.2) / (4 * 0.2))
    assert weights_of_others(8, 4, effective, 0.1, 0.2) == pytest.approx(min(sums) * raw / abs(raw.sum()))
    assert weights_of_others(2, 4, 1.0, 0.1, 0.0).tolist() == [0]


@pytest.mark.parametrize(("generation", "size"), [(1, 8), (3, 9), (8, 8), (16, 16), (32, 32)])
def test_a_distribution_changes_after_whole_generations_of_about_the_recommended_number(generation, size):
    """4 + ⌊3 log d⌋ points in the tutorial, which is 8 for 4 dimensions."""
    assert update_size(4, generation) == size
    assert update_size(0, generation) % generation == 0


@pytest.mark.parametrize(
    ("generation", "ends"), [(4, [8, 16, 24, 32]), (12, [8, 16, 24, 36]), (32, [8, 16, 24, 36, 54])]
)
def test_a_distribution_learns_from_each_generation_of_a_growing_search(generation, ends):
    """Small generations are combined; the last of the 60 results may not be a whole generation."""
    parts = list(updates(4, history(np.full((60, 4), 0.5), np.zeros(60), generation)))
    assert [part.stop for part in parts][: len(ends)] == ends
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == {4: 56, 12: 60, 32: 54}[generation]


def test_single_points_are_enough_to_learn_a_distribution():
    for seed in range(3):
        uniform = error_of(np.random.default_rng(seed).random((96, 3))).min()
        found = search(METHODS["cmaes"](), NUMBERS, generations=96, size=1, seed=seed)[1].min()
        assert found < uniform / 2


@given(arrays(float, st.tuples(st.integers(1, 12), st.just(2)), elements=st.integers(0, 4).map(float)))
def test_fronts_are_what_remains_when_the_undominated_are_taken_away(objectives):
    found = fronts(objectives)
    left = list(range(len(objectives)))
    for front in range(found.max() + 1):
        undominated = [
            each
            for each in left
            if not any(
                (objectives[o] <= objectives[each]).all() and (objectives[o] < objectives[each]).any() for o in left
            )
        ]
        assert [each for each in left if found[each] == front] == undominated
        left = [each for each in left if each not in undominated]
    assert not left


def test_crowding_distances_of_an_example():
    """Computed by hand: neighbors span 3/4 and 4/6, then 3/4 and 5/6."""
    distances = crowding(np.array([[0.0, 6], [1, 5], [3, 2], [4, 0]]))
    assert distances == pytest.approx([np.inf, 3 / 4 + 4 / 6, 3 / 4 + 5 / 6, np.inf])


def test_nsga2_finds_more_of_the_front_than_uniform_points():
    """The share of a rectangle that is dominated, where E_v and size conflict along the first coordinate."""

    def dominated(points):
        cells = np.stack(np.meshgrid(np.linspace(0, 0.5, 60), np.linspace(0, 60, 60)), axis=-1).reshape(-1, 1, 2)
        reached = np.stack([error_of(points), 100 * points[:, 0]], axis=1)
        return (reached <= cells).all(axis=2).any(axis=1).mean()

    found = [dominated(search(METHODS["nsga2"](), MIXED, generations=20, seed=seed)[0]) for seed in range(5)]
    uniform = [dominated(np.random.default_rng(seed).random((160, 3))) for seed in range(5)]
    assert np.mean(found) > np.mean(uniform)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.2, 0.3, math.nan]), st.sampled_from([None, 1, 3, 9])), min_size=1, max_size=9
    )
)
def test_pruned_configurations_come_after_all_others(outcomes):
    """Those that reached later rungs come first, then those with lower errors, then by the order of the plan."""
    # A configuration without an error was not pruned.
    outcomes = [(error, None if math.isnan(error) else rung) for error, rung in outcomes]
    errors = np.array([error for error, _ in outcomes])
    found = with_pruned_behind(errors, [rung for _, rung in outcomes])
    assert np.array_equal(np.isnan(found), np.isnan(errors))
    assert all(value == error for value, (error, rung) in zip(found, outcomes, strict=True) if rung is None) or (
        np.isnan(errors).any()
    )
    known = [place for place in range(len(outcomes)) if not math.isnan(errors[place])]
    expected = sorted(known, key=lambda place: (-(outcomes[place][1] or 10), errors[place]))
    assert sorted(known, key=lambda place: found[place]) == expected
    pruned = [place for place in known if outcomes[place][1] is not None]
    assert all(found[place] >= errors[place] for place in pruned) and len({*found[pruned]}) == len(pruned)


def test_missing_errors_count_as_the_worst():
    assert with_worst(np.array([0.5, np.nan, 2, np.inf])).tolist() == [0.5, 2, 2, 2]
    assert with_worst(np.array([np.nan])).tolist() == [0]
