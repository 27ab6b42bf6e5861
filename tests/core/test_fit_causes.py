"""Causes: each is found where it was introduced, never in a healthy trial, and reported with suggestions."""

from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.error_curves import late_fall
from fitgap.core.fit_causes import causes
from fitgap.core.fit_facts import Cause
from fitgap.core.fit_remedies import Remedy
from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.recorded_epochs import Recording, always_recorded
from support.core.made_facts import FALLING, RISING, WELL, found_in, layer, well

# Layers whose weights still have their initial size.
UNMOVED = [layer(), layer(units=3, weights=24)]
DEEP = {"hidden": (8, 8, 8), "functions": frozenset({"sigmoid"})}
# For each cause: the facts that introduce it, and words that its description must contain.
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


@pytest.mark.parametrize("verdict", [Verdict.UNDERFIT, Verdict.OVERFIT])
def test_a_trial_that_is_well_gives_no_reason(verdict):
    """A trial may be worse than the reference for an unknown reason; then no reason is invented."""
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
    """More epochs would change nothing, even if E_t falls slowly."""
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
    """The exceptions: sibling causes need a sweep, and an unstable E_t is a cause of every verdict."""
    others = {Cause.SIBLING, Cause.DOUBLE_DESCENT, Cause.DIVERGED, Cause.UNSTABLE}
    assert {cause for _, cause in MADE} == set(Cause) - others


def test_a_lucky_epoch_is_no_best_epoch():
    """Neither a single low epoch among many counts, nor one shortly before the end."""
    lucky = np.full(200, 0.3)
    lucky[100] = 0.2
    late = np.concatenate([np.linspace(0.5, 0.2, 190), np.full(10, 0.25)])
    for e_v in (lucky, late):
        facts = replace(WELL, e_t=np.linspace(0.5, 0.1, 200), e_v=e_v)
        assert Cause.ROSE not in found_in(facts, Verdict.OVERFIT)


def test_one_late_epoch_does_not_decide_whether_the_error_still_falls():
    """The whole window of late epochs decides."""
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


def test_an_error_of_zero_does_not_fall_either():
    facts = replace(WELL, e_t=np.zeros(100), e_v=np.full(100, 0.5))
    assert found_in(facts, Verdict.UNDERFIT)[Cause.NOT_FALLING].value == 0


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


@pytest.mark.parametrize(("e_t", "found"), [([0.5, 0.3], "E_t still fell by 40 %"), ([0.5, 0.5], None)])
def test_two_epochs_have_a_trend(e_t, found):
    facts = replace(WELL, e_t=np.array(e_t), e_v=np.array([0.5, 0.4]))
    cause = found_in(facts, Verdict.UNDERFIT).get(Cause.STILL_FALLING)
    assert (cause is None) if found is None else cause.seen.startswith(found)


def test_what_still_falls_while_e_v_rises_needs_no_more_epochs():
    facts = replace(WELL, e_t=FALLING, e_v=RISING)
    assert Cause.STILL_FALLING not in found_in(facts, Verdict.BOTH)


@pytest.mark.parametrize("count", [2, 3, 5, 200])
def test_any_number_of_epochs_can_be_asked(count):
    for errors in (np.zeros(count), np.full(count, 0.1), np.linspace(1, 0, count), np.linspace(0.1, 1, count)):
        for verdict in Verdict:
            causes(verdict, replace(WELL, e_t=errors, e_v=errors, layers=[]))


@pytest.mark.parametrize("recording", [Recording(7), Recording(1000), Recording(None)])
@pytest.mark.parametrize("count", [100, 257])
def test_fewer_recorded_epochs_have_the_same_causes(recording, count):
    """If the curves are smooth: trends and best epochs are found from fewer points."""
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
    """In a convolutional network, a number alone would leave open whether poolings count."""
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
