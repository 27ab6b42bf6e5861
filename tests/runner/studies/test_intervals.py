"""Intervals for studies: as by SciPy, with one number per repeat, and shares of the error of a constant prediction."""

import numpy as np
import pytest
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_mapping
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.studies.intervals import (
    Interval,
    interval_of,
    per_repeat,
    ratio_of,
    share_of_constant,
    share_words,
)
from scipy import stats


@pytest.mark.parametrize("count", [2, 3, 10, 40])
def test_an_interval_is_that_of_a_t_test(count):
    values = np.random.default_rng(count).normal(5, 2, count)
    found, expected = interval_of(values.tolist()), stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.mean, found.low, found.high) == pytest.approx((values.mean(), *expected))
    assert found.margin == pytest.approx((expected.high - expected.low) / 2)


def test_an_interval_contains_the_mean_in_95_percent():
    rng = np.random.default_rng(3)
    found = [interval_of(rng.normal(1, 3, 5).tolist()) for _ in range(3000)]
    assert 0.93 <= np.mean([each.low <= 1 <= each.high for each in found]) <= 0.97


def test_one_number_shows_nothing():
    only = interval_of([0.3])
    assert only == Interval(0.3) and only.margin is None
    assert not only.is_above(0.1) and not only.is_below(0.9)


def test_trials_of_a_repeat_count_once():
    assert per_repeat([(2, 5.0), (1, 1.0), (1, 3.0)]) == [2.0, 5.0]


def test_ratios_are_averaged_by_their_logarithms():
    found = ratio_of([(1, 10.0), (2, 1000.0)])
    assert found.mean == pytest.approx(100) and found.low * found.high == pytest.approx(found.mean**2)
    assert ratio_of([(1, 4.0)]) == Interval(pytest.approx(4))
    assert ratio_of([]) is None


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (Interval(0.53, 0.451, 0.609), "53 % of that of a constant prediction (95 %: 45 to 61 %)"),
        (Interval(0.99, 0.984, 0.9991), "99 % of that of a constant prediction (95 %: 98 to 100 %)"),
        (Interval(1.02), "102 % of that of a constant prediction"),
    ],
)
def test_limits_of_shares_are_rounded_outwards(share, words):
    assert share_words(share) == words


@pytest.mark.parametrize("axis", [{}, {"training_examples": [0.3, 1.0]}])
def test_a_share_is_measured_against_the_constant_of_the_same_examples(tmp_path, axis):
    content = {"name": "shares", "data": "iris", "repeats": 3, "training": {"epochs": 3}}
    content["axes"] = {"architecture": ["none", 4], **axis}
    with open_store_for_writing(str(tmp_path / "it.db")) as store:
        written = write_sweep(store, prepare_sweep(sweep_from_mapping(content)))
        drive(store, written, engine="local", workers=None, on_block=lambda block: None)
        rows = [store.show(row["trial"]) for row in store.trials("shares", where="architecture == '4'")]
        for of in ("e_t", "e_v"):
            shares = per_repeat((row["repeat"], row[of] / row[f"constant_{of}"]) for row in rows)
            assert share_of_constant(store, "shares", "architecture == '4'", of) == interval_of(shares)
        assert share_of_constant(store, "shares", "architecture == '5'") is None
