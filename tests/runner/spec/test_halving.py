"""The sections `halving` and `median`: read, written, checked, and planned."""

import itertools

import pytest
from fitgap.runner.errors import SpecError
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.planning.rungs import explain_rungs, only_legs
from fitgap.runner.spec import (
    Budget,
    HalvingSettings,
    HyperbandSettings,
    MedianSettings,
    check_budget_of_pruning,
    stored_sweep_of,
    sweep_from_text,
)
from hypothesis import given
from hypothesis import strategies as st

SWEEP = "data: xor\nrepeats: 2\ntraining: {epochs: 30}\naxes: {architecture: {range: [2, 10], steps: 9}}\n"


def sweep(halving, more=""):
    return sweep_from_text(f"{SWEEP}halving: {halving}\n{more}")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{first: 5}", HalvingSettings(5)),
        ("first=5", HalvingSettings(5)),
        ("{factor: 4, first: 2, of: best_e_v}", HalvingSettings(2, "best_e_v", 4)),
        ("'factor=4,first=2,of=best_e_v'", HalvingSettings(2, "best_e_v", 4)),
    ],
)
def test_it_is_stored_as_it_was_read(written, read):
    found = sweep(written)
    assert found.pruning == read
    assert stored_sweep_of(found.canonical()) == found
    assert "halving" not in sweep_from_text(SWEEP).canonical(), "sweeps without it stay as they were"


@pytest.mark.parametrize(
    ("halving", "more", "words"),
    [
        ("{factor: 3}", "", "first must be given"),
        ("yes", "", "must be settings, such as {factor: 3, first: 5}, or factor=3,first=5"),
        ("5", "", "must be settings"),
        ("{first: 0}", "", "at least 1"),
        ("{first: 2.5}", "", "whole number"),
        ("{first: 5, factor: 1}", "", "at least 2"),
        ("{first: 5, of: e_t}", "", "one of e_v, best_e_v, but is 'e_t'; leave it out to compare e_v"),
        ("{first: 5, rungs: 3}", "", "there is no setting 'rungs' here"),
        ("{first: 30}", "", "30 epochs of a trial, but is 30; begin earlier, such as with first=10, or train"),
        (
            "{first: 5}",
            "budget: {trials: 8}\n",
            "--max-trials.* cannot limit .* halving, .* by --max-epochs-total",
        ),
    ],
)
def test_mistakes_are_told(halving, more, words):
    with pytest.raises(SpecError, match=words):
        sweep(halving, more)


def test_a_single_epoch_has_no_rungs():
    with pytest.raises(SpecError, match="below the 1 epoch of a trial, but is 1; train for more epochs"):
        sweep_from_text("data: xor\ntraining: {epochs: 1}\nhalving: first=1\n")


def test_other_budgets_are_allowed():
    found = sweep("{first: 5}", "search: {method: random, trials: 8}\nbudget: {time: 10}\n")
    check_budget_of_pruning(found, Budget(seconds=10, epochs=100))
    with pytest.raises(SpecError):
        check_budget_of_pruning(found, Budget(trials=5))


def test_rungs_are_below_the_planned_epochs_and_a_share_of_all_goes_on():
    halving = HalvingSettings(first=3, factor=3)
    assert halving.rungs(30) == [3, 9, 27]
    assert halving.rungs(27) == [3, 9]
    assert halving.rungs(3) == []
    assert [halving.next_rung(each, 30) for each in (3, 9, 27)] == [9, 27, None]
    assert [halving.kept(each, 81, 9) for each in (3, 9, 27, 81)] == [27, 9, 3, 1]
    assert [halving.kept(each, 8, 8) for each in (3, 9, 27)] == [2, 1, 1]


def test_the_plan_is_told_by_bracket():
    text = SWEEP.replace("architecture:", "epochs: [2, 4, 30], architecture:").replace("training: {epochs: 30}\n", "")
    lines = list(explain_rungs(prepare_sweep(sweep_from_text(f"{text}halving: first=3\n"))))
    assert lines == [
        "halving: 9 configurations of 2 epochs, never pruned, as all end by epoch 3",
        "halving: 9 configurations: 9 to epoch 3, 3 to epoch 4",
        "halving: 9 configurations: 9 to epoch 3, 3 to epoch 9, 1 to epoch 27, 1 to epoch 30",
        f"at most {2 * (18 + 27 + 3 + 27 + 18 + 18 + 3)} of 648 epochs (35%)",
    ]
    assert list(explain_rungs(prepare_sweep(sweep_from_text(SWEEP)))) == []


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("{first: 5}", MedianSettings(5)),
        ("'first=5,every=2'", MedianSettings(5, every=2)),
        ("{first: 5, every: 2, of: best_e_v}", MedianSettings(5, "best_e_v", 2)),
    ],
)
def test_the_median_rule_is_stored_as_it_was_read(written, read):
    found = sweep_from_text(f"{SWEEP}median: {written}\n")
    assert found.pruning == read
    assert stored_sweep_of(found.canonical()) == found


