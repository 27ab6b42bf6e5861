"""Which configurations a sweep trains: grids and searches, with and without a filter."""

import json
from dataclasses import replace

import pytest
from fitgap.runner.errors import SpecError
from fitgap.runner.planning.chosen import left_out
from fitgap.runner.planning.plan import sweep_plan
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import Sweep, sweep_from_text

SPACE = "data: {source: iris, validation: {folds: 2}}\naxes: {architecture: [{depth: [1, 2], width: [2, 9]}]}\n"


def prepared(text):
    return prepare_sweep(sweep_from_text(text))


def test_a_grid_keeps_the_combinations_that_only_accepts_in_their_order():
    axes = "data: iris\naxes: {architecture: [4, 8, 4-4], activation: [relu, tanh]}\n"
    everything = prepared(axes).configurations
    chosen = prepared(axes + "only: not (architecture == '8' and activation == 'tanh') and parameters > 40")
    expected = [each for each in everything if each.architecture != (4,)]
    expected = [each for each in expected if each.architecture != (8,) or each.activation_label != "tanh"]
    assert list(chosen.configurations) == expected == chosen.configurations[:]
    assert (chosen.trial_count, chosen.configurations[-1]) == (len(expected), expected[-1])


def test_a_filter_that_accepts_nothing_is_an_error():
    with pytest.raises(SpecError, match=r"accepts none of the 1 configuration, such as .* parameters; change it"):
        _ = prepared("data: iris\nonly: parameters < 1").trial_count


def test_trials_of_a_search_include_its_repeats_and_folds():
    sweep = prepared(SPACE + "repeats: 3\nsearch: random:trials=20")
    assert (len(sweep.configurations), sweep.repeat_count, sweep.trial_count) == (3, 6, 18)
    with pytest.raises(SpecError, match="has 6 repeats, more than the 5 trials; raise trials"):
        prepared(SPACE + "repeats: 3\nsearch: random:trials=5")


def test_all_configurations_of_a_search_are_accepted_by_its_filter():
    sweep = prepared(SPACE + "search: sobol:trials=20\nonly: parameters < 60 and architecture.depth == 2")
    parameters = [row["parameters"] for row in sweep_plan(sweep).configurations]
    assert len(parameters) == 10
    assert max(parameters) < 60
    assert {len(each.architecture) for each in sweep.configurations} == {2}


def test_a_stored_search_plans_the_same_configurations():
    sweep = prepared(SPACE + "search: random:trials=40\nonly: parameters < 60")
    stored = json.loads(json.dumps(sweep_plan(sweep).specification))
    again = prepare_sweep(Sweep.from_canonical(stored))
    assert list(again.configurations) == list(sweep.configurations)
    assert sweep_plan(again).specification == stored


def test_ways_to_use_the_examples_are_those_that_were_drawn():
    """Each share drawn from a range has a row, with what is learned from its examples."""
    sweep = prepared("data: iris\nsearch: random:trials=6\naxes: {training_examples: 0.2..0.8:linear}")
    shares = {f"training_examples={each.training_examples}" for each in sweep.configurations}
    assert {row["variant"] for row in sweep_plan(sweep).variants} == shares
    assert len(shares) == 6


def test_a_range_of_counts_must_fit_the_training_examples():
    with pytest.raises(SpecError, match="training_examples"):
        prepared("data: iris\nsearch: random:trials=6\naxes: {training_examples: 20..20000}")


def test_a_search_without_ranges_may_be_of_a_space_too_large_for_a_grid():
    many = ", ".join(map(str, range(1, 1001)))
    axes = f"batch_size: [{many}], epochs: [{many}], architecture: [{many}]"
    text = f"data: iris\nsearch: random:trials=4\naxes: {{{axes}}}"
    assert prepared(text).trial_count == 4
    with pytest.raises(SpecError, match="at most 1,000,000 trials"):
        prepared(text.replace("search: random:trials=4", ""))


def test_sweeps_without_search_are_stored_as_ever():
    specification = sweep_plan(prepared("data: iris")).specification
    assert not {"search", "only"} & specification.keys()
    assert replace(sweep_from_text("data: iris")).canonical().keys() == specification.keys()


def test_combinations_that_are_left_out_are_counted():
    assert left_out(prepared("data: iris\naxes: {architecture: [4, 8, 9]}\nonly: parameters < 50")) == [
        "left out 2 combinations that `only: parameters < 50` refuses"
    ]
    assert left_out(prepared("data: iris\nonly: parameters < 50")) == []
    assert left_out(prepared("data: iris")) == []
