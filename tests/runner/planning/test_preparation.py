"""Planning: what is stored about a sweep before it runs agrees with what will be trained."""

import json
from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.datasets import Division, split_examples
from fitgap.core.network_shape import dense_network
from fitgap.core.parameter_layout import Layout
from fitgap.core.preprocessing import prepare_examples
from fitgap.runner.data import fingerprint, load_dataset
from fitgap.runner.errors import DataError, SpecError
from fitgap.runner.planning.configuration_rows import configuration_row
from fitgap.runner.planning.plan import sweep_plan
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import Configuration, Sweep, stored_sweep_of, sweep_from_text


def prepared(text):
    return prepare_sweep(sweep_from_text(text))


def test_the_plan_has_every_configuration_once_with_its_number_of_trials(small_sweep, small_counts):
    sweep = prepared(small_sweep)
    plan = sweep_plan(sweep)
    assert sweep.trial_count == len(list(plan.configurations)) * len(plan.splits) == small_counts[0]
    assert len({row["hash"] for row in plan.configurations}) == len(list(plan.configurations))
    assert (plan.name, len(plan.splits)) == ("small", 2)


def test_what_is_written_reads_back_as_the_same_sweep(small_sweep):
    sweep = prepared(small_sweep)
    plan = sweep_plan(sweep)
    again = prepare_sweep(Sweep.from_canonical(plan.specification))
    assert again.configurations == sweep.configurations
    assert again.preparation == sweep.preparation
    assert listed(sweep_plan(again)) == listed(plan)
    restored = [Configuration.from_canonical(row["settings"]) for row in plan.configurations]
    assert restored == sweep.configurations


def listed(plan):
    """The plan with its configurations as a list."""
    return replace(plan, configurations=list(plan.configurations))


def test_every_split_row_is_what_the_core_will_draw():
    """Several pixels of the digits vary among all examples, but not among the training examples of every repeat."""
    sweep = prepared("{data: digits, seed: 4, repeats: 3}")
    for row in sweep_plan(sweep).splits:
        split = split_examples(sweep.dataset, Division(0.3), seed=4, repeat=row["repeat"])
        assert (row["training_count"], row["validation_count"]) == (len(split.training), len(split.validation))
        constant = np.ptp(sweep.dataset.inputs[split.training], axis=0) == 0
        assert row["constant_columns"] == np.flatnonzero(constant).tolist() != []
        # Half of one minus the sum of squared frequencies of ten nearly equally frequent classes.
        assert [row["constant_e_t"], row["constant_e_v"]] == pytest.approx([0.45, 0.45], abs=0.002)
        assert len(row["constant_errors"]) == 2 * 250 * 4


def test_the_data_set_is_known_by_its_contents():
    plan = sweep_plan(prepared("{data: iris}"))
    assert plan.data_set["fingerprint"] == fingerprint(load_dataset("iris"))
    assert plan.data_set["example_count"] == 150
    assert len(plan.data_set["input_names"]) == 4


def test_a_configuration_row_says_what_people_search_for():
    text = """
    data: iris
    training: {epochs: 5, batch_size: 7, output_activation: sigmoid}
    axes:
      architecture: 6-3
      regularizer: {dropout: {ratio: 0.2}, l1: {weight: 0.001}}
      optimizer: {gradient_descent: {rate: 0.25}}
    """
    sweep = prepared(text)
    row = configuration_row(sweep.configurations[0], sweep)
    assert (row["architecture"], row["layers"]) == ("6-3", "4-6-3-3")
    assert row["parameters"] == Layout(dense_network((4, 6, 3, 3))).parameter_count == 4 * 6 + 6 + 6 * 3 + 3 + 3 * 3 + 3
    assert row["regularizer"] == "l1:weight=0.001+dropout:ratio=0.2"
    assert (row["optimizer"], row["learning_rate"]) == ("gradient_descent:rate=0.25", 0.25)
    assert (row["planned_epochs"], row["batch_size"], row["output_activation"]) == (5, 7, "sigmoid")


