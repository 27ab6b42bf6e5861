"""Tests of the fingerprint of a data set."""

from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.datasets import Dataset
from fitgap.runner.data import fingerprint

DATASET = Dataset("a", np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0], [1.0]]), "numbers", ("x", "y"), ("z",))


def test_fingerprint_is_fixed_for_all_time():
    assert fingerprint(DATASET) == "6f00911982b04311c28c74081e85cb517273ebc3915d8c498710d71fff8d5f05"


def test_memory_layout_byte_order_and_name_do_not_matter():
    same = replace(DATASET, name="b", inputs=np.asfortranarray(DATASET.inputs.astype(">f8")))
    assert fingerprint(same) == fingerprint(DATASET)


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": np.array([[1.0, 2.0], [3.0, np.nextafter(4.0, 5.0)]])},
        {"targets": np.array([[1.0], [0.0]])},
        {"input_names": ("x", "w")},
        {"target_names": ("w",)},
        {"target_kind": "classes"},
        {"class_names": ("a", "b")},
        {"inputs": np.array([[1.0, 2.0], [3.0, np.nan]])},
    ],
)
def test_every_part_matters(change):
    assert fingerprint(replace(DATASET, **change)) != fingerprint(DATASET)


def test_a_missing_value_has_one_form():
    """NaN has a sign and a payload, which mean nothing."""
    odd = np.array([0x7FF8000000000000, 0xFFF8000000000123], dtype=np.uint64).view(np.float64)
    one, other = (np.array([[1.0, 2.0], [3.0, missing]]) for missing in odd)
    assert fingerprint(replace(DATASET, inputs=one)) == fingerprint(replace(DATASET, inputs=other))
