"""Paired differences: against SciPy's paired test, their invariances, and the coverage of their intervals."""

import numpy as np
import pytest
from fitgap.runner.analysis.pairing import Measured, differences
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

SIZES = st.tuples(st.integers(2, 4), st.integers(1, 5), st.integers(1, 5))


def measured(values):
    """Trials from an array (groups, other settings, repeats); NaN where there is none."""
    group, others, repeat = np.indices(values.shape).reshape(3, -1)
    return Measured(group, others, repeat, values.ravel())


def drawn(sizes, seed):
    return np.random.default_rng(seed).normal(size=sizes)


@given(SIZES, st.integers(0, 1000))
def test_with_repeats_it_is_the_paired_test_of_their_means(sizes, seed):
    values = drawn(sizes, seed)
    found = differences(measured(values), sizes[0], 0)
    assert np.isnan(found.mean[0]) and found.pairs[0] == 0
    for group in range(1, sizes[0]):
        means = values.mean(axis=1)
        assert found.mean[group] == pytest.approx(means[group].mean() - means[0].mean())
        assert (found.pairs[group], found.repeats[group]) == (sizes[1] * sizes[2], sizes[2])
        if sizes[2] > 1:
            interval = stats.ttest_rel(means[group], means[0]).confidence_interval(0.95)
            assert found.mean[group] - found.margin[group] == pytest.approx(interval.low)
            assert found.mean[group] + found.margin[group] == pytest.approx(interval.high)


@given(st.integers(2, 6), st.integers(0, 1000))
def test_with_one_repeat_it_is_the_paired_test_over_the_other_settings(settings, seed):
    values = drawn((2, settings, 1), seed)
    found = differences(measured(values), 2, 0)
    interval = stats.ttest_rel(values[1, :, 0], values[0, :, 0]).confidence_interval(0.95)
    assert found.mean[1] + found.margin[1] == pytest.approx(interval.high)


@given(SIZES, st.integers(0, 1000))
def test_what_pairs_have_in_common_does_not_count(sizes, seed):
    """However much splits differ in difficulty and other settings in quality."""
    values = drawn(sizes, seed)
    generator = np.random.default_rng(seed + 1)
    shared = 10 * generator.normal(size=(1, sizes[1], sizes[2]))
    one, other = (differences(measured(each), sizes[0], 0) for each in (values, values + shared))
    for name in ("mean", "error", "margin"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-9, nan_ok=True)


@given(SIZES, st.integers(0, 1000))
def test_two_groups_differ_from_each_other_with_opposite_signs(sizes, seed):
    values = drawn((2, *sizes[1:]), seed)
    values[drawn(values.shape, seed + 1) > 1] = np.nan
    forth, back = differences(measured(values), 2, 0), differences(measured(values), 2, 1)
    assert forth.mean[1] == pytest.approx(-back.mean[0], nan_ok=True)
    assert forth.error[1] == pytest.approx(back.error[0], nan_ok=True)
    assert forth.pairs[1] == back.pairs[0]


def test_a_trial_without_a_partner_is_left_out():
    values = np.array([[[1.0, 2.0], [3.0, np.nan]], [[2.0, 4.0], [np.nan, 100.0]]])
    found = differences(measured(values), 2, 0)
    assert (found.pairs[1], found.mean[1]) == (2, 1.5)


def test_groups_without_pairs_have_no_difference():
    values = np.array([[[1.0], [np.nan]], [[np.nan], [2.0]]])
    found = differences(measured(values), 2, 0)
    assert np.isnan(found.mean).all() and np.isnan(found.margin).all() and not found.pairs.any()
    single = differences(measured(np.array([[[1.0]], [[3.0]]])), 2, 0)
    assert single.mean[1] == 2 and np.isnan(single.error[1])


def test_huge_differences_do_not_overflow():
    values = drawn((2, 3, 3), 1)
    small, huge = (differences(measured(values * scale), 2, 0) for scale in (1.0, 1e300))
    assert huge.margin[1] == pytest.approx(small.margin[1] * 1e300)


@pytest.mark.parametrize("repeats", [2, 3, 5])
def test_intervals_hold_the_truth_as_often_as_they_say(repeats):
    """Also if a repeat favors one group in all its pairs, as a split may. Treating pairs as independent fails then."""
    generator = np.random.default_rng(repeats)
    draws, settings, truth = 1500, 12, 0.5
    hits = naive = 0
    for _ in range(draws):
        values = generator.normal(size=(2, settings, repeats))
        values[1] += truth + generator.normal(size=repeats)
        found = differences(measured(values), 2, 0)
        hits += abs(found.mean[1] - truth) <= found.margin[1]
        pairs = (values[1] - values[0]).ravel()
        naive += abs(pairs.mean() - truth) <= 1.96 * pairs.std(ddof=1) / np.sqrt(len(pairs))
    assert 0.93 < hits / draws < 0.97
    assert naive / draws < 0.75
