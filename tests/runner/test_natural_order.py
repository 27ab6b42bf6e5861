"""Labels with numbers are in the order that people expect."""

import pytest
from fitgap.runner.natural_order import natural_order
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "expected",
    [
        ["none", "1", "2", "12", "16", "128"],
        ["4", "4-2", "4-16", "16-2", "16-16"],
        ["none", "l1:weight=0.5", "l2:weight=1e-05", "l2:weight=0.01", "l2:weight=0.1"],
        ["adam:rate=0.001", "adam:rate=0.01", "adam:rate=1", "rmsprop:rate=0.001"],
        [0.5, 2, 16, None],
        ["b", None],
    ],
)
def test_numbers_within_text_are_compared_as_numbers(expected):
    assert sorted(reversed(expected), key=natural_order) == expected


@given(st.lists(st.none() | st.text()))
def test_any_labels_can_be_sorted(labels):
    assert sorted(sorted(labels, key=natural_order), key=natural_order) == sorted(labels, key=natural_order)
