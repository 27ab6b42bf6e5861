"""Filling and scaling, learned from the training examples alone."""

import dataclasses

import numpy as np
import pytest
from fitgap.core.datasets import Dataset, Division, split_examples
from fitgap.core.preprocessing import Preparation, learned_transform, prepare_examples
from fitgap.core.scaling import FILLINGS, PREPROCESSINGS, Scaling, fill_values
from fitgap.core.target_coding import Intervals, Numbers, OnePerClass, Unrecognized, ZeroOne
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

KEY = {"seed": 3, "repeat": 1}
DIVISION = Division(0.3)
NAN = float("nan")


@pytest.fixture(params=sorted(PREPROCESSINGS))
def preprocess(request):
    return request.param


@pytest.fixture(params=sorted(FILLINGS))
def filling(request):
    return request.param


@pytest.fixture
def dataset():
    """Forty examples of columns with their own places and sizes; targets are numbers and tell the examples apart."""
    rng = np.random.default_rng(23)
    inputs = rng.normal(size=(40, 3)) * [1, 100, 1e-3] + [0, 50, -7]
    targets = np.stack([np.arange(40.0), rng.normal(20, 3, 40)], axis=1)
    return Dataset("any", inputs, targets, "numbers", ("a", "b", "c"), ("number", "other"))


@pytest.fixture
def three_classes(dataset):
    targets = np.arange(40.0)[:, np.newaxis] % 3
    changes = {"targets": targets, "target_kind": "classes", "target_names": ("y",), "class_names": ("a", "b", "c")}
    return dataclasses.replace(dataset, **changes)


SPLIT = split_examples(Dataset("any", *np.zeros((2, 40, 1)), "numbers", ("x",), ("y",)), DIVISION, **KEY)


def prepare(dataset, preprocess="standard", target_scaling="none", missing="refuse", dtype="float64", **changes):
    reading = changes.pop("reading", Numbers())
    limits = changes.pop("limits", False)
    preparation = Preparation(changes.pop("division", DIVISION), preprocess, target_scaling, missing, limits)
    return prepare_examples(dataset, preparation, reading, **{**KEY, **changes}, dtype=dtype)


def with_inputs(dataset, rows, column, values):
    inputs = dataset.inputs.copy()
    inputs[rows, column] = values
    return dataclasses.replace(dataset, inputs=inputs)


def test_standard_gives_training_inputs_mean_zero_and_deviation_one(dataset):
    inputs = prepare(dataset, "standard").training_inputs
    np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=1e-11)
    np.testing.assert_allclose(inputs.std(axis=0), 1, rtol=1e-11)


