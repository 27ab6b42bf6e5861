"""Fit: excess = underfit + overfit from errors on the same examples, with standard errors and a verdict."""

from dataclasses import astuple, replace
from math import hypot, isnan, nan

import numpy as np
import pytest
from fitgap.core.fit_verdicts import Constant, Skill, Verdict, fit_of_trial, skill_of
from hypothesis import given
from hypothesis import strategies as st
from support.core.paired_errors import EMPTY, drawn, errors_from, pairs


@given(pairs())
def test_excess_is_underfit_and_overfit(pair):
    own, reference = pair
    fit = fit_of_trial(own, reference)
    assert fit.excess == own.e_v - reference.e_v
    assert fit.underfit == own.e_t - reference.e_t
    assert fit.underfit + fit.overfit == pytest.approx(fit.excess, abs=1e-9 * (own.e_t + own.e_v + 1))


@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_examples_does_not_matter(pair, random):
    own, reference = pair
    orders = [random.sample(range(len(sample)), len(sample)) for sample in (own.sample_t, own.sample_v)]
    shuffled = [
        replace(each, sample_t=each.sample_t[orders[0]], sample_v=each.sample_v[orders[1]]) for each in (own, reference)
    ]
    before, after = fit_of_trial(own, reference), fit_of_trial(*shuffled)
    assert astuple(before)[:3] == astuple(after)[:3]
    assert astuple(after)[3:6] == pytest.approx(astuple(before)[3:6], nan_ok=True, abs=1e-9 * (own.e_v + own.e_t + 1))


@given(pairs())
def test_every_pair_has_finite_parts_and_a_verdict(pair):
    fit = fit_of_trial(*pair)
    assert np.isfinite([fit.excess, fit.underfit, fit.overfit]).all()
    assert isinstance(fit.verdict, Verdict)
    # A standard error needs two examples.
    counts = [len(pair[0].sample_v), len(pair[0].sample_t)]
    assert [isnan(fit.se_excess), isnan(fit.se_underfit)] == [count < 2 for count in counts]


@given(pairs())
def test_the_reference_itself_is_good(pair):
    _, reference = pair
    fit = fit_of_trial(reference, reference)
    assert (fit.excess, fit.underfit, fit.overfit) == (0, 0, 0)
    enough = min(len(reference.sample_t), len(reference.sample_v)) > 1
    assert fit.verdict == (Verdict.GOOD if enough else Verdict.UNCLEAR)


def test_standard_errors_are_those_of_the_paired_differences():
    own, reference = drawn(0, 1.4, 1.7)
    fit = fit_of_trial(own, reference)
    expected = [np.std(getattr(own, side) - getattr(reference, side), ddof=1) / 10 for side in ("sample_v", "sample_t")]
    assert (fit.se_excess, fit.se_underfit) == pytest.approx(expected)
    assert fit.se_overfit == pytest.approx(hypot(*expected))


def test_what_two_networks_share_does_not_blur_their_difference():
    alike, apart = (fit_of_trial(*drawn(0, likeness=likeness)) for likeness in (0.99, 0.0))
    assert alike.se_excess < apart.se_excess / 10


def test_means_are_those_of_all_examples_and_as_certain_as_these_are_many():
    """If a sample stands for more examples, it is only used to estimate how much the differences vary."""
    own, reference = drawn(0, 1.4, 1.7)
    more = [replace(each, e_v=each.e_v + 5, count_v=400) for each in (own, reference)]
    few, many = fit_of_trial(own, reference), fit_of_trial(*more)
    assert many.excess == pytest.approx(few.excess)
    assert many.se_excess == pytest.approx(few.se_excess / 2)


def test_without_samples_the_means_are_taken_for_independent():
    own, reference = (
        replace(each, sample_t=EMPTY, sample_v=EMPTY, se_t=0.03, se_v=0.04) for each in drawn(0, 1.4, 1.7)
    )
    fit = fit_of_trial(own, reference)
    assert (fit.se_excess, fit.se_underfit) == pytest.approx((0.04 * 2**0.5, 0.03 * 2**0.5))
    assert fit.verdict == Verdict.BOTH


def test_without_any_standard_error_the_verdict_is_unclear():
    own, reference = (replace(each, sample_t=EMPTY, sample_v=EMPTY) for each in drawn(0, 1.4, 5.0))
    fit = fit_of_trial(own, reference)
    assert fit.excess == pytest.approx(4.0) and isnan(fit.se_excess)
    assert fit.verdict == Verdict.UNCLEAR