def test_the_data_set_decides_what_the_sweep_leaves_open():
    """A truth table validates on its own rows, unless the sweep says otherwise."""
    assert prepared("{data: xor}").preparation.division.validation == "same"
    assert prepared("{data: {source: xor, validation: 1}}").preparation.division.validation == 1
    assert prepared("{data: {source: iris, preprocess: none}}").preparation.preprocess == "none"


@pytest.mark.parametrize("validation", [150, 1000, 0.001])
def test_a_split_that_leaves_a_side_empty_is_refused(validation):
    with pytest.raises(DataError, match=r"iris: .*both must be at least 1"):
        prepared(f"{{data: {{source: iris, validation: {validation}}}}}")


def test_folds_are_repeats():
    """Three folds of two repeats are six splits. In every three of them, each example is used for validation once."""
    sweep = prepared("{data: {source: iris, validation: {folds: 3}}, repeats: 2}")
    assert (sweep.repeat_count, sweep.trial_count, len(sweep_plan(sweep).splits)) == (6, 6, 6)
    for first in (1, 4):
        validating = np.concatenate([sweep.splits[repeat].validation for repeat in range(first, first + 3)])
        assert sorted(validating) == list(range(150))


@pytest.mark.parametrize(
    ("data", "reading", "outputs"), [("iris", "OnePerClass", 3), ("xor", "ZeroOne", 1), ("diabetes", "Numbers", 1)]
)
def test_the_data_decide_the_outputs_where_the_sweep_says_nothing(data, reading, outputs):
    sweep = prepared(f"{{data: {data}}}")
    assert (type(sweep.reading).__name__, sweep.output_count) == (reading, outputs)


@pytest.mark.parametrize(
    ("data", "training", "message"),
    [
        ("iris", "{outputs: numbers}", "numbers is not for classes; use one_per_class"),
        ("diabetes", "{outputs: intervals}", "intervals is not for numbers; use numbers"),
        ("iris", "{outputs: signs}", "signs is for two classes, but there are 3"),
        ("iris", "{loss: sigmoid_cross_entropy}", "sigmoid_cross_entropy needs the outputs zero_one"),
        ("diabetes", "{loss: softmax_cross_entropy}", "needs the outputs one_per_class or unrecognized"),
        (
            "or, axes: {optimizer: perceptron}",
            "{output_activation: sign}",
            "zero_one does not go with .* sign; use signs",
        ),
    ],
)
def test_outputs_and_loss_must_go_with_the_data(data, training, message):
    with pytest.raises(SpecError, match=message):
        prepared(f"{{data: {data}, training: {training}}}")


def test_a_data_file_is_stored_with_its_full_path(tmp_path):
    """So that a sweep can be resumed from another folder; the data set keeps the name that the user wrote."""
    (tmp_path / "some.csv").write_text("a,b,y\n" + "".join(f"{n},{n * n % 7},{n / 3}\n" for n in range(30)))
    sweep = prepared("{data: {source: some.csv, target: y}}")
    plan = sweep_plan(sweep)
    assert plan.specification["data"]["source"] == str(tmp_path / "some.csv")
    assert plan.data_set["name"] == "some.csv"


@pytest.mark.parametrize("text", ["{data: digits}", "{data: {source: diabetes, preprocess: minmax}, repeats: 2}"])
def test_what_a_split_taught_is_saved_with_it(text):
    """Bit for bit the numbers with which the examples are prepared; JSON has null where nothing is filled."""
    sweep = prepared(text)
    for row in sweep_plan(sweep).splits:
        examples = prepare_examples(
            sweep.dataset, sweep.preparation, sweep.reading, seed=0, repeat=row["repeat"], dtype="float64"
        )
        written = json.loads(json.dumps(row["preprocessing"]))
        assert written.pop("limited") == {}
        saved = {name: np.array(values, float) for name, values in written.items()}
        transform, scaling = examples.inputs_transform, examples.targets_scaling
        assert np.array_equal(saved["input_fill"], transform.fill, equal_nan=True)
        assert np.array_equal(saved["input_shift"], transform.shift)
        assert np.array_equal(saved["input_factor"], transform.factor)
        assert np.array_equal(saved["target_shift"], scaling.shift)
        assert np.array_equal(saved["target_factor"], scaling.factor)


