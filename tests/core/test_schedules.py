"""Every schedule, compared with its formula, at its limits, and in whole trainings."""

import math

import numpy as np
import pytest
from fitgap.core.optimizers import Fixed, GradientDescent
from fitgap.core.schedules import SCHEDULES, Cosine, Exponential, InverseTime, Step
from hypothesis import given
from hypothesis import strategies as st


def step(t, epochs, every, by):
    return math.prod([by] * len(range(every, t + 1, every)))


def cosine(t, epochs, lowest):
    return lowest + (1 - lowest) * math.cos(math.pi * t / epochs / 2) ** 2


# The factor after t epochs, without warm-up.
FORMULAS = {
    "constant": lambda t, epochs: 1,
    "step": step,
    "exponential": lambda t, epochs, by: math.prod([by] * t),
    "inverse_time": lambda t, epochs, decay: 1 / (1 + decay * t),
    "cosine": cosine,
}
NAMES = {kind: name for name, kind in SCHEDULES.items()}


@pytest.fixture
def drawn(schedule_form, draw_variant):
    """Ten schedules of a kind without warm-up."""
    kind, form = schedule_form
    rng = np.random.default_rng(40)
    return [draw_variant(kind, rng, warm_up=0, **form) for _ in range(10)]


def factors(schedule, epochs):
    return [schedule.factor(epoch, epochs) for epoch in range(1, epochs + 1)]


def warmed_up(schedule, warm_up):
    return type(schedule)(**{**schedule.settings(), "warm_up": warm_up})


def test_every_schedule_has_its_formula_here():
    assert sorted(FORMULAS) == sorted(SCHEDULES)


@pytest.mark.parametrize("epochs", [1, 2, 25])
def test_factors_agree_with_the_formula(drawn, epochs):
    for schedule in drawn:
        own = {name: value for name, value in schedule.settings().items() if name != "warm_up"}
        expected = [FORMULAS[NAMES[type(schedule)]](t, epochs, **own) for t in range(epochs)]
        np.testing.assert_allclose(factors(schedule, epochs), expected, rtol=1e-12)


@pytest.mark.parametrize("epochs", [1, 2, 25])
def test_the_first_epoch_has_the_whole_rate_and_later_ones_no_more(drawn, epochs):
    for schedule in drawn:
        found = factors(schedule, epochs)
        assert found[0] == 1
        assert found == sorted(found, reverse=True)
        assert all(0 < factor <= 1 for factor in found)


@pytest.mark.parametrize("warm_up", [1, 3, 8])
def test_warm_up_grows_by_equal_steps_to_what_it_leads_to(drawn, warm_up):
    """From 1/(w + 1) in the first epoch to the full rate in epoch w + 1; from there on, as if training began there."""
    epochs = 12
    for schedule in drawn:
        found = factors(warmed_up(schedule, warm_up), epochs)
        np.testing.assert_allclose(found[: warm_up + 1], np.arange(1, warm_up + 2) / (warm_up + 1), rtol=1e-15)
        assert found[warm_up:] == factors(schedule, epochs - warm_up)


@pytest.mark.parametrize("warm_up", [5, 6, 100])
def test_a_training_that_ends_within_its_warm_up_only_warms_up(drawn, warm_up):
    for schedule in drawn:
        assert factors(warmed_up(schedule, warm_up), 5) == [epoch / (warm_up + 1) for epoch in range(1, 6)]


@given(st.sampled_from(sorted(SCHEDULES)), st.integers(1, 60), st.integers(0, 70), st.integers(0, 2**32))
def test_factors_are_above_zero_and_at_most_one(draw_variant, name, epochs, warm_up, seed):
    schedule = draw_variant(SCHEDULES[name], np.random.default_rng(seed), warm_up=warm_up)
    assert all(0 < factor <= 1 for factor in factors(schedule, epochs))


def test_a_step_is_made_after_every_so_many_epochs():
    assert factors(Step(every=2, by=0.5), 6) == [1, 1, 0.5, 0.5, 0.25, 0.25]
    assert factors(Step(every=7, by=0.5), 6) == [1] * 6


def test_the_cosine_would_reach_its_lowest_value_in_the_epoch_after_the_last():
    for epochs in (1, 2, 10):
        schedule = Cosine(lowest=0.25)
        assert schedule.after_warm_up(epochs, epochs) == pytest.approx(0.25)
        assert schedule.factor(epochs, epochs) > 0.25
    assert factors(Cosine(), 4) == pytest.approx([1, 0.5 + math.sqrt(0.125), 0.5, 0.5 - math.sqrt(0.125)])


def test_what_never_falls_is_constant():
    for schedule in (Step(every=3, by=1.0), Exponential(by=1.0), InverseTime(decay=0.0), Cosine(lowest=1.0)):
        assert factors(schedule, 9) == [1] * 9


def test_a_training_goes_by_its_schedule(drawn, make_member, make_shape, make_examples, run_training):
    """In every epoch, the reported rate is that of the schedule, and the steps use the reported rate."""
    layers, epochs = (3, 4, 2), 6
    members = [
        make_member(schedule=warmed_up(schedule, warm_up), epochs=epochs, optimizer=GradientDescent(rate=0.2))
        for schedule in drawn[:3]
        for warm_up in (0, 2)
    ]
    examples = {0: make_examples(layers)}
    training = run_training(make_shape(layers), members, examples)
    for number, member in enumerate(members):
        rates = [epoch["learning_rate"] for epoch in training.epochs[number]]
        assert rates == [0.2 * factor for factor in factors(member.schedule, epochs)]
    # With one batch per epoch, everything after the first step depends only on the rate of the first epoch.
    plain = make_member(optimizer=GradientDescent(rate=0.2 / 3))
    once = run_training(make_shape(layers), [plain], examples)
    assert training.epochs[1][0]["e_t"] == pytest.approx(once.epochs[0][0]["e_t"], rel=1e-14)
    assert training.epochs[0][0]["e_t"] != pytest.approx(once.epochs[0][0]["e_t"], rel=1e-6)


def test_what_makes_no_steps_has_a_rate_of_zero(make_member, make_shape, make_examples, run_training):
    training = run_training(make_shape((3, 4, 2)), [make_member(optimizer=Fixed())], {0: make_examples((3, 4, 2))})
    assert training.last(0, "learning_rate") == 0