def test_minmax_brings_training_inputs_between_zero_and_one(dataset):
    inputs = prepare(dataset, "minmax").training_inputs
    np.testing.assert_allclose(inputs.min(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(inputs.max(axis=0), 1, rtol=1e-12)


def test_channels_are_scaled_over_examples_and_positions(dataset):
    """By definition, on three steps of two channels: one mean and deviation per channel."""
    rng = np.random.default_rng(24)
    inputs = rng.normal(size=(40, 3, 2)) * [2, 5] + [1, -3] + np.arange(3)[:, np.newaxis]
    inputs[:, 1, 0] = 4.0
    sequences = dataclasses.replace(
        dataset, inputs=inputs.reshape(40, 6), input_names=tuple("abcdef"), input_axes=(3, 2)
    )
    examples = prepare(sequences, "channel_standard", limits=True)
    training = inputs[SPLIT.training]
    mean, deviation = training.mean(axis=(0, 1)), training.std(axis=(0, 1))
    expected = (inputs[SPLIT.validation] - mean) / deviation
    np.testing.assert_allclose(examples.validation_inputs, expected.reshape(-1, 6), rtol=1e-10, atol=1e-12)
    assert examples.constant_columns == ()
    assert len(set(examples.inputs_transform.high.tolist())) == 2
    ranges = prepare(sequences, "channel_minmax").training_inputs.reshape(-1, 2)
    np.testing.assert_allclose([ranges.min(axis=0), ranges.max(axis=0)], [[0, 0], [1, 1]], atol=1e-12)
    inputs[..., 0] = 4.0
    examples = prepare(dataclasses.replace(sequences, inputs=inputs.reshape(40, 6)), "channel_standard")
    assert examples.constant_columns == (0, 2, 4) and not examples.training_inputs[:, ::2].any()


def test_without_axes_every_input_is_a_channel(dataset):
    for name in ("standard", "minmax"):
        one, other = prepare(dataset, name, limits=True), prepare(dataset, f"channel_{name}", limits=True)
        assert np.array_equal(one.validation_inputs, other.validation_inputs)


def test_none_leaves_inputs_as_they_are(dataset):
    examples = prepare(dataset, "none")
    assert np.array_equal(examples.training_inputs, dataset.inputs[SPLIT.training])
    assert np.array_equal(examples.validation_inputs, dataset.inputs[SPLIT.validation])


def test_both_sides_are_scaled_alike_and_linearly(dataset, preprocess):
    """Scaled inputs are one linear function of the unscaled ones, in training and in validation."""
    examples = prepare(dataset, preprocess)
    scaled = np.concatenate([examples.training_inputs, examples.validation_inputs])
    unscaled = dataset.inputs[np.concatenate([SPLIT.training, SPLIT.validation])]
    for column in range(3):
        slope, offset = np.polyfit(unscaled[:, column], scaled[:, column], 1)
        np.testing.assert_allclose(scaled[:, column], slope * unscaled[:, column] + offset, atol=1e-9)
        assert slope > 0


def test_validation_examples_have_no_part_in_the_scaling(dataset, preprocess):
    moved = with_inputs(dataset, SPLIT.validation, slice(None), 1e6)
    moved.targets[SPLIT.validation] = -1e6
    before, after = (prepare(each, preprocess, "standard") for each in (dataset, moved))
    assert np.array_equal(before.training_inputs, after.training_inputs)
    assert np.array_equal(before.training_targets, after.training_targets)
    assert before.constant_columns == after.constant_columns


@pytest.mark.parametrize("constant", [0.0, 0.1, -7.3, 1e9 + 0.1, 1e-300])
def test_columns_constant_among_the_training_examples_become_zero_everywhere(dataset, preprocess, constant):
    """Also where the validation examples vary, and where rounding leaves the deviation at 1e-17 instead of 0."""
    examples = prepare(with_inputs(dataset, SPLIT.training, 1, constant), preprocess)
    assert (examples.training_inputs[:, 1] == 0).all()
    assert (examples.validation_inputs[:, 1] == 0).all()
    assert examples.constant_columns == (1,)
    assert all(len(np.unique(examples.training_inputs[:, column])) > 20 for column in (0, 2))


def test_columns_constant_among_the_validation_examples_alone_are_kept(dataset, preprocess):
    examples = prepare(with_inputs(dataset, SPLIT.validation, 1, 5.0), preprocess)
    assert examples.constant_columns == ()
    assert len(np.unique(examples.training_inputs[:, 1])) > 1


def test_targets_that_are_numbers_can_be_standardised(dataset):
    examples = prepare(dataset, target_scaling="standard")
    np.testing.assert_allclose(examples.training_targets.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(examples.training_targets.std(axis=0), 1, rtol=1e-12)
    training = dataset.targets[SPLIT.training]
    expected = (dataset.targets[SPLIT.validation] - training.mean(axis=0)) / training.std(axis=0)
    np.testing.assert_allclose(examples.validation_targets, expected, rtol=1e-10)


def test_targets_stay_as_they_are_where_no_scaling_is_asked_for(dataset):
    examples = prepare(dataset, target_scaling="none")
    assert np.array_equal(examples.training_targets, dataset.targets[SPLIT.training])
    assert np.array_equal(examples.validation_targets, dataset.targets[SPLIT.validation])


@pytest.mark.parametrize("target_scaling", ["standard", "none"])
def test_classes_are_encoded_and_never_scaled(three_classes, target_scaling):
    examples = prepare(three_classes, target_scaling=target_scaling, reading=OnePerClass())
    split = split_examples(three_classes, DIVISION, **KEY)
    one_hot = np.eye(3)[np.arange(40) % 3]
    assert np.array_equal(examples.training_targets, one_hot[split.training])
    assert np.array_equal(examples.validation_targets, one_hot[split.validation])
    assert np.array_equal(examples.targets_scaling.apply(three_classes.targets), three_classes.targets)


def test_the_reading_decides_what_is_learned(three_classes):
    examples = prepare(three_classes, reading=Intervals())
    assert set(np.unique(examples.training_targets)) == {0.5 / 3, 1.5 / 3, 2.5 / 3}


def test_what_was_done_can_be_done_again(dataset, preprocess):
    """To the bit, for those who only have the transform, as a prediction has."""
    examples = prepare(with_inputs(dataset, [0, 5, 9], [0, 1, 1], NAN), preprocess, "standard", "mean")
    again = examples.inputs_transform.apply(with_inputs(dataset, [0, 5, 9], [0, 1, 1], NAN).inputs)
    assert np.array_equal(again[SPLIT.training], examples.training_inputs)
    assert np.array_equal(again[SPLIT.validation], examples.validation_inputs)
    assert all(values is None or values.shape == (3,) for values in vars(examples.inputs_transform).values())


def test_scaled_targets_can_be_brought_back(dataset):
    examples = prepare(dataset, target_scaling="standard")
    restored = examples.targets_scaling.undo(examples.validation_targets)
    np.testing.assert_allclose(restored, dataset.targets[SPLIT.validation], rtol=1e-12)


def test_a_target_without_spread_comes_back_as_what_it_was():
    scaling = Scaling(np.array([5.0, 1.0]), np.array([0.0, 2.0]))
    assert scaling.undo(np.array([[0.7, 4.0]])).tolist() == [[5.0, 3.0]]


def test_a_missing_value_becomes_what_the_training_examples_say(dataset, filling):
    rows = [SPLIT.training[0], SPLIT.training[3], SPLIT.validation[0]]
    examples = prepare(with_inputs(dataset, rows, 1, NAN), "none", missing=filling)
    present = np.delete(dataset.inputs[SPLIT.training, 1], [0, 3])
    expected = {"mean": np.mean, "median": np.median}[filling](present)
    assert examples.inputs_transform.fill[1] == pytest.approx(expected, rel=1e-14)
    for value in (examples.training_inputs[0, 1], examples.training_inputs[3, 1], examples.validation_inputs[0, 1]):
        assert value == examples.inputs_transform.fill[1]


def test_missing_values_of_validation_examples_have_no_part_in_the_filling(dataset, preprocess, filling):
    holey = with_inputs(dataset, SPLIT.training[:4], 0, NAN)
    moved = with_inputs(holey, SPLIT.validation, slice(None), 1e6)
    before, after = (prepare(each, preprocess, missing=filling) for each in (holey, moved))
    assert np.array_equal(before.training_inputs, after.training_inputs)
    assert np.array_equal(before.inputs_transform.fill, after.inputs_transform.fill)


def test_an_input_that_no_training_example_has_becomes_zero(dataset, preprocess, filling):
    examples = prepare(with_inputs(dataset, SPLIT.training, 1, NAN), preprocess, missing=filling)
    assert examples.inputs_transform.fill[1] == 0
    assert examples.constant_columns == (1,)
    assert (examples.training_inputs[:, 1] == 0).all() and (examples.validation_inputs[:, 1] == 0).all()


@pytest.mark.parametrize("constant", [0.1, 1e9 + 0.1, -7.3])
def test_filling_does_not_make_a_constant_input_vary(dataset, preprocess, filling, constant):
    """The mean of equal values differs from them by rounding, and must not be taken for spread."""
    some = with_inputs(dataset, SPLIT.training, 1, constant)
    examples = prepare(with_inputs(some, SPLIT.training[:7], 1, NAN), preprocess, missing=filling)
    assert examples.constant_columns == (1,)
    assert (examples.training_inputs[:, 1] == 0).all() and (examples.validation_inputs[:, 1] == 0).all()


MOSTLY_NUMBERS = st.one_of(st.floats(-1e6, 1e6), st.just(NAN))


@given(st.data(), st.integers(1, 20), st.integers(1, 4), st.sampled_from(sorted(FILLINGS)))
def test_filled_inputs_are_finite_and_lie_among_those_present(data, rows, columns, filling):
    values = data.draw(arrays(float, (rows, columns), elements=MOSTLY_NUMBERS))
    fill = fill_values(values, filling)
    for column, value in zip(values.T, fill, strict=True):
        present = column[~np.isnan(column)]
        if len(present):
            assert present.min() - 1e-6 <= value <= present.max() + 1e-6
        else:
            assert value == 0
    for preprocess in PREPROCESSINGS:
        transform = learned_transform(values, Preparation(DIVISION, preprocess, "none", filling))
        assert np.isfinite(transform.apply(values)).all()


@pytest.mark.parametrize("missing", ["refuse", "drop"])
def test_nothing_is_filled_where_nothing_may_be_missing(dataset, missing):
    assert np.isnan(prepare(dataset, missing=missing).inputs_transform.fill).all()


@pytest.mark.parametrize(("share", "made"), [(0, (0, 0)), (0.1, (3, 1)), (1, (28, 12)), (2.5, (70, 30))])
def test_examples_of_no_class_are_added_to_both_sides(three_classes, share, made):
    plain = prepare(three_classes, reading=OnePerClass())
    examples = prepare(three_classes, reading=Unrecognized(share=share))
    assert (len(examples.training_inputs), len(examples.validation_inputs)) == (28 + made[0], 12 + made[1])
    assert np.array_equal(examples.training_inputs[:28], plain.training_inputs)
    assert np.array_equal(examples.validation_inputs[:12], plain.validation_inputs)
    assert (examples.training_targets[:28, 3] == 0).all()
    assert (examples.training_targets[28:] == [0, 0, 0, 1]).all()
    assert (examples.validation_targets[12:] == [0, 0, 0, 1]).all()


def test_made_examples_take_every_input_from_examples_of_their_own_side(three_classes):
    examples = prepare(three_classes, reading=Unrecognized(share=2))
    for inputs, real in ((examples.training_inputs, 28), (examples.validation_inputs, 12)):
        made = inputs[real:]
        for column in range(3):
            assert np.isin(made[:, column], inputs[:real, column]).all()
        sources = [[int(np.flatnonzero(inputs[:real, k] == row[k])[0]) for k in range(3)] for row in made]
        assert sum(len(set(rows)) > 1 for rows in sources) > 0.8 * len(made)


def test_made_examples_depend_on_seed_and_repeat_and_side_alone(three_classes):
    def made(**changes):
        examples = prepare(three_classes, division=Division("same"), reading=Unrecognized(share=1), **changes)
        return examples.training_inputs[40:].tolist(), examples.validation_inputs[40:].tolist()

    assert made() == made()
    assert made() != made(seed=4) and made() != made(repeat=2)
    assert made()[0] != made()[1]


def test_two_classes_of_one_output(three_classes):
    targets = np.arange(40.0)[:, np.newaxis] % 2
    two = dataclasses.replace(three_classes, targets=targets, class_names=("0", "1"))
    examples = prepare(two, reading=ZeroOne(), division=Division("same"))
    assert np.array_equal(examples.training_targets, targets)


def test_preparing_leaves_the_data_set_alone(dataset, preprocess):
    inputs, targets = dataset.inputs.copy(), dataset.targets.copy()
    prepare(dataset, preprocess, "standard")
    assert np.array_equal(dataset.inputs, inputs) and np.array_equal(dataset.targets, targets)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_are_those_of_the_split_in_the_dtype_of_training(dataset, preprocess, dtype):
    examples = prepare(dataset, preprocess, dtype=dtype)
    assert examples.training_targets[:, 0].tolist() == SPLIT.training.tolist()
    assert examples.validation_targets[:, 0].tolist() == SPLIT.validation.tolist()
    tables = [value for value in vars(examples).values() if isinstance(value, np.ndarray)]
    assert len(tables) == 4
    assert {table.dtype for table in tables} == {np.dtype(dtype)}


def test_another_seed_or_repeat_is_another_split(dataset):
    first = prepare(dataset).validation_targets
    assert not np.array_equal(first, prepare(dataset, seed=4).validation_targets)
    assert not np.array_equal(first, prepare(dataset, repeat=2).validation_targets)


def test_no_validation_example_is_far_outside_of_what_was_trained_on(dataset, preprocess):
    """A column that is 7 in all training rows but one, and something else among the validation rows."""
    values = np.full(40, 7.0)
    values[SPLIT.training[0]] = 7.0001
    values[SPLIT.validation[0]] = 9
    nearly = with_inputs(dataset, slice(None), 1, values)
    examples = prepare(nearly, preprocess, limits=True)
    spread = np.ptp(examples.training_inputs[:, 1])
    assert np.abs(examples.validation_inputs[0, 1] - examples.training_inputs[:, 1].max()) <= 2.0001 * max(spread, 1e-3)
    beyond = examples.inputs_transform.beyond(nearly.inputs[SPLIT.validation])
    assert np.argwhere(beyond).tolist() == [[0, 1]]


@pytest.mark.parametrize("missing", ["refuse", "median"])
def test_limits_leave_usual_examples_as_they_are(dataset, preprocess, missing):
    one, other = (prepare(dataset, preprocess, missing=missing, limits=limits) for limits in (False, True))
    for side in ("training_inputs", "validation_inputs"):
        assert getattr(one, side).tobytes() == getattr(other, side).tobytes()


def test_limits_of_huge_numbers_are_none():
    huge = np.array([[-1.5e308], [1.5e308]])
    transform = learned_transform(huge, Preparation(DIVISION, "none", "none", limits=True))
    assert not transform.beyond(huge).any()
