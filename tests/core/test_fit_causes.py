"""Causes: each is found where it was made on purpose, not in a trial that is well, and told with what to try."""

from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.error_curves import instability, late_fall, rise, smoothed
from fitgap.core.fit_causes import causes
from fitgap.core.fit_facts import Cause, Facts
from fitgap.core.fit_remedies import Remedy
from fitgap.core.fit_verdicts import Verdict
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
    hidden=(8,),
    functions=frozenset({"relu"}),
)
FALLING = np.linspace(0.5, 0.1, 100)
RISING = np.concatenate([np.linspace(0.5, 0.2, 40), np.linspace(0.2, 0.3, 60)])
ALL_GOES = np.concatenate([FALLING[:60], np.full(40, 0.9)])
JUMPING = np.where(np.arange(100) % 20 == 19, 0.9, np.linspace(0.5, 0.1, 100))
# Layers whose weights have their initial size.
UNMOVED = [layer(), layer(units=3, weights=24)]
MOVED = [layer(rms=0.9), layer(units=3, weights=24, rms=0.8)]
DEEP = {"hidden": (8, 8, 8), "functions": frozenset({"sigmoid"})}
# What makes each cause, and what its words name.
MADE = {
    (Verdict.UNDERFIT, Cause.SLOW): (
        {"e_t": np.linspace(0.5, 0.49, 100), "e_v": np.full(100, 0.5), "layers": UNMOVED},
        "fell steadily but only by 2 %",
    ),
    (Verdict.UNDERFIT, Cause.LINEAR_NETWORK): ({"hidden": ()}, "it has no hidden layer"),
    (Verdict.UNDERFIT, Cause.VANISHING_GRADIENTS): (
        {**DEEP, "e_t": np.full(100, 0.5), "layers": UNMOVED},
        "vanishes in 3 layers of sigmoid",
    ),
    (Verdict.UNDERFIT, Cause.LARGE_WEIGHTS): ({"layers": [layer(rms=20.0), layer()]}, "40 times"),
    (Verdict.UNDERFIT, Cause.STOPPED_EARLY): (
        {"e_t": FALLING, "e_v": FALLING, "stopped": "E_v had not improved for 20 epochs", "patience": 20},
        "since E_v had not improved for 20 epochs; E_t still fell by 45 % from epoch 80 on",
    ),
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
    (Verdict.OVERFIT, Cause.ROSE): ({"e_t": FALLING, "e_v": RISING}, "E_v rose by 48 % from epoch 40 on"),
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


STOPPED = {"stopped": "E_v had not improved for 3 epochs", "patience": 3}


def test_what_was_stopped_needs_no_more_epochs():
    """They would change nothing; also where E_t falls slowly."""
    for falls in ({"e_t": FALLING, "e_v": FALLING}, MADE[Verdict.UNDERFIT, Cause.SLOW][0]):
        before = causes(Verdict.UNDERFIT, replace(well(Verdict.UNDERFIT), **falls))
        after = causes(Verdict.UNDERFIT, replace(well(Verdict.UNDERFIT), **falls, **STOPPED))
        assert any(Remedy.MORE_EPOCHS in each.remedies for each in before)
        assert not any(Remedy.MORE_EPOCHS in each.remedies for each in after)
        assert any(Remedy.LATER_STOPPING in each.remedies for each in after)


def test_a_network_that_no_longer_learned_was_not_stopped_too_early():
    assert causes(Verdict.UNDERFIT, replace(well(Verdict.UNDERFIT), **STOPPED)) == []


def test_after_a_single_epoch_there_is_no_trend():
    facts = replace(well(Verdict.UNDERFIT), e_t=FALLING[:1], e_v=FALLING[:1], **STOPPED)
    assert [each.cause for each in causes(Verdict.UNDERFIT, facts)] == [Cause.STOPPED_EARLY]


def test_every_cause_has_been_made():
    """What a sibling explains needs a sweep, and an unstable E_t is a cause of every verdict."""
    others = {Cause.SIBLING, Cause.DOUBLE_DESCENT, Cause.DIVERGED, Cause.UNSTABLE}
    assert {cause for _, cause in MADE} == set(Cause) - others


@pytest.mark.parametrize("e_t", [ALL_GOES, JUMPING, 0.1 * np.exp(np.random.default_rng(0).normal(0, 0.8, 100))])
@pytest.mark.parametrize("verdict", [Verdict.UNDERFIT, Verdict.OVERFIT, Verdict.BOTH, Verdict.UNCLEAR])
def test_an_unstable_error_means_a_rate_that_is_too_high_whatever_the_verdict(e_t, verdict):
    """It is never taken for an error that still falls."""
    found = causes(verdict, replace(well(verdict), e_t=e_t, e_v=np.full(100, 0.5)))
    assert found[0].cause is Cause.UNSTABLE and found[0].remedies == (Remedy.LOWER_RATE,)


def test_an_unstable_error_comes_before_stopping_even_where_stopping_would_remove_all():
    facts = replace(WELL, e_t=JUMPING, e_v=RISING, reference_e_v=0.198, penalties={})
    assert [each.cause for each in causes(Verdict.OVERFIT, facts)][:2] == [Cause.UNSTABLE, Cause.ROSE]


@pytest.mark.parametrize("verdict", [Verdict.UNDERFIT, Verdict.BOTH, Verdict.UNCLEAR])
def test_an_unstable_error_of_memorized_examples_comes_after_what_matters_and_before_guesses(verdict):
    """A crushing penalty matters; a hidden layer is a guess where there is one."""
    e_t = WELL.e_t.copy()
    e_t[19:80:20] = 3.0
    linear = replace(WELL, e_t=e_t, e_v=np.full(100, 0.5), hidden=(), functions=frozenset(), penalties={"l2": 1.0})
    ordered = [Cause.STRONG_REGULARIZER, Cause.UNSTABLE, Cause.LINEAR_NETWORK]
    assert [each.cause for each in causes(verdict, replace(linear, constant_e_t=1.0))] == ordered
    # Nothing was memorized if a constant prediction is hardly worse.
    assert causes(verdict, replace(linear, constant_e_t=0.2))[0].cause is Cause.UNSTABLE


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_usual_noise_is_not_unstable(noise):
    for seed in range(20):
        e_t = WELL.e_t * np.exp(np.random.default_rng(seed).normal(0, noise, 100))
        assert instability(e_t, np.arange(1, 101), 0.5) is None


def test_jumps_of_an_error_near_zero_do_not_count():
    """Networks that fit their examples exactly jump by large factors of next to nothing."""
    e_t = np.concatenate([np.geomspace(0.5, 1e-6, 80), 1e-6 * np.tile([1, 50], 10)])
    assert instability(e_t, np.arange(1, 101)) is None


def test_a_strong_penalty_makes_an_error_rise_and_is_the_cause():
    facts = replace(WELL, e_t=ALL_GOES, penalties={"l2": 1.0}, layers=[layer(rms=0.01), layer(rms=0.02)])
    assert causes(Verdict.UNDERFIT, facts)[0].cause is Cause.WEIGHTS_NEAR_ZERO


def test_a_lucky_epoch_is_no_best_epoch():
    """Neither one epoch of many, nor one shortly before the end."""
    lucky = np.full(200, 0.3)
    lucky[100] = 0.2
    late = np.concatenate([np.linspace(0.5, 0.2, 190), np.full(10, 0.25)])
    for e_v in (lucky, late):
        facts = replace(WELL, e_t=np.linspace(0.5, 0.1, 200), e_v=e_v)
        assert Cause.ROSE not in found_in(facts, Verdict.OVERFIT)


def test_one_late_epoch_does_not_decide_whether_the_error_still_falls():
    """The whole late window does."""
    flat = np.concatenate([np.linspace(0.5, 0.1, 50), np.full(50, 0.1)])
    flat[-1] = 0.09
    assert Cause.STILL_FALLING not in found_in(replace(WELL, e_t=flat), Verdict.UNDERFIT)
    falling = FALLING.copy()
    falling[-1] = 0.16
    assert late_fall(falling, np.arange(1, 101)) > 0.2


def test_an_error_that_does_not_fall_is_told_by_its_change():
    for end, change in ((0.5, 0.0), (0.6, 0.2)):
        facts = replace(WELL, e_t=np.linspace(0.5, end, 100), e_v=np.full(100, 0.5))
        found = next(each for each in causes(Verdict.UNDERFIT, facts) if each.cause is Cause.NOT_FALLING)
        assert found.value == pytest.approx(change)


def test_linear_networks_need_a_hidden_layer_first():
    """Not a lower rate, because their outputs hardly vary."""
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
    """With a far better reference, a network that never was good needs something else."""
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


def test_smoothing_keeps_the_length_and_drops_single_outliers():
    for count in range(1, 12):
        assert len(smoothed(np.ones(count))) == count
    errors = np.ones(20)
    errors[10] = 0
    assert smoothed(errors).min() == 1


def test_weights_near_zero_without_a_penalty_are_no_cause():
    facts = replace(WELL, penalties={}, layers=[layer(near_zero=60), layer()])
    assert Cause.WEIGHTS_NEAR_ZERO not in found_in(facts, Verdict.UNDERFIT)


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
    assert rise(1000 * RISING) == pytest.approx(rise(RISING)) == pytest.approx(0.48, abs=0.005)


@pytest.mark.parametrize("recording", [Recording(7), Recording(1000), Recording(None)])
@pytest.mark.parametrize("count", [100, 257])
def test_fewer_recorded_epochs_have_the_same_causes(recording, count):
    """As long as the curves are smooth: trends and best epochs come from fewer points."""
    epochs = np.arange(1, count + 1)
    for seed in range(20):
        numbers = np.random.default_rng(seed)
        fall, rise_ = numbers.uniform(0.5, 0.8), numbers.choice([0.0, 0.01])
        e_t, e_v = 0.1 + fall**epochs, 0.2 + fall**epochs + rise_ * epochs
        whole = replace(WELL, e_t=e_t, e_v=e_v)
        stored = always_recorded(count, int(e_v.argmin()) + 1)
        chosen = np.array([recording.includes(epoch) or epoch in stored for epoch in epochs.tolist()])
        thinned = replace(WELL, e_t=e_t[chosen], e_v=e_v[chosen], epochs=epochs[chosen])
        for verdict in Verdict:
            named, in_whole = ([each.cause for each in causes(verdict, facts)] for facts in (thinned, whole))
            assert set(named) ^ set(in_whole) <= {Cause.SLOW}


def test_layers_are_called_by_their_names():
    """A convolutional network: the number alone would leave open whether poolings count."""
    names = ("conv8x3", "conv16x3", "dense 32")
    layers = [layer(), layer(dead=4), layer(saturated=6), layer(units=3, rms=20.0)]
    facts = replace(WELL, layer_names=names, layers=layers)
    seen = {each.cause: each.seen for each in causes(Verdict.UNDERFIT, facts)}
    assert "50 % of the units of conv16x3 (layer 2) are dead" in seen[Cause.DEAD_UNITS]
    assert "of the units of dense 32 (layer 3) are saturated" in seen[Cause.SATURATED_UNITS]
    assert "the weights of the output layer have grown to 40 times" in seen[Cause.LARGE_WEIGHTS]
    facts = replace(facts, layers=[layer(near_zero=60), *layers[1:]], penalties={"l2": 0.1})
    seen = {each.cause: each.seen for each in causes(Verdict.UNDERFIT, facts)}
    assert "of the weights of conv8x3 (layer 1) are near zero" in seen[Cause.WEIGHTS_NEAR_ZERO]
