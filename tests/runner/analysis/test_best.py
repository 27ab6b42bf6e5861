"""Differences from the group that looks best: how often they are wrong, and how they are computed."""

import numpy as np
import pytest
from fitgap.runner.analysis.best import deviations_of, differences_from_best
from fitgap.runner.analysis.pairing import Measured, differences
from fitgap.runner.analysis.studentized_range import pairwise_reach
from support.sampling import at_night

GROUPS, REPEATS = (4, 10, 40, 100), (3, 5, 10)


def measured(values):
    """Values (groups, repeats) of groups with one configuration each."""
    groups, repeats = values.shape
    group, repeat = np.divmod(np.arange(values.size), repeats)
    return Measured(group, np.zeros(groups * repeats, int), repeat, values.ravel())


def looks_best(values):
    return int(values.mean(axis=1).argmin())


def called_worse(values):
    """Which groups are called worse than the one that looks best."""
    found = differences_from_best(measured(values), len(values), looks_best(values))
    return found.mean - found.margin > 0


@pytest.mark.parametrize(("sizes", "count"), [((4, 10), 60), at_night(GROUPS, 2000)])
def test_groups_that_do_not_differ_are_called_worse_in_one_of_twenty_sweeps(sizes, count):
    """For all numbers of groups and repeats, within sampling error. As in real sweeps, groups share repeat effects."""
    rng = np.random.default_rng(7)
    shares = {}
    for groups in sizes:
        for repeats in REPEATS:
            sweeps = rng.normal(size=(count, groups, repeats)) + 3 * rng.normal(size=(count, 1, repeats))
            shares[groups, repeats] = np.mean([called_worse(values).any() for values in sweeps])
    print(
        "called worse in any of the groups, by groups and repeats:",
        {key: f"{each:.1%}" for key, each in shares.items()},
    )
    # Three standard errors of the measured share.
    most = 0.05 + 3 * np.sqrt(0.05 * 0.95 / count)
    assert {key: share for key, share in shares.items() if share > most} == {}
    assert max(shares.values()) > 0.02, "intervals so wide that they say nothing"


@pytest.mark.parametrize("count", [100, at_night(2000)])
def test_groups_that_vary_differently_are_hardly_ever_called_worse(count):
    rng = np.random.default_rng(8)
    wrong = 0
    for _ in range(count):
        values = rng.normal(size=(10, 5)) * np.exp(0.7 * rng.normal(size=(10, 1)))
        wrong += called_worse(values).any()
    assert wrong / count <= 0.06 + 3 * np.sqrt(0.06 * 0.94 / count)


def test_what_is_truly_worse_is_found():
    rng = np.random.default_rng(9)
    values = rng.normal(size=(12, 8)) + 3 * rng.normal(size=8)
    values[4:] += 6
    worse = called_worse(values)
    assert worse[4:].all() and not worse[:4].any()


def test_means_are_those_of_paired_differences_and_errors_use_all_groups():
    values = np.random.default_rng(10).normal(size=(6, 5))
    best = looks_best(values)
    found, plain = (find(measured(values), 6, best) for find in (differences_from_best, differences))
    assert found.mean == pytest.approx(plain.mean, nan_ok=True)
    assert found.repeats.tolist() == plain.repeats.tolist()
    deviations, degrees = deviations_of(measured(values), 6)
    expected = np.hypot(deviations, deviations[best]) / np.sqrt(5)
    expected[best] = np.nan
    assert found.error == pytest.approx(expected, nan_ok=True)
    assert found.margin == pytest.approx(pairwise_reach(6, float(int(degrees))) * expected, nan_ok=True)


def test_deviations_leave_out_what_repeats_have_in_common():
    rng = np.random.default_rng(11)
    scale = np.array([1.0, 1.0, 5.0, 5.0])[:, None]
    values = scale * rng.normal(size=(4, 4000)) + 100 * rng.normal(size=4000)
    assert deviations_of(measured(values), 4)[0] == pytest.approx(scale.ravel(), rel=0.1)


def test_two_groups_are_compared_as_by_student_s_t():
    values = np.random.default_rng(12).normal(size=(2, 7))
    best = looks_best(values)
    found, plain = (find(measured(values), 2, best) for find in (differences_from_best, differences))
    assert found.margin == pytest.approx(plain.margin, rel=1e-6, nan_ok=True)


def test_a_single_repeat_is_judged_by_the_variation_over_other_settings():
    rng = np.random.default_rng(13)
    group, others = np.divmod(np.arange(3 * 6), 6)
    data = Measured(group, others, np.zeros(18, int), rng.normal(size=18) + group * 50)
    found = differences_from_best(data, 3, 0)
    assert (found.mean[1:] > found.margin[1:]).all()


@pytest.mark.parametrize(("groups", "repeats"), [(1, 3), (3, 1)])
def test_nothing_is_said_where_nothing_can_be_known(groups, repeats):
    found = differences_from_best(measured(np.arange(float(groups * repeats)).reshape(groups, repeats)), groups, 0)
    assert np.isnan(found.margin).all()
