"""Tests of how classes are told from numbers, and of one-hot rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import DataError
from runner.sources.targets import encode_targets, holds_classes, one_hot


@given(st.lists(st.integers(0, 9), min_size=1))
def test_one_hot_rows_hold_a_single_one_in_the_right_place(class_numbers):
    rows = one_hot(np.array(class_numbers), 10)
    assert rows.sum(axis=1).tolist() == [1.0] * len(class_numbers)
    assert rows.argmax(axis=1).tolist() == class_numbers


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array(["a", "b"]), True),
        (np.array(["a", "b"], dtype=object), True),
        (np.array([True, False]), True),
        (np.array([0, 1, 1, 0]), True),
        (np.array([0, 2, 2, 0]), False),
        (np.array([0.0, 1.0]), False),
        (np.arange(20).repeat(10), False),
        (np.arange(20).repeat(11), True),
        (np.arange(21).repeat(100), False),
    ],
)
def test_the_type_tells_classes_from_numbers(values, expected):
    assert holds_classes(values) is expected


def test_integer_classes_are_sorted_as_numbers():
    encoded = encode_targets("a.csv", {"y": np.array([10, 9, 10] * 10)})
    assert encoded.names == ("9", "10")


def test_too_many_classes_are_refused():
    with pytest.raises(DataError, match="target column 'id' has 1001 classes, but may have at most 1000"):
        encode_targets("a.csv", {"id": np.array([f"name {number}" for number in range(1001)])})