def test_inputs_far_outside_of_the_training_examples_are_named(tmp_path, monkeypatch):
    """A column is 7 except in two rows. Repeats that train only on the row with the smaller deviation have a limit."""
    monkeypatch.chdir(tmp_path)
    rows = [f"{row % 11},{7.0001 if row == 3 else 9 if row == 41 else 7},{row % 13}.5" for row in range(60)]
    (tmp_path / "some.csv").write_text("\n".join(["a,x,y", *rows]))
    sweep = prepared("{data: {source: some.csv, target: y}, repeats: 9}")
    limited = {row["repeat"]: row["preprocessing"]["limited"] for row in sweep_plan(sweep).splits}
    expected = {
        repeat: {"x": [42]} if 41 in split.validation and 3 in split.training else {}
        for repeat, split in sweep.splits.items()
    }
    assert limited == expected and any(expected.values())
    for row in sweep_plan(sweep).splits:
        examples = prepare_examples(
            sweep.dataset, sweep.preparation, sweep.reading, seed=0, repeat=row["repeat"], dtype="float64"
        )
        assert np.abs(examples.validation_inputs).max() < 100
    strict = prepared("{data: {source: some.csv, target: y, strict: true}}")
    assert not strict.preparation.limits


def test_a_sweep_of_version_0_1_0_keeps_its_handling(tmp_path, monkeypatch):
    """Its specification has no treatment: counters are inputs, `NA` is a category, and nothing is limited."""
    monkeypatch.chdir(tmp_path)
    rows = [f"{row},{'' if row % 9 == 0 else row % 5},{['red', 'NA'][row % 2]},{row % 13}.5" for row in range(60)]
    (tmp_path / "old.csv").write_text("\n".join(["n,size,color,y", *rows]))
    plan = sweep_plan(prepared("{data: {source: old.csv, target: y, missing: mean, text: one_hot, strict: true}}"))
    old = json.loads(json.dumps(plan.specification))
    for key in ("strict", "treatment", "test", "inputs", "ignore", "categorical", "dates", "target_kind", "separator"):
        old["data"].pop(key)
    again = prepare_sweep(stored_sweep_of(old))
    assert again.dataset.input_names == ("n", "size", "color=NA", "color=red")
    assert (again.preparation.missing, again.preparation.limits, again.report) == ("mean", False, ())
    assert fingerprint(again.dataset) == plan.data_set["fingerprint"]
    # Stored again, as when it is extended, it does not change.
    twice = prepare_sweep(stored_sweep_of(json.loads(json.dumps(sweep_plan(again).specification))))
    assert fingerprint(twice.dataset) == plan.data_set["fingerprint"] and not twice.preparation.limits


@pytest.mark.parametrize(
    ("axes", "shape", "told"),
    [
        ((6, 6), "}, axes: {architecture: [gru2, 3]", ["axes: 6 steps of 6 channels"]),
        ((6, 6), "", ["axes: 6 steps of 6 channels; if these are images, give shape: [6, 6, 1] under data"]),
        ((6, 6), ", shape: [6, 6, 1]", ["axes: 6 x 6 positions of 1 channel"]),
        ((6, 6, 2), "", ["axes: 6 x 6 positions of 2 channels"]),
        ((36,), "", []),
    ],
)
def test_how_the_inputs_of_an_array_are_arranged_is_said(axes, shape, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inputs = np.random.default_rng(1).normal(size=(40, *axes))
    np.savez("images.npz", inputs=inputs, targets=np.arange(40) % 2.5)
    sweep = prepared(f"{{data: {{source: images.npz{shape}}}}}")
    assert [line for line in sweep.report if line.startswith("axes")] == told
