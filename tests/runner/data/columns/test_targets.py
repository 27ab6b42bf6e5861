"""Tests of how classes are distinguished from numbers, and how classes are numbered."""

import numpy as np
import pytest
from fitgap.runner.data.columns.targets import encode_targets, holds_classes
from fitgap.runner.errors import DataError
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.text(), min_size=2).filter(lambda words: len(set(words)) > 1))
def test_class_numbers_name_the_classes(words):
    encoded = encode_targets("a.csv", {"y": np.array(words, dtype=object)})
    assert (encoded.kind, encoded.names, encoded.class_names) == ("classes", ("y",), tuple(sorted(set(words))))
    assert [encoded.class_names[int(number)] for (number,) in encoded.values] == words


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
    assert encoded.class_names == ("9", "10")
    assert encoded.values[:3].tolist() == [[1], [0], [1]]


def test_too_many_classes_are_refused():
    with pytest.raises(DataError, match="target column 'id' has 1001 classes, but may have at most 1000"):
        encode_targets("a.csv", {"id": np.array([f"name {number}" for number in range(1001)])})
