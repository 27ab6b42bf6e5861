"""Causes: each is found where it was made on purpose, not in a trial that is well, and told with what to try."""

from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.fit import Verdict
from fitgap.core.fit_causes import Cause, Facts, causes, count_causes, late_fall, rise
from fitgap.runner.recorded_epochs import Recording, always_recorded


def layer(**changes):
    plain = {"units": 8, "dead": 0, "saturated": 0, "weights": 64, "near_zero": 0, "rms": 0.5, "rms_start": 0.5}
    return {**plain, **changes}


# Has learned, no longer changes, is neither small nor large, and is held back a little.
WELL = Facts(
    e_t=np.concatenate([np.linspace(0.5, 0.1, 50), np.full(50, 0.1)]),
    e_v=np.concatenate([np.linspace(0.5, 0.12, 50), np.full(50, 0.12)]),
    parameters=500,
    training_count=1000,
    layers=[layer(), layer(units=3, weights=24)],
    penalties={"l2": 1e-2},
    dropout=0.0,
    reference_parameters=600,
)
FALLING = np.linspace(0.5, 0.1, 100)
RISING = np.concatenate([np.linspace(0.5, 0.2, 40), np.linspace(0.2, 0.3, 60)])
# What makes each cause, and what its words name.
MADE = {
    (Verdict.UNDERFIT, Cause.STILL_FALLING): ({"e_t": FALLING, "e_v": FALLING}, "in the last 10 of 100 epochs"),
    (Verdict.UNDERFIT, Cause.NOT_FALLING): ({"e_t": np.full(100, 0.5), "e_v": np.full(100, 0.5)}, "hardly fell"),
    (Verdict.UNDERFIT, Cause.WEIGHTS_NEAR_ZERO): (
        {"layers": [layer(near_zero=40), layer(units=3, weights=24)]},
        "62 % of the weights of layer 1",
    ),
    (Verdict.UNDERFIT, Cause.DEAD_UNITS): (
        {"layers": [layer(), layer(dead=4), layer(units=3)]},
        "50 % of the units of layer 2 are dead",
    ),
    (Verdict.UNDERFIT, Cause.SATURATED_UNITS): ({"layers": [layer(saturated=6), layer()]}, "75 % of the units"),
    (Verdict.UNDERFIT, Cause.CONSTANT_OUTPUT): ({"layers": [layer(), layer(units=3, dead=3)]}, "same for every"),
    (Verdict.UNDERFIT, Cause.STRONG_REGULARIZER): ({"penalties": {"l1": 0.5, "l2": 0.1}}, "l1 has a large λ (0.5)"),
    (Verdict.UNDERFIT, Cause.FEW_PARAMETERS): ({"parameters": 60}, "60 parameters; the reference has 600"),
    (Verdict.OVERFIT, Cause.MANY_PARAMETERS): ({"parameters": 1000}, "1000 parameters for 1000 training examples"),
    (Verdict.OVERFIT, Cause.NO_REGULARIZER): ({"penalties": {}}, "no regularizer"),
    (Verdict.OVERFIT, Cause.WEAK_REGULARIZER): ({"penalties": {"l2": 1e-5}}, "l2 with λ 1e-05"),
    (Verdict.OVERFIT, Cause.ROSE): ({"e_t": FALLING, "e_v": RISING}, "E_v rose by 50 % from epoch 40 on"),
}


def well(verdict):
    """A trial without any cause of a verdict: what is a strong penalty to one is a weak one to the other."""
    return replace(WELL, penalties={"l2": 1e-2 if verdict is Verdict.OVERFIT else 9e-3})


def found_in(facts, verdict):
    return {each.cause: each for each in causes(verdict, facts)}


@pytest.mark.parametrize("verdict", [Verdict.UNDERFIT, Verdict.OVERFIT])
def test_a_trial_that_is_well_gives_no_reason(verdict):
    """A trial may be worse than the reference for a reason that nothing tells; then nothing is made up."""
    assert causes(verdict, well(verdict)) == []


