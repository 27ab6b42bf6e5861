"""Scaling of inputs and targets by what the training examples alone show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.data import Dataset, Split, split_examples


@dataclass(frozen=True)
class Scaling:
    """(value − shift)·factor per column; both (n,). A factor of 0 makes the column 0 everywhere."""

    shift: np.ndarray
    factor: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Scaled values (N, n)."""
        return (values - self.shift) * self.factor


def standard(values: np.ndarray) -> Scaling:
    """Mean 0 and standard deviation 1 among `values` (N, n)."""
    return Scaling(values.mean(axis=0), divide_where_varying(values, values.std(axis=0)))


def minmax(values: np.ndarray) -> Scaling:
    """From 0 to 1 among `values` (N, n)."""
    lowest = values.min(axis=0)
    return Scaling(lowest, divide_where_varying(values, values.max(axis=0) - lowest))


def unchanged(values: np.ndarray) -> Scaling:
    """As they are, apart from columns that do not vary among `values` (N, n)."""
    return Scaling(np.zeros(values.shape[1]), divide_where_varying(values, np.ones(values.shape[1])))


PREPROCESSINGS: dict[str, Callable[[np.ndarray], Scaling]] = {
    "standard": standard,
    "minmax": minmax,
    "none": unchanged,
}


def varying(values: np.ndarray) -> np.ndarray:
    """Which columns of `values` (N, n) hold more than one value."""
    return values.min(axis=0) != values.max(axis=0)


def divide_where_varying(values: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """1/spread, but 0 for columns that do not vary among `values`.

    Such a column teaches nothing, and may vary among the other examples: dividing by its spread, which rounding
    leaves at 0 or at 1e-17, was seen to give validation errors of 1e11.
    """
    usable = varying(values) & (spread > 0)
    return np.divide(1.0, spread, out=np.zeros_like(spread), where=usable)


@dataclass(frozen=True)
class Preparation:
    """How a data set becomes the examples of a repeat.

    `validation` is a share, a count or "same" (see `split_examples`), `preprocess` a key of PREPROCESSINGS for the
    inputs, `target_scaling` "standard" or "none" for targets that are numbers; classes are never scaled.
    """

    validation: float | int | Literal["same"]
    preprocess: str
    target_scaling: str


@dataclass(frozen=True)
class Examples:
    """Prepared examples of one repeat: inputs (n, n_0) and targets (n, n_L) in the dtype of training.

    `constant_columns` lists the inputs that do not vary among the training examples and are 0 here.
    """

    training_inputs: np.ndarray
    training_targets: np.ndarray
    validation_inputs: np.ndarray
    validation_targets: np.ndarray
    constant_columns: tuple[int, ...]


def prepare_examples(dataset: Dataset, preparation: Preparation, *, seed: int, repeat: int, dtype: str) -> Examples:
    """Split and scale a data set for one repeat, learning the scaling from its training examples.

    Raises ValueError where the split leaves no training or no validation example.
    """
    split = split_examples(dataset.example_count, preparation.validation, seed=seed, repeat=repeat)
    inputs = PREPROCESSINGS[preparation.preprocess](dataset.inputs[split.training]).apply(dataset.inputs)
    targets = target_scaling(dataset, preparation, split).apply(dataset.targets)
    return Examples(
        training_inputs=inputs[split.training].astype(dtype),
        training_targets=targets[split.training].astype(dtype),
        validation_inputs=inputs[split.validation].astype(dtype),
        validation_targets=targets[split.validation].astype(dtype),
        constant_columns=constant_columns(dataset, split),
    )


def target_scaling(dataset: Dataset, preparation: Preparation, split: Split) -> Scaling:
    """The scaling of the targets, learned from the training examples."""
    if dataset.target_kind == "numbers" and preparation.target_scaling == "standard":
        return standard(dataset.targets[split.training])
    return Scaling(np.zeros(dataset.output_count), np.ones(dataset.output_count))


def constant_columns(dataset: Dataset, split: Split) -> tuple[int, ...]:
    """Numbers of the input columns that do not vary among the training examples."""
    return tuple(int(column) for column in np.flatnonzero(~varying(dataset.inputs[split.training])))
