"""Readings: coding classes and numbers as outputs, and reading outputs back."""

import numpy as np
import pytest
from fitgap.core.target_coding import READINGS, TWO_CLASSES, one_hot, read_intervals
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

OF_CLASSES = [name for name, reading in READINGS.items() if reading.for_classes]


def class_counts_of(name):
    return [2] if name in TWO_CLASSES else [2, 3, 5, 10, 37, 1000]


CASES = [(name, class_count) for name in OF_CLASSES for class_count in class_counts_of(name)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "class_count"), CASES)
def test_every_class_is_read_back_from_what_stands_for_it(name, class_count, dtype):
    reading = READINGS[name]()
    numbers = np.arange(class_count)
    outputs = reading.encode(numbers[:, np.newaxis].astype(float), class_count)
    assert outputs.shape == (class_count, reading.output_count(class_count, 1))
    assert reading.read(outputs.astype(dtype), class_count).tolist() == numbers.tolist()
    stacked = np.stack([outputs, outputs[::-1]])
    assert reading.read(stacked, class_count).tolist() == [numbers.tolist(), numbers[::-1].tolist()]


@given(st.sampled_from(CASES), st.data())
def test_whatever_a_network_gives_is_read_as_some_class(case, data):
    """Outputs of an untrained or diverged network are read as some class, without a warning."""
    name, class_count = case
    reading = READINGS[name]()
    wide = arrays(float, (3, reading.output_count(class_count, 1)), elements=st.floats(), fill=st.just(0.5))
    found = reading.read(data.draw(wide), class_count)
    assert found.shape == (3,) and found.dtype.kind == "i"
    most = class_count if name == "unrecognized" else class_count - 1
    assert ((found >= 0) & (found <= most)).all()


@given(st.sampled_from([case for case in CASES if case[1] < 1000]), st.data())
def test_outputs_agree_with_targets_where_both_are_read_as_one_class(case, data):
    """Also if several outputs are the largest, infinite or NaN, and for every memory layout."""
    name, class_count = case
    reading = READINGS[name]()
    classes = data.draw(arrays(float, (2, 4, 1), elements=st.integers(0, class_count - 1)))
    targets = np.stack([reading.encode(each, class_count) for each in classes])
    few = st.sampled_from([0.0, 0.5, 1.0, np.inf, -np.inf, np.nan])
    outputs = data.draw(arrays(float, targets.shape, elements=st.one_of(few, st.floats(-2, 2))))
    expected = reading.read(outputs, class_count) == reading.read(targets, class_count)
    for lying in (outputs, outputs.mT.copy().mT):
        assert np.array_equal(reading.agree(lying, targets, class_count), expected)


@pytest.mark.parametrize("name", ["one_per_class", "unrecognized"])
def test_a_network_without_numbers_leaves_what_others_say_alone(name):
    """One network marks no output as its largest, another marks two: together they must not count as one each."""
    reading = READINGS[name]()
    targets = reading.encode(np.array([[0.0], [1.0]]), 2)
    outputs = np.full(targets.shape, np.nan)
    outputs[1] = 0
    outputs[1, :2] = 1
    assert reading.agree(outputs, targets, 2).tolist() == [True, False]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300, -1e300])
@pytest.mark.parametrize("name", OF_CLASSES)
def test_outputs_out_of_all_bounds_are_read_without_a_warning(name, value):
    reading = READINGS[name]()
    outputs = np.full((1, reading.output_count(2, 1)), value)
    assert 0 <= reading.read(outputs, 2)[0] <= 2


@given(arrays(float, st.tuples(st.integers(1, 9), st.integers(1, 3)), elements=st.floats(-1e9, 1e9)))
def test_numbers_are_read_as_they_are(targets):
    reading = READINGS["numbers"]()
    assert reading.output_count(0, targets.shape[1]) == targets.shape[1]
    outputs = reading.encode(targets, 0)
    assert np.array_equal(reading.read(outputs, 0), targets)
    assert outputs is not targets


@pytest.mark.parametrize("name", READINGS)
def test_encoding_leaves_the_targets_alone(name):
    targets = np.array([[0.0], [1.0]])
    encoded = READINGS[name]().encode(targets, 2)
    encoded += 7
    assert targets.tolist() == [[0.0], [1.0]]


@pytest.mark.parametrize("class_count", [2, 3, 7, 10, 20])
def test_an_interval_belongs_to_its_class_up_to_its_upper_border(class_count):
    """With ten classes, [0, 0.1] means 0, (0.1, 0.2] means 1 and so on, as in the notes (§2.2)."""
    borders = np.arange(class_count + 1) / class_count
    assert read_intervals(borders, class_count).tolist() == [0, *range(class_count)]
    above = np.nextafter(borders, 2) + 1e-12
    assert read_intervals(above, class_count).tolist() == [*range(class_count), class_count - 1]


def test_ten_classes_as_the_notes_divide_them():
    values = np.array([0, 0.05, 0.1, 0.100001, 0.2, 0.200001, 0.55, 0.9, 0.900001, 1])
    assert read_intervals(values, 10).tolist() == [0, 0, 0, 1, 1, 2, 5, 8, 9, 9]


def test_a_value_beyond_all_intervals_is_of_the_nearest():
    assert read_intervals(np.array([-0.5, -1e9, 1.5, 1e9, np.inf, -np.inf, np.nan]), 4).tolist() == [
        0,
        0,
        3,
        3,
        3,
        0,
        0,
    ]


def test_classes_stand_in_the_middle_of_their_intervals():
    assert READINGS["intervals"]().encode(np.array([[0.0], [1.0], [3.0]]), 4).tolist() == [[0.125], [0.375], [0.875]]


@pytest.mark.parametrize(("name", "border"), [("zero_one", 0.5), ("signs", 0.0)])
def test_one_output_for_two_classes_is_read_at_a_border(name, border):
    """The border itself is read as the first class."""
    outputs = border + np.array([[-1.0], [-1e-9], [0.0], [1e-9], [1.0]])
    assert READINGS[name]().read(outputs, 2).tolist() == [0, 0, 0, 1, 1]


def test_what_no_class_explains_has_an_output_of_its_own():
    reading = READINGS["unrecognized"]()
    assert reading.output_count(3, 1) == 4
    assert reading.encode(np.array([[2.0], [3.0]]), 3).tolist() == [[0, 0, 1, 0], [0, 0, 0, 1]]
    assert reading.read(np.array([[0.1, 0.2, 0.1, 0.3]]), 3).tolist() == [3]


@given(st.lists(st.integers(0, 9), min_size=1))
def test_one_hot_rows_hold_a_single_one_in_the_right_place(class_numbers):
    rows = one_hot(np.array(class_numbers, dtype=float)[:, np.newaxis], 10)
    assert rows.sum(axis=1).tolist() == [1.0] * len(class_numbers)
    assert rows.argmax(axis=1).tolist() == class_numbers
