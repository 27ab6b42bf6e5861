"""Tests of NPZ files."""

import io

import numpy as np
import pytest
from fitgap.runner.data.handling import Handling
from fitgap.runner.errors import DataError
from support.data.loading import load_strictly

INPUTS = np.array([[1.0, 2.0], [3.0, 4.0]])


def load(*target, missing="refuse", **arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return load_strictly("a.npz", stream.getvalue(), target, Handling(missing))


def test_numbers():
    dataset = load(inputs=INPUTS, targets=np.array([0.5, 1.5]))
    assert dataset.input_names == ("input_1", "input_2")
    assert dataset.target_names == ("targets",)
    assert dataset.target_kind == "numbers"
    assert dataset.targets.tolist() == [[0.5], [1.5]]


def test_several_columns_are_numbers():
    dataset = load(inputs=INPUTS.astype(np.int8), targets=np.array([[0, 1], [1, 0]]))
    assert dataset.target_kind == "numbers"
    assert dataset.target_names == ("targets_1", "targets_2")
    assert dataset.inputs.dtype == dataset.targets.dtype == np.float64


@pytest.mark.parametrize("targets", [np.array(["b", "a"]), np.array([["b"], ["a"]])])
def test_text_is_classes(targets):
    dataset = load(inputs=INPUTS, targets=targets)
    assert (dataset.target_names, dataset.class_names) == (("targets",), ("a", "b"))
    assert dataset.targets.tolist() == [[1], [0]]


def test_target_names_the_array():
    dataset = load("labels", inputs=INPUTS, labels=np.array([True, False]), targets=np.zeros(2))
    assert (dataset.target_names, dataset.class_names) == (("labels",), ("false", "true"))


@pytest.mark.parametrize(
    ("target", "pattern"),
    [
        (("a", "b"), "one array of targets, but 2 were named"),
        (("inputs",), "no input is left"),
        (("tragets",), "targets"),
    ],
)
def test_wrong_targets(target, pattern):
    with pytest.raises(DataError, match=pattern):
        load(*target, inputs=INPUTS, targets=np.zeros(2))


def test_empty_text_is_a_missing_class():
    with pytest.raises(DataError, match="array 'targets', row 2: the value is missing"):
        load(inputs=INPUTS, targets=np.array(["a", ""]))


HOLEY = np.array([[1.0, np.nan], [3.0, 4.0], [5.0, 6.0]])


@pytest.mark.parametrize("missing", ["mean", "median"])
def test_missing_inputs_stay_to_be_filled(missing):
    dataset = load(inputs=HOLEY, targets=np.arange(3), missing=missing)
    assert np.array_equal(dataset.inputs, HOLEY, equal_nan=True)


def test_rows_that_lack_an_input_can_be_dropped():
    dataset = load(inputs=HOLEY, targets=np.array(["a", "b", "c"]), missing="drop")
    assert dataset.inputs.tolist() == [[3, 4], [5, 6]]
    assert dataset.class_names == ("b", "c")


@pytest.mark.parametrize("missing", ["drop", "mean", "median"])
def test_missing_targets_are_refused_whatever_becomes_of_inputs(missing):
    with pytest.raises(DataError, match="array 'targets', row 2: the value is missing"):
        load(inputs=INPUTS, targets=np.array([0.5, np.nan]), missing=missing)


def test_numbers_too_large_for_float64_are_infinite():
    if np.finfo(np.longdouble).max == np.finfo(np.float64).max:
        pytest.skip("long doubles are float64 on this machine")
    with pytest.raises(DataError, match="array 'inputs', row 1, column 1: the value is infinite"):
        load(inputs=np.array([[np.longdouble("1e400")], [1]]), targets=np.zeros(2))


def test_damaged_bytes_give_a_data_error():
    stream = io.BytesIO()
    np.savez_compressed(stream, inputs=INPUTS, targets=np.array([0.5, 1.5]))
    content = stream.getvalue()
    random = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        damaged[random.integers(len(content))] = random.integers(256)
        try:
            load_strictly("a.npz", bytes(damaged), (), Handling())
        except DataError as error:
            assert str(error).isprintable()
