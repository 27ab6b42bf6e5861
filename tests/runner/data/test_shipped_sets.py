"""The shipped files contain exactly the values that scikit-learn distributes."""

from importlib.resources import files

import numpy as np
import pytest
from fitgap.runner.data import load_dataset
from fitgap.runner.data.shipped_sets import SHIPPED_SETS
from sklearn import datasets


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer"])
def test_classes_equal_those_of_scikit_learn(name):
    ours, theirs = load_dataset(name), getattr(datasets, f"load_{name}")()
    scale = 16 if name == "digits" else 1
    assert np.array_equal(ours.inputs * scale, theirs.data)
    assert np.array_equal(ours.targets[:, 0], theirs.target)
    assert ours.input_names == tuple(theirs.feature_names)
    assert ours.class_names == tuple(str(name) for name in theirs.target_names)
    assert ours.target_kind == "classes"


def test_diabetes_equals_the_raw_one_of_scikit_learn():
    ours, theirs = load_dataset("diabetes"), datasets.load_diabetes(scaled=False)
    assert np.array_equal(ours.inputs, theirs.data)
    assert np.array_equal(ours.targets[:, 0], theirs.target)
    assert ours.input_names == tuple(theirs.feature_names)
    assert ours.target_kind == "numbers"


def test_digits_lie_between_0_and_1():
    digits = load_dataset("digits")
    assert digits.inputs.shape == (1797, 64)
    assert (digits.inputs.min(), digits.inputs.max()) == (0, 1)


@pytest.mark.parametrize("name", SHIPPED_SETS)
def test_the_origin_of_every_shipped_set_is_told(name):
    origin = (files("fitgap.runner.data") / "shipped" / "ORIGIN.md").read_text(encoding="utf-8")
    section = origin.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert all(f"- {word}:" in section for word in ("Origin", "Citation", "License", "Changed"))
