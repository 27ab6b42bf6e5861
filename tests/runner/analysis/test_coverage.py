"""Coverage of the intervals of differences, and agreement with SciPy where it has such intervals."""

import itertools

import numpy as np
import pytest
from fitgap.runner.analysis.best import differences_from_best
from fitgap.runner.analysis.pairing import Measured, differences
from fitgap.runner.analysis.studentized_range import pairwise_reach
from scipy import stats
from support.sampling import at_night, every_row

GROUPS = (4, 10, 40, 100)


def measured(values):
    """Values (groups, repeats) of groups with one configuration each."""
    groups, repeats = values.shape
    group, repeat = np.divmod(np.arange(values.size), repeats)
    return Measured(group, np.zeros(groups * repeats, int), repeat, values.ravel())


@pytest.mark.parametrize(("groups", "repeats"), every_row(7, itertools.product(GROUPS, (3, 5, 10))))
def test_intervals_from_a_fixed_group_contain_the_truth_in_93_to_97_percent(groups, repeats):
    """Each interval on its own, with groups that differ and large effects of the repeats that all groups share."""
    rng = np.random.default_rng(groups + repeats)
    effects = rng.normal(size=groups)
    covered, count = 0, 6000
    for _ in range(count // 20):
        values = effects[:, None] + rng.normal(size=(groups, repeats)) + 3 * rng.normal(size=repeats)
        found = differences(measured(values), groups, 0)
        # One group per sweep, because all intervals of a sweep share the baseline.
        chosen = rng.integers(1, groups)
        covered += abs(found.mean[chosen] - (effects[chosen] - effects[0])) <= found.margin[chosen]
    for _ in range(count - count // 20):
        pair = effects[:2, None] + rng.normal(size=(2, repeats)) + 3 * rng.normal(size=repeats)
        found = differences(measured(pair), 2, 0)
        covered += abs(found.mean[1] - (effects[1] - effects[0])) <= found.margin[1]
    print(f"{groups} groups, {repeats} repeats, from a fixed group: {covered / count:.1%}")
    assert 0.93 <= covered / count <= 0.97


@pytest.mark.parametrize(("groups", "count"), [(4, 600), at_night(10, 600), at_night(40, 2000), at_night(100, 2000)])
def test_intervals_from_the_best_contain_the_truth_of_all_groups_at_once(groups, count):
    """All intervals at once, in at least 93 % of the sweeps, whichever group looks best, even if the groups differ."""
    rng = np.random.default_rng(groups)
    covered = 0
    for _ in range(count):
        effects = 0.5 * rng.normal(size=groups)
        values = effects[:, None] + rng.normal(size=(groups, 5)) + 3 * rng.normal(size=5)
        best = int(values.mean(axis=1).argmin())
        found = differences_from_best(measured(values), groups, best)
        truth = effects - effects[best]
        others = np.arange(groups) != best
        covered += bool((abs(found.mean - truth) <= found.margin)[others].all())
    print(f"{groups} groups, from the best, all at once: {covered / count:.1%}")
    assert covered / count >= 0.93


def test_an_interval_of_two_groups_is_that_of_a_paired_t_test():
    values = np.random.default_rng(1).normal(size=(2, 9))
    found = differences(measured(values), 2, 0)
    interval = stats.ttest_rel(values[1], values[0]).confidence_interval(0.95)
    assert found.mean[1] - found.margin[1] == pytest.approx(interval.low, rel=1e-6)
    assert found.mean[1] + found.margin[1] == pytest.approx(interval.high, rel=1e-6)


@pytest.mark.parametrize(("degrees", "groups"), every_row(5, itertools.product((4.0, 12.0, 40.0, 400.0), GROUPS)))
def test_the_reach_of_all_pairs_is_that_of_the_studentized_range(groups, degrees):
    expected = stats.studentized_range.ppf(0.95, groups, degrees) / np.sqrt(2)
    assert pairwise_reach(groups, degrees) == pytest.approx(expected, rel=2e-3)