def test_errors_that_are_not_finite_get_no_verdict_but_unclear():
    own, reference = drawn(0)
    assert fit_of_trial(replace(own, e_v=nan), reference).verdict == Verdict.UNCLEAR
    assert fit_of_trial(replace(own, e_t=nan), reference).verdict == Verdict.UNCLEAR


@pytest.mark.parametrize(
    ("e_t", "e_v", "verdict"),
    [
        (1.0, 1.0, Verdict.GOOD),
        (2.0, 2.0, Verdict.UNDERFIT),
        (0.2, 2.0, Verdict.OVERFIT),
        (1.0, 2.0, Verdict.OVERFIT),
        (1.5, 2.0, Verdict.BOTH),
        # One part is less than half of the other.
        (1.9, 2.2, Verdict.UNDERFIT),
        (1.2, 2.2, Verdict.OVERFIT),
        # Better than the reference in one respect or in both.
        (0.5, 0.5, Verdict.GOOD),
        (2.0, 0.8, Verdict.GOOD),
    ],
)
def test_the_part_that_is_above_0_is_to_blame(e_t, e_v, verdict):
    assert {fit_of_trial(*drawn(seed, e_t, e_v)).verdict for seed in range(5)} == {verdict}


@pytest.mark.parametrize(("e_v", "verdict"), [(1.2, Verdict.GOOD), (1.24, Verdict.OVERFIT)])
def test_less_than_22_percent_above_the_reference_has_no_name_however_clear(e_v, verdict):
    assert fit_of_trial(*drawn(0, 1.0, e_v, likeness=0.999)).verdict == verdict


def steps_of(own, reference):
    fit = fit_of_trial(own, reference)
    return fit.excess / fit.se_excess


@pytest.mark.parametrize(
    ("e_t", "verdict"),
    [(1.0, Verdict.GOOD), (0.4, Verdict.OVERFIT), (0.6, Verdict.GOOD), (1.5, Verdict.UNDERFIT), (1.15, Verdict.GOOD)],
)
def test_less_evidence_is_asked_of_a_network_that_fits_the_seen_examples_otherwise(e_t, verdict):
    """The excess is two standard errors. This alone is not clear evidence, since the reference is the luckiest of
    many.
    """
    own, reference = drawn(3, e_t, 1.25, likeness=0.2)
    assert 1.5 < steps_of(own, reference) < 2.5
    assert fit_of_trial(own, reference).verdict == verdict


def test_parts_that_cannot_be_told_apart_are_both_to_blame_where_the_excess_is_beyond_doubt():
    """The overfit part is 1.5 standard errors above 0, and as large as the underfit part."""
    seen, unseen = np.linspace(0.5, 1.5, 100), np.linspace(0.9, 1.1, 16)
    reference = errors_from(seen, unseen)
    sway = np.where(np.arange(100) % 2, 20, -20)
    own = errors_from(seen + 3 + sway, unseen + 6 + sway[:16] / 40)
    fit = fit_of_trial(own, reference)
    assert 1 < fit.overfit / fit.se_overfit < 2 < 10 < fit.excess / fit.se_excess
    assert fit.verdict == Verdict.BOTH


def test_a_part_that_few_huge_errors_make_up_is_named_if_it_is_many_times_larger():
    """One validation example in sixteen has almost all of the error, so the standard error is as large as the part."""
    seen, unseen = np.linspace(0.9, 1.1, 100), np.linspace(0.9, 1.1, 16)
    reference = errors_from(seen, unseen)
    own = errors_from(5 * seen, np.where(np.arange(16) == 0, 1600.0, 20.0))
    fit = fit_of_trial(own, reference)
    assert fit.se_overfit > 0.8 * fit.overfit > 10 * fit.underfit
    assert fit.verdict == Verdict.OVERFIT


def test_a_reference_that_has_itself_learned_by_heart_does_not_speak_against_those_that_have_not():
    """An E_t far above that of such a reference is no sign of underfitting if the gap is smaller."""
    own, reference = drawn(3, 1.5, 1.25, likeness=0.2)
    assert fit_of_trial(own, reference).verdict == Verdict.UNDERFIT
    own, reference = (
        errors_from(each.sample_t * share, each.sample_v) for each, share in ((own, 0.8), (reference, 0.05))
    )
    assert fit_of_trial(own, reference).verdict == Verdict.GOOD