def test_the_median_rule_keeps_the_better_half_of_those_that_come_so_far():
    rule = MedianSettings(first=5, every=2)
    assert rule.rungs(11) == [5, 7, 9]
    assert MedianSettings(first=5).rungs(16) == [5, 10, 15]
    assert [rule.kept(5, 9, present) for present in (9, 8, 2, 1)] == [5, 4, 1, 1]
    lines = list(explain_rungs(prepare_sweep(sweep_from_text(f"{SWEEP}median: {{first: 10}}\n"))))
    assert lines[0] == "median: 9 configurations: 9 to epoch 10, 5 to epoch 20, 3 to epoch 30"


def test_hyperband_has_the_brackets_of_the_paper():
    """Those of Algorithm 1 with R = 81 and eta = 3: ceil(5 / (s + 1) * 3 ** s) configurations from 81 / 3 ** s on."""
    rule = HyperbandSettings(first=1)
    assert rule.sizes(81 + 34 + 15 + 8 + 5, 81) == [81, 34, 15, 8, 5]
    assert rule.bracket_starts(143, 81) == [0, 81, 115, 130, 138]
    brackets = [rule.in_bracket(number) for number in range(5)]
    assert [each.first for each in brackets] == [1, 3, 9, 27, 81]
    legs = [
        [(count, end) for count, _, end in each.legs(81, size)]
        for each, size in zip(brackets, (81, 34, 15, 8, 5), strict=True)
    ]
    assert legs == [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ]


@given(st.integers(1, 400), st.integers(1, 5), st.integers(2, 5), st.integers(2, 300))
def test_the_brackets_of_hyperband_share_all_configurations(configurations, first, factor, epochs):
    """Only the last ones may be empty, and then they have no start."""
    rule = HyperbandSettings(first=first, factor=factor)
    sizes, starts = rule.sizes(configurations, epochs), rule.bracket_starts(configurations, epochs)
    assert sum(sizes) == configurations and len(sizes) == len(rule.rungs(epochs)) + 1
    filled = [size for size in sizes if size]
    assert sizes[: len(filled)] == filled and len(starts) == len(filled)
    assert [b - a for a, b in itertools.pairwise([*starts, configurations])] == filled


def test_the_plan_of_a_search_that_learns_is_that_of_a_generation():
    text = "search: {method: tpe, trials: 16, generation: 4}\nhalving: {first: 10, factor: 2}\n"
    prepared = prepare_sweep(sweep_from_text(SWEEP + text))
    assert list(explain_rungs(prepared)) == [
        "halving: each generation, 4 configurations: 4 to epoch 10, 2 to epoch 20, 1 to epoch 30",
        "about 58% of the epochs of a search without pruning",
    ]
    assert only_legs(prepared) == "4 to epoch 10, 2 to epoch 20, 1 to epoch 30 in each generation"


def test_the_plan_of_hyperband_is_told_by_bracket():
    text = "search: {method: random, trials: 18}\nhyperband: {first: 3, of: best_e_v}\n"
    prepared = prepare_sweep(sweep_from_text(SWEEP + text))
    assert prepared.sweep.pruning == HyperbandSettings(3, "best_e_v", 3)
    assert stored_sweep_of(prepared.sweep.canonical()) == prepared.sweep
    assert list(explain_rungs(prepared)) == [
        "hyperband: bracket 1, 5 configurations: 5 to epoch 3, 1 to epoch 9, 1 to epoch 27, 1 to epoch 30",
        "hyperband: bracket 2, 2 configurations: 2 to epoch 9, 1 to epoch 27, 1 to epoch 30",
        "hyperband: bracket 3, 1 configuration: 1 to epoch 27, 1 to epoch 30",
        "hyperband: bracket 4, 1 configuration of 30 epochs, never pruned",
        f"at most {2 * (15 + 6 + 18 + 3 + 18 + 18 + 3 + 30 + 30)} of 540 epochs (52%)",
    ]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("hyperband: {first: 3}", "hyperband: needs search: random or sobol, .*; change the search, or prune"),
        ("hyperband: {first: 3}\nmedian: {first: 5}", "median: cannot be combined with hyperband; keep one of them"),
        ("hyperband: {first: 3}\nsearch: {method: tpe, trials: 8}", "hyperband: needs search: random or sobol"),
        ("median: {every: 5}", "first must be given"),
        ("median: {first: 5, every: 0}", "at least 1"),
        ("median: {first: 5, factor: 3}", "there is no setting 'factor' here"),
        ("median: 5", "must be settings, such as {first: 5, every: 5}"),
        ("median: {first: 5}\nhalving: {first: 5}", "median: cannot be combined with halving; keep one of them"),
        ("median: {first: 5}\nbudget: {trials: 8}", "cannot limit a sweep with median"),
    ],
)
def test_mistakes_in_other_rules_are_told(written, words):
    with pytest.raises(SpecError, match=words):
        sweep_from_text(f"{SWEEP}{written}\n")
