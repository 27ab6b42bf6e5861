"""A data set of forty examples, and its preparation for training."""

import dataclasses

import numpy as np
from fitgap.core.datasets import Dataset, Division, split_examples
from fitgap.core.preprocessing import Preparation, prepare_examples
from fitgap.core.target_coding import Numbers

KEY = {"seed": 3, "repeat": 1}
DIVISION = Division(0.3)
NAN = float("nan")


def forty_examples():
    """Forty examples whose columns differ in mean and scale. Targets are numbers that identify the examples."""
    rng = np.random.default_rng(23)
    inputs = rng.normal(size=(40, 3)) * [1, 100, 1e-3] + [0, 50, -7]
    targets = np.stack([np.arange(40.0), rng.normal(20, 3, 40)], axis=1)
    return Dataset("any", inputs, targets, "numbers", ("a", "b", "c"), ("number", "other"))


SPLIT = split_examples(Dataset("any", *np.zeros((2, 40, 1)), "numbers", ("x",), ("y",)), DIVISION, **KEY)


def prepare(dataset, preprocess="standard", target_scaling="none", missing="refuse", dtype="float64", **changes):
    reading = changes.pop("reading", Numbers())
    limits = changes.pop("limits", False)
    preparation = Preparation(changes.pop("division", DIVISION), preprocess, target_scaling, missing, limits)
    return prepare_examples(dataset, preparation, reading, **{**KEY, **changes}, dtype=dtype)


def with_inputs(dataset, rows, column, values):
    inputs = dataset.inputs.copy()
    inputs[rows, column] = values
    return dataclasses.replace(dataset, inputs=inputs)
