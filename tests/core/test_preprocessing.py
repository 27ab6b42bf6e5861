"""Scaling, learned from the training examples alone."""

import dataclasses

import numpy as np
import pytest

from core.data import Dataset, split_examples
from core.preprocessing import PREPROCESSINGS, Preparation, prepare_examples

KEY = {"seed": 3, "repeat": 1}
SPLIT = split_examples(40, 0.3, **KEY)


@pytest.fixture(params=sorted(PREPROCESSINGS))
def preprocess(request):
    return request.param


@pytest.fixture
def dataset():
    """Forty examples of columns with their own places and sizes; targets are numbers and tell the examples apart."""
    rng = np.random.default_rng(23)
    inputs = rng.normal(size=(40, 3)) * [1, 100, 1e-3] + [0, 50, -7]
    targets = np.stack([np.arange(40.0), rng.normal(20, 3, 40)], axis=1)
    return Dataset("any", inputs, targets, "numbers", ("a", "b", "c"), ("number", "other"))


def prepare(dataset, preprocess="standard", target_scaling="none", dtype="float64", **key):
    preparation = Preparation(validation=0.3, preprocess=preprocess, target_scaling=target_scaling)
    return prepare_examples(dataset, preparation, **{**KEY, **key}, dtype=dtype)


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
def test_classes_are_never_scaled(dataset, target_scaling):
    classes = dataclasses.replace(dataset, targets=np.eye(2)[np.arange(40) % 2], target_kind="classes")
    examples = prepare(classes, target_scaling=target_scaling)
    assert np.array_equal(examples.training_targets, classes.targets[SPLIT.training])
    assert np.array_equal(examples.validation_targets, classes.targets[SPLIT.validation])


def test_preparing_leaves_the_data_set_alone(dataset, preprocess):
    inputs, targets = dataset.inputs.copy(), dataset.targets.copy()
    prepare(dataset, preprocess, "standard")
    assert np.array_equal(dataset.inputs, inputs) and np.array_equal(dataset.targets, targets)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_are_those_of_the_split_in_the_dtype_of_training(dataset, preprocess, dtype):
    examples = prepare(dataset, preprocess, dtype=dtype)
    assert examples.training_targets[:, 0].tolist() == SPLIT.training.tolist()
    assert examples.validation_targets[:, 0].tolist() == SPLIT.validation.tolist()
    tables = (value for value in vars(examples).values() if isinstance(value, np.ndarray))
    assert {table.dtype for table in tables} == {np.dtype(dtype)}


def test_another_seed_or_repeat_is_another_split(dataset):
    first = prepare(dataset).validation_targets
    assert not np.array_equal(first, prepare(dataset, seed=4).validation_targets)
    assert not np.array_equal(first, prepare(dataset, repeat=2).validation_targets)
