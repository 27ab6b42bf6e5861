"""Tests of the truth tables against Python's own operators."""

import operator

import pytest

from runner.sources import SourceDefaults, load_dataset, source_defaults


@pytest.mark.parametrize(("name", "rule"), [("and", operator.and_), ("or", operator.or_), ("xor", operator.xor)])
def test_truth_table(name, rule):
    dataset = load_dataset(name)
    assert dataset.target_kind == "classes"
    assert dataset.inputs.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert dataset.targets.tolist() == [[rule(int(a), int(b))] for a, b in dataset.inputs]
    assert source_defaults(name) == SourceDefaults("none", "same")