@given(st.sampled_from([2.0**-6, 0.5, 4.0]), st.integers(0, 50), st.floats(0.2, 3), st.floats(0.5, 3))
def test_the_unit_of_the_errors_does_not_matter(unit, seed, e_t, e_v):
    pair = drawn(seed, e_t, e_v)
    scaled = [errors_from(each.sample_t * unit, each.sample_v * unit) for each in pair]
    before, after = fit_of_trial(*pair), fit_of_trial(*scaled)
    assert after.excess == pytest.approx(unit * before.excess, abs=1e-9 * unit)
    assert after.verdict == before.verdict


@given(st.integers(0, 50), st.floats(0.3, 3), st.floats(0.5, 3), st.floats(1, 3))
def test_a_network_that_is_worse_on_unseen_examples_alone_does_not_get_better(seed, e_t, e_v, factor):
    """Nor does a higher E_v with the same E_t change the verdict `overfit`."""
    own, reference = drawn(seed, e_t, e_v)
    worse = replace(own, e_v=own.e_v * factor, sample_v=own.sample_v * factor)
    before, after = fit_of_trial(own, reference), fit_of_trial(worse, reference)
    assert after.excess >= before.excess and after.overfit >= before.overfit and after.underfit == before.underfit
    if before.verdict == Verdict.OVERFIT:
        assert after.verdict == Verdict.OVERFIT


@pytest.mark.parametrize(("constant", "verdict"), [(40.0, Verdict.UNDERFIT), (60.0, Verdict.GOOD)])
def test_an_excess_that_is_nothing_to_a_constant_prediction_is_none(constant, verdict):
    """Twice the reference's error, but an excess of at most 2 % of the constant prediction's error does not count."""
    assert fit_of_trial(*drawn(0, 2.0, 2.0), Constant(constant)).verdict == verdict


@pytest.mark.parametrize(("e_t", "e_v"), [(1.0, 1.0), (2.0, 2.0)])
def test_where_nothing_was_learned_nothing_is_good_or_lacks_learning(e_t, e_v):
    assert fit_of_trial(*drawn(0, e_t, e_v), Constant(1.0, Skill.NONE)).verdict == Verdict.NO_SKILL
    assert fit_of_trial(*drawn(0, 0.2, 2.0), Constant(1.0, Skill.NONE)).verdict == Verdict.OVERFIT


@pytest.mark.parametrize(
    ("e_v", "likeness", "skill"),
    [
        (0.5, 0.9, Skill.CLEAR),
        # Clearly better, but only by a negligible amount.
        (0.985, 0.9999, Skill.NONE),
        (0.97, 0.9999, Skill.NONE),
        (0.93, 0.999, Skill.CLEAR),
        (0.97, 0.9, Skill.NONE),
        (1.2, 0.9, Skill.NONE),
        # Better by a fifth, or not at all.
        (0.85, 0.0, Skill.UNCERTAIN),
        (0.97, 0.0, Skill.UNCERTAIN),
    ],
)
def test_skill_is_what_a_reference_has_over_a_constant(e_v, likeness, skill):
    assert skill_of([drawn(4, 1.0, e_v, likeness=likeness)]) == skill


def test_without_standard_errors_the_skill_is_unknown():
    assert skill_of([tuple(replace(each, sample_v=EMPTY) for each in drawn(0))]) is None


@pytest.mark.parametrize("own_v", [0.0, 1e-30, 1.0])
def test_an_error_of_0_is_no_trouble(own_v):
    ones, zeros = np.ones(20) * np.linspace(0.5, 1.5, 20), np.zeros(20)
    fit = fit_of_trial(errors_from(zeros, own_v * ones), errors_from(zeros, zeros))
    assert fit.excess == pytest.approx(own_v)
    assert fit.verdict == (Verdict.GOOD if own_v == 0 else Verdict.OVERFIT)


def test_an_error_that_is_worse_by_the_same_for_every_example_is_clear():
    ones = np.ones(10)
    assert fit_of_trial(errors_from(2 * ones, 2 * ones), errors_from(ones, ones)).verdict == Verdict.UNDERFIT
