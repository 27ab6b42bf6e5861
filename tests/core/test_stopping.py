"""The stopping rules, compared with simple references, and members that stop while others continue."""

import dataclasses

import numpy as np
import pytest
from fitgap.core.activations import Sigmoid, Tanh
from fitgap.core.optimizers import Adam, GradientDescent
from fitgap.core.stopping import STOPPINGS, AcceptableError, NoImprovement, Standing
from hypothesis import given
from hypothesis import strategies as st


def acceptable_error(history, error, share, epochs):
    """The first epoch at which each of the last N epochs has enough acceptable errors; `history` has (errors, E_v) per
    epoch.
    """
    enough = [sum(each <= error for each in errors) >= share * len(errors) - 1e-9 for errors, _ in history]
    return next((t for t in range(epochs, len(history) + 1) if all(enough[t - epochs : t])), None)


def no_improvement(history, epochs, least):
    """The first epoch that is N epochs after the last improvement."""
    best, improved = float("inf"), 0
    for t, (_, e_v) in enumerate(history, start=1):
        if e_v < best - least:
            best, improved = e_v, t
        if t - improved >= epochs:
            return t
    return None


REFERENCES = {"acceptable_error": acceptable_error, "no_improvement": no_improvement}


def stops_after(rule, history):
    """The epoch after which a rule stops, or None."""
    standing = Standing()
    for t, (errors, e_v) in enumerate(history, start=1):
        if rule.should_stop(standing, np.array(errors), e_v):
            return t
    return None


def test_every_rule_has_its_reference_here():
    assert sorted(REFERENCES) == sorted(STOPPINGS)


# Few different values, so that errors are often equal to a limit or to each other.
ERRORS = st.sampled_from([0.0, 0.125, 0.25, 0.5, 1.0, float("nan"), float("inf")])
HISTORIES = st.lists(st.tuples(st.lists(ERRORS, min_size=4, max_size=4), ERRORS), min_size=1, max_size=25)


@given(HISTORIES, st.sampled_from([0.125, 0.25, 0.6]), st.sampled_from([0.25, 0.5, 0.7, 0.75, 1.0]), st.integers(1, 4))
def test_acceptable_error_stops_when_its_reference_does(history, error, share, epochs):
    rule = AcceptableError(error=error, share=share, epochs=epochs)
    assert stops_after(rule, history) == acceptable_error(history, error, share, epochs)


@given(HISTORIES, st.integers(1, 4), st.sampled_from([0.0, 0.125, 0.3]))
def test_no_improvement_stops_when_its_reference_does(history, epochs, least):
    rule = NoImprovement(epochs=epochs, least=least)
    assert stops_after(rule, history) == no_improvement(history, epochs, least)


@pytest.mark.parametrize(("share", "count"), [(0.95, 20), (0.7, 10), (0.3, 10), (0.1, 30), (1.0, 7), (0.29, 100)])
def test_a_share_is_reached_when_exactly_so_many_examples_are_acceptable(share, count):
    needed = round(share * count)
    rule = AcceptableError(error=0.5, share=share, epochs=1)
    for acceptable, stops in ((needed, 1), (needed - 1, None)):
        errors = [0.5] * acceptable + [0.6] * (count - acceptable)
        assert stops_after(rule, [(errors, 0.0)]) == stops


def test_an_epoch_that_is_not_acceptable_starts_the_count_anew():
    good, bad = ([0.1], 0.0), ([0.9], 0.0)
    rule = AcceptableError(error=0.5, epochs=3)
    assert stops_after(rule, [good, good, bad, good, good, good]) == 6


def test_waiting_for_an_improvement_begins_with_the_best_epoch():
    history = [([], e_v) for e_v in (3.0, 2.0, 2.0, 1.9, 2.5, 1.9, 2.0)]
    assert stops_after(NoImprovement(epochs=3), history) == 7
    assert stops_after(NoImprovement(epochs=3, least=0.2), history) == 5
    assert stops_after(NoImprovement(epochs=2), history) == 6


def test_reasons_say_what_happened(stopping_form, draw_variant):
    kind, form = stopping_form
    rule = draw_variant(kind, np.random.default_rng(41), **form)
    assert f"for {rule.epochs} epochs" in rule.reason()


