"""Scaling and encoding, learned from the training examples only."""

import dataclasses
import warnings

import numpy as np
import pytest
from fitgap.core.datasets import Division, split_examples
from fitgap.core.preprocessing import Preparation, learned_transform
from fitgap.core.scaling import PREPROCESSINGS, Scaling, mean_and_deviation
from fitgap.core.target_coding import Intervals, OnePerClass, Unrecognized, ZeroOne
from hypothesis import given
from hypothesis import strategies as st
from support.core.forty_examples import DIVISION, KEY, NAN, SPLIT, forty_examples, prepare, with_inputs


@pytest.fixture(params=sorted(PREPROCESSINGS))
def preprocess(request):
    return request.param


@pytest.fixture
def dataset():
    return forty_examples()


@pytest.fixture
def three_classes(dataset):
    targets = np.arange(40.0)[:, np.newaxis] % 3
    changes = {"targets": targets, "target_kind": "classes", "target_names": ("y",), "class_names": ("a", "b", "c")}
    return dataclasses.replace(dataset, **changes)


def test_standard_gives_training_inputs_mean_zero_and_deviation_one(dataset):
    inputs = prepare(dataset, "standard").training_inputs
    np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=1e-11)
    np.testing.assert_allclose(inputs.std(axis=0), 1, rtol=1e-11)


def test_minmax_brings_training_inputs_between_zero_and_one(dataset):
    inputs = prepare(dataset, "minmax").training_inputs
    np.testing.assert_allclose(inputs.min(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(inputs.max(axis=0), 1, rtol=1e-12)


def test_channels_are_scaled_over_examples_and_positions(dataset):
    """Directly from the definition, on three steps of two channels: one mean and deviation per channel."""
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
    """Scaled inputs are the same linear function of the unscaled ones in training and validation."""
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
    """Even if validation examples vary, and if rounding makes the deviation 1e-17 instead of 0."""
    examples = prepare(with_inputs(dataset, SPLIT.training, 1, constant), preprocess)
    assert (examples.training_inputs[:, 1] == 0).all()
    assert (examples.validation_inputs[:, 1] == 0).all()
    assert examples.constant_columns == (1,)
    assert all(len(np.unique(examples.training_inputs[:, column])) > 20 for column in (0, 2))


def test_columns_constant_among_the_validation_examples_alone_are_kept(dataset, preprocess):
    examples = prepare(with_inputs(dataset, SPLIT.validation, 1, 5.0), preprocess)
    assert examples.constant_columns == ()
    assert len(np.unique(examples.training_inputs[:, 1])) > 1


@pytest.mark.parametrize("size", [2.0**900, 2.0**-900], ids=["huge", "tiny"])
def test_columns_whose_squares_leave_the_range_of_numbers_are_scaled_like_others(dataset, size):
    usual = prepare(dataset, "standard").training_inputs
    extreme = dataclasses.replace(dataset, inputs=dataset.inputs * np.where(np.arange(usual.shape[1]) == 1, size, 1.0))
    with warnings.catch_warnings(action="error"):
        np.testing.assert_allclose(prepare(extreme, "standard").training_inputs, usual, rtol=1e-12)


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
    """The transform alone, which is all that a prediction has, reproduces the same bits."""
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
    """A column that is 7 in all training rows but one, and has another value in a validation row."""
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


@given(st.integers(1, 300), st.integers(1, 6), st.integers(0, 2**32 - 1), st.sampled_from("CF"))
def test_means_and_deviations_are_those_of_numpy_to_the_last_bit(rows, columns, seed, order):
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, columns)) * 10.0 ** random.integers(-100, 100, columns)
    values[:, 0] = values[0, 0]
    values = np.asarray(values, order=order)
    mean, deviation = mean_and_deviation(values)
    assert mean.tobytes() == values.mean(axis=0).tobytes()
    assert deviation.tobytes() == values.std(axis=0).tobytes()
