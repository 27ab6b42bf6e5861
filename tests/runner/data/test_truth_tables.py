"""Tests of the truth tables against Python's own operators."""

import itertools
import operator

import pytest
from fitgap.runner.data import SourceDefaults, load_dataset, source_defaults


@pytest.mark.parametrize(("name", "rule"), [("and", operator.and_), ("or", operator.or_), ("xor", operator.xor)])
def test_truth_table(name, rule):
    dataset = load_dataset(name)
    assert dataset.target_kind == "classes"
    assert dataset.inputs.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert dataset.targets.tolist() == [[rule(int(a), int(b))] for a, b in dataset.inputs]
    assert dataset.class_names == ("0", "1")
    assert source_defaults(name) == SourceDefaults("none", "same")


@pytest.mark.parametrize("count", [1, 2, 3, 5, 12])
def test_majority(count):
    dataset = load_dataset("majority", options={"inputs": count})
    assert sorted(dataset.inputs.tolist()) == [list(row) for row in itertools.product([0, 1], repeat=count)]
    for row, (answer,) in zip(dataset.inputs.tolist(), dataset.targets.tolist(), strict=True):
        assert answer == (row.count(1) > row.count(0))
    assert len(dataset.input_names) == count
    assert dataset.class_names == ("0", "1")
    assert source_defaults("majority") == SourceDefaults("none", "same")


def test_majority_has_five_inputs_unless_told():
    assert load_dataset("majority").inputs.shape == (32, 5)
