"""The order of causes: an unstable error first, then what crushes a network or never helped it, and guesses last."""

from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.fit_causes import causes
from fitgap.core.fit_facts import Cause
from fitgap.core.fit_remedies import Remedy
from fitgap.core.fit_verdicts import Verdict
from support.core.made_facts import ALL_GOES, FALLING, JUMPING, RISING, WELL, layer, well


@pytest.mark.parametrize("e_t", [ALL_GOES, JUMPING, 0.1 * np.exp(np.random.default_rng(0).normal(0, 0.8, 100))])
@pytest.mark.parametrize("verdict", [Verdict.UNDERFIT, Verdict.OVERFIT, Verdict.BOTH, Verdict.UNCLEAR])
def test_an_unstable_error_means_a_rate_that_is_too_high_whatever_the_verdict(e_t, verdict):
    """It is never mistaken for an error that still falls."""
    found = causes(verdict, replace(well(verdict), e_t=e_t, e_v=np.full(100, 0.5)))
    assert found[0].cause is Cause.UNSTABLE and found[0].remedies == (Remedy.LOWER_RATE,)


def test_an_unstable_error_comes_before_stopping_even_where_stopping_would_remove_all():
    facts = replace(WELL, e_t=JUMPING, e_v=RISING, reference_e_v=0.198, penalties={})
    assert [each.cause for each in causes(Verdict.OVERFIT, facts)][:2] == [Cause.UNSTABLE, Cause.ROSE]


@pytest.mark.parametrize("verdict", [Verdict.UNDERFIT, Verdict.BOTH, Verdict.UNCLEAR])
def test_an_unstable_error_of_memorized_examples_comes_after_what_matters_and_before_guesses(verdict):
    """A crushing penalty matters; the lack of a hidden layer is only a guess."""
    e_t = WELL.e_t.copy()
    e_t[19:80:20] = 3.0
    linear = replace(WELL, e_t=e_t, e_v=np.full(100, 0.5), hidden=(), functions=frozenset(), penalties={"l2": 1.0})
    ordered = [Cause.STRONG_REGULARIZER, Cause.UNSTABLE, Cause.LINEAR_NETWORK]
    assert [each.cause for each in causes(verdict, replace(linear, constant_e_t=1.0))] == ordered
    # Nothing was memorized if a constant prediction is hardly worse.
    assert causes(verdict, replace(linear, constant_e_t=0.2))[0].cause is Cause.UNSTABLE


def test_a_strong_penalty_makes_an_error_rise_and_is_the_cause():
    facts = replace(WELL, e_t=ALL_GOES, penalties={"l2": 1.0}, layers=[layer(rms=0.01), layer(rms=0.02)])
    assert causes(Verdict.UNDERFIT, facts)[0].cause is Cause.WEIGHTS_NEAR_ZERO


def test_linear_networks_need_a_hidden_layer_first():
    """Not a lower rate, which constant outputs would otherwise suggest."""
    for hidden, functions in (((), frozenset()), ((8,), frozenset({"identity"}))):
        facts = replace(WELL, hidden=hidden, functions=functions, layers=[layer(units=3, dead=3)], penalties={})
        assert [each.cause for each in causes(Verdict.UNDERFIT, facts)] == [Cause.LINEAR_NETWORK]
        assert causes(Verdict.UNDERFIT, facts)[0].remedies == (Remedy.HIDDEN_LAYER,)


@pytest.mark.parametrize(
    ("penalties", "first"),
    [({}, Cause.LINEAR_NETWORK), ({"l2": 0.01}, Cause.LINEAR_NETWORK), ({"l2": 1.0}, Cause.WEIGHTS_NEAR_ZERO)],
    ids=["none", "mild", "crushing"],
)
def test_a_crushing_penalty_of_a_linear_network_comes_first_a_mild_one_does_not(penalties, first):
    facts = replace(WELL, hidden=(), functions=frozenset(), penalties=penalties, layers=[layer(near_zero=60)])
    assert causes(Verdict.UNDERFIT, facts)[0].cause is first


def test_stopping_earlier_comes_first_only_if_it_helps():
    """If the reference is far better, a network that was never good needs something else."""
    rising = replace(WELL, e_t=FALLING, e_v=RISING, penalties={}, parameters=5000)
    near, far = replace(rising, reference_e_v=0.198), replace(rising, reference_e_v=0.01)
    assert causes(Verdict.OVERFIT, near)[0].cause is Cause.ROSE
    assert [each.cause for each in causes(Verdict.OVERFIT, far)] == [
        Cause.NO_REGULARIZER,
        Cause.MANY_PARAMETERS,
        Cause.ROSE,
    ]


def test_dead_units_lead_only_if_the_weights_have_grown():
    dead = [layer(dead=6), layer(units=3)]
    small = replace(WELL, parameters=60, layers=dead, penalties={})
    assert causes(Verdict.UNDERFIT, small)[0].cause is Cause.FEW_PARAMETERS
    grown = replace(small, layers=[layer(dead=6, rms=5.0), layer(units=3)])
    assert causes(Verdict.UNDERFIT, grown)[0].cause is Cause.DEAD_UNITS