@pytest.mark.parametrize(("made", "changed"), MADE.items(), ids=lambda value: str(value[1])[:30])
def test_each_cause_is_found_where_it_was_made(made, changed):
    (verdict, cause), (changes, words) = made, changed
    facts = replace(well(verdict), **changes)
    assert words in found_in(facts, verdict)[cause].seen
    assert found_in(facts, verdict)[cause].advice
    other = Verdict.OVERFIT if verdict is Verdict.UNDERFIT else Verdict.UNDERFIT
    assert cause not in found_in(facts, other)
    for either in (Verdict.BOTH, Verdict.UNCLEAR):
        assert cause in found_in(facts, either)
    assert causes(Verdict.GOOD, facts) == []


def test_every_cause_has_been_made():
    assert {cause for _, cause in MADE} == set(Cause)


def test_weights_that_shrank_together_are_named_too():
    facts = replace(WELL, layers=[layer(rms=0.1), layer(rms=0.2)])
    assert "40 % of their size" in found_in(facts, Verdict.UNDERFIT)[Cause.WEIGHTS_NEAR_ZERO].seen
    one_grew = replace(WELL, layers=[layer(rms=0.1), layer(rms=0.6)])
    assert Cause.WEIGHTS_NEAR_ZERO not in found_in(one_grew, Verdict.UNDERFIT)


def test_a_large_share_of_dropout_is_strong():
    facts = replace(WELL, penalties={}, dropout=0.5)
    assert "50 % of the units" in found_in(facts, Verdict.UNDERFIT)[Cause.STRONG_REGULARIZER].seen


def test_one_epoch_is_too_few():
    facts = replace(WELL, e_t=np.array([0.5]), e_v=np.array([0.5]))
    assert "one epoch" in found_in(facts, Verdict.UNDERFIT)[Cause.STILL_FALLING].seen


def test_what_still_falls_while_e_v_rises_needs_no_more_epochs():
    facts = replace(WELL, e_t=FALLING, e_v=RISING)
    assert Cause.STILL_FALLING not in found_in(facts, Verdict.BOTH)


@pytest.mark.parametrize("count", [2, 3, 5, 200])
def test_any_number_of_epochs_can_be_asked(count):
    for errors in (np.zeros(count), np.full(count, 0.1), np.linspace(1, 0, count), np.linspace(0.1, 1, count)):
        for verdict in Verdict:
            causes(verdict, replace(WELL, e_t=errors, e_v=errors, layers=[]))


def test_numbers_do_not_depend_on_the_unit_of_the_error():
    """E_t and E_v a thousand times as large fall and rise by the same shares."""
    epochs = np.arange(1, len(FALLING) + 1)
    assert late_fall(1000 * FALLING, epochs) == pytest.approx(late_fall(FALLING, epochs))
    assert rise(1000 * RISING) == pytest.approx(rise(RISING)) == pytest.approx(0.5)


@pytest.mark.parametrize("recording", [Recording(7), Recording(1000), Recording(None)])
@pytest.mark.parametrize("count", [2, 3, 30, 100, 257])
def test_fewer_recorded_epochs_have_the_same_causes(recording, count):
    """Whatever the curve: the epochs by which a trial is judged are there."""
    epochs = np.arange(1, count + 1)
    for seed in range(20):
        numbers = np.random.default_rng(seed)
        fall, rise_ = numbers.uniform(0.9, 1.0), numbers.uniform(-0.01, 0.01)
        e_t = 0.1 + fall**epochs + numbers.normal(0, 1e-3, count)
        e_v = 0.2 + fall**epochs + rise_ * epochs + numbers.normal(0, 1e-3, count)
        whole = replace(WELL, e_t=e_t, e_v=e_v)
        stored = always_recorded(count, int(e_v.argmin()) + 1)
        chosen = np.array([recording.includes(epoch) or epoch in stored for epoch in epochs.tolist()])
        thinned = replace(WELL, e_t=e_t[chosen], e_v=e_v[chosen], epochs=epochs[chosen])
        for verdict in Verdict:
            assert causes(verdict, thinned) == causes(verdict, whole)


def test_causes_are_counted_over_trials_the_commonest_first():
    small, unruled = replace(WELL, parameters=60), replace(WELL, penalties={})
    found = [causes(Verdict.BOTH, facts) for facts in (small, unruled, replace(unruled, parameters=60))]
    counted = list(count_causes(found))
    assert {(cause, count) for cause, count, _ in counted} >= {(Cause.FEW_PARAMETERS, 2), (Cause.NO_REGULARIZER, 2)}
    assert [count for _, count, _ in counted] == sorted((count for _, count, _ in counted), reverse=True)
