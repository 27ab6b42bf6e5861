"""The fit of a configuration over its repeats, each with its own reference, with standard errors and a verdict."""

from dataclasses import astuple, replace
from math import hypot

import numpy as np
import pytest
from fitgap.core.fit_verdicts import Verdict, fit_of_configuration, fit_of_trial
from hypothesis import given
from hypothesis import strategies as st
from support.core.paired_errors import drawn, pairs


@given(pairs())
def test_a_configuration_with_one_repeat_is_its_trial(pair):
    assert astuple(fit_of_configuration([pair])) == pytest.approx(astuple(fit_of_trial(*pair)), nan_ok=True)


@given(st.permutations(range(3)))
def test_the_order_of_repeats_does_not_matter(order):
    repeats = [drawn(seed, 1.3, 1.2) for seed in range(3)]
    fit = fit_of_configuration(repeats)
    assert astuple(fit_of_configuration([repeats[number] for number in order])) == pytest.approx(astuple(fit))


def test_repeats_that_vary_much_while_each_is_clear_are_clear():
    repeats = [drawn(seed, 1 + size, 1 + size) for seed, size in enumerate((0.4, 2.0, 30.0))]
    assert {fit_of_trial(*each).verdict for each in repeats} == {Verdict.UNDERFIT}
    assert fit_of_configuration(repeats).verdict == Verdict.UNDERFIT


def test_repeats_add_up_where_none_is_clear():
    # Folds, which have no validation examples in common.
    repeats = [
        tuple(replace(each, count_t=900) for each in drawn(seed, 1.0, 1.35, likeness=0.2, count=100))
        for seed in range(10)
    ]
    assert fit_of_trial(*repeats[3]).verdict == Verdict.GOOD
    assert fit_of_configuration(repeats).verdict == Verdict.OVERFIT


def test_the_parts_of_a_configuration_are_means_over_repeats():
    repeats = [drawn(seed, 1 + seed, 2.0) for seed in range(3)]
    fits, fit = [fit_of_trial(*each) for each in repeats], fit_of_configuration(repeats)
    for name in ("excess", "underfit", "overfit"):
        assert getattr(fit, name) == pytest.approx(np.mean([getattr(each, name) for each in fits]))
    # Each repeat has half of all examples, so three repeats are no more certain than all examples once.
    assert fit.se_excess == pytest.approx(hypot(*(each.se_excess for each in fits)) / 3**0.5 * 0.5**0.5)


def test_repeats_are_no_more_certain_than_all_examples_once():
    """If repeats share their examples, more repeats do not make the mean more certain than all examples once."""
    own, reference = drawn(1, 1.0, 1.3)
    few, many = (fit_of_configuration([(own, reference)] * count) for count in (2, 200))
    assert many.se_excess == pytest.approx(few.se_excess)
    folds = [replace(each, count_t=900, count_v=100) for each in (own, reference)]
    ten, more = (fit_of_configuration([tuple(folds)] * count) for count in (10, 40))
    assert fit_of_trial(*folds).se_excess == pytest.approx(10**0.5 * ten.se_excess)
    assert ten.se_excess == pytest.approx(more.se_excess)