@pytest.fixture
def stopped_members(make_member):
    """Members with one rule, the other, both or none; with both dtypes, many of them stop within 60 epochs."""
    rules = [
        (AcceptableError(error=0.05, share=0.8, epochs=2),),
        (NoImprovement(epochs=3),),
        (AcceptableError(error=0.01, share=0.5, epochs=1), NoImprovement(epochs=2, least=1e-3)),
        (NoImprovement(epochs=1, least=0.01), AcceptableError(error=10.0, share=1.0, epochs=20)),
        (),
    ]
    optimizers = [Adam(rate=0.05), GradientDescent(rate=0.5)]
    return [
        make_member(kind(), Sigmoid(), stopping=rule, optimizer=optimizer, epochs=60)
        for rule in rules
        for optimizer in optimizers
        for kind in (Tanh, Sigmoid)
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_members_that_are_stopped_leave_and_the_others_go_on_bit_for_bit(
    dtype, stopped_members, make_shape, make_examples, run_training, assert_same_member
):
    """A stopped member has the same epochs as without its rules, up to the one after which it stops."""
    shape = make_shape((3, 4, 2), 4, dtype)
    examples = {0: make_examples(shape.network.sizes, 20, 10, dtype=dtype)}
    training = run_training(shape, stopped_members, examples)
    free = run_training(shape, [dataclasses.replace(each, stopping=()) for each in stopped_members], examples)
    stopped = []
    for number, member in enumerate(stopped_members):
        mine, others = training.epochs[number], free.epochs[number]
        for epoch, reference in zip(mine, others, strict=False):
            names = set(epoch) - {"finished", "stopped_because"}
            assert {name: epoch[name] for name in names} == {name: reference[name] for name in names}
        assert [epoch["finished"] for epoch in mine] == [False] * (len(mine) - 1) + [True]
        assert {epoch["stopped_because"] for epoch in mine[:-1]} <= {None}
        reason = mine[-1]["stopped_because"]
        assert reason is None or reason in [rule.reason() for rule in member.stopping]
        assert reason is not None or len(mine) == 60
        stopped += [len(mine)] if reason else []
        if not member.stopping:
            assert_same_member(training, number, free, number)
    assert len(set(stopped)) > 4


def test_a_pack_asks_the_rules_for_what_it_measured(stopped_members, make_shape, make_examples, run_training):
    """`NoImprovement` gets E_v after every epoch: the reference stops at the same epoch."""
    shape, examples = make_shape((3, 4, 2), 4), {0: make_examples((3, 4, 2), 20, 10)}
    training = run_training(shape, stopped_members, examples)
    compared = 0
    for number, member in enumerate(stopped_members):
        waits = [rule for rule in member.stopping if isinstance(rule, NoImprovement)]
        if len(member.stopping) == len(waits) == 1:
            history = [([], epoch["e_v"]) for epoch in training.epochs[number]]
            expected = no_improvement(history, waits[0].epochs, waits[0].least)
            assert len(history) == (expected or 60)
            compared += 1
    assert compared > 1


def test_the_first_rule_that_is_met_gives_the_reason(make_member, make_shape, make_examples, run_training):
    rules = (NoImprovement(epochs=1, least=1e9), AcceptableError(error=1e9, epochs=1))
    members = [make_member(stopping=each, epochs=9) for each in (rules, rules[::-1])]
    training = run_training(make_shape((3, 4, 2)), members, {0: make_examples((3, 4, 2))})
    # The first epoch always counts as an improvement, so only the second rule is met.
    assert [len(training.epochs[number]) for number in (0, 1)] == [1, 1]
    assert {training.last(number, "stopped_because") for number in (0, 1)} == {rules[1].reason()}


def test_a_rule_met_in_the_last_epoch_is_told_as_well(make_member, make_shape, make_examples, run_training):
    members = [make_member(stopping=(AcceptableError(error=1e9, epochs=3),), epochs=epochs) for epochs in (2, 3)]
    training = run_training(make_shape((3, 4, 2)), members, {0: make_examples((3, 4, 2))})
    assert training.last(0, "stopped_because") is None
    assert training.last(1, "stopped_because") == members[1].stopping[0].reason()


def test_acceptable_errors_are_those_of_the_training_examples(make_member, make_shape, make_examples, run_training):
    """By hand: a member stops after the first epoch in which the share is reached, as computed from its parameters."""
    rule = AcceptableError(error=0.08, share=0.6, epochs=1)
    member = make_member(output_activation=Sigmoid(), stopping=(rule,), optimizer=Adam(rate=0.02), epochs=200)
    shape, examples = make_shape((3, 4, 2), 4), make_examples((3, 4, 2), 20, 10)
    training = run_training(shape, [member], {0: examples})
    assert 1 < len(training.epochs[0]) < 200
    for epochs, reached in ((len(training.epochs[0]), True), (len(training.epochs[0]) - 1, False)):
        again = run_training(shape, [dataclasses.replace(member, stopping=(), epochs=epochs)], {0: examples})
        row = again.parameters[0]
        hidden = np.tanh(examples.training_inputs @ row[:12].reshape(4, 3).T + row[20:24])
        outputs = 1 / (1 + np.exp(-hidden @ row[12:20].reshape(2, 4).T - row[24:26]))
        errors = 0.5 * ((outputs - examples.training_targets) ** 2).sum(axis=1)
        assert ((errors <= 0.08).mean() >= 0.6) == reached
