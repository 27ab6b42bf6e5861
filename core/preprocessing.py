"""Preprocessing: filling missing values and scaling inputs and targets, learned from the training examples only."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from fitgap.core.datasets import Dataset, Division, Split, split_examples
from fitgap.core.randomness import Purpose, generator
from fitgap.core.target_coding import Reading, Unrecognized

TRAINING, VALIDATION = 0, 1
MOST_DEVIATIONS = 10.0


@dataclass(frozen=True)
class Scaling:
    """(value − shift)·factor per column; both (n,). A factor of 0 sets the whole column to 0."""

    shift: np.ndarray
    factor: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Scaled values (N, n)."""
        return (values - self.shift) * self.factor

    def undo(self, scaled: np.ndarray) -> np.ndarray:
        """The original values (N, n); a column with a factor of 0 becomes its shift."""
        lengths = np.divide(1.0, self.factor, out=np.zeros_like(self.factor), where=self.factor != 0)
        return scaled * lengths + self.shift


@dataclass(frozen=True)
class InputTransform:
    """Filling, limiting and scaling of inputs: a missing value (NaN) becomes `fill`, then every value is limited to
    `low` … `high`, then (value − shift)·factor.

    All fields are (n_0,) float64. `fill` is NaN if missing values are not filled; `low` and `high` are infinite, or
    None, if values are not limited.
    """

    fill: np.ndarray
    shift: np.ndarray
    factor: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Filled, limited and scaled inputs (N, n_0)."""
        filled = np.where(np.isnan(values), self.fill, values)
        if self.low is not None and self.high is not None:
            np.clip(filled, self.low, self.high, out=filled)
        return (filled - self.shift) * self.factor

    def beyond(self, values: np.ndarray) -> np.ndarray:
        """Which values (N, n_0) are limited."""
        if self.low is None or self.high is None:
            return np.zeros(values.shape, bool)
        return ((values < self.low) | (values > self.high)) & (self.factor != 0)


# Both broadcast over any number of columns.
NO_SCALING = Scaling(np.zeros(1), np.ones(1))
NO_TRANSFORM = InputTransform(np.full(1, np.nan), np.zeros(1), np.ones(1))


def standard(values: np.ndarray) -> Scaling:
    """Scaling to mean 0 and standard deviation 1 over `values` (N, n)."""
    return Scaling(values.mean(axis=0), divide_where_varying(values, values.std(axis=0)))


def minmax(values: np.ndarray) -> Scaling:
    """Scaling to the range from 0 to 1 over `values` (N, n)."""
    lowest = values.min(axis=0)
    return Scaling(lowest, divide_where_varying(values, values.max(axis=0) - lowest))


def unchanged(values: np.ndarray) -> Scaling:
    """No scaling, except that columns that are constant in `values` (N, n) become 0."""
    return Scaling(np.zeros(values.shape[1]), divide_where_varying(values, np.ones(values.shape[1])))


PREPROCESSINGS: dict[str, Callable[[np.ndarray], Scaling]] = {
    "standard": standard,
    "minmax": minmax,
    "none": unchanged,
}

# The value that fills the gaps of a column, computed from its present values.
FILLINGS: dict[str, Callable[..., np.ndarray]] = {"mean": np.nanmean, "median": np.nanmedian}


def varying(values: np.ndarray) -> np.ndarray:
    """Which columns of `values` (N, n) hold more than one distinct value, ignoring NaN."""
    absent = np.isnan(values)
    lowest = np.where(absent, np.inf, values).min(axis=0)
    # A column of NaN only gets a lowest value above its highest.
    return lowest < np.where(absent, -np.inf, values).max(axis=0)


def divide_where_varying(values: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """1/spread, but 0 for columns that are constant in `values`.

    A constant column carries no information, but it may vary in the validation examples. Dividing by its spread, which
    is 0 or, due to rounding, 1e-17, has led to validation errors of 1e11.
    """
    usable = varying(values) & (spread > 0)
    with np.errstate(over="ignore"):
        factor = np.divide(1.0, spread, out=np.zeros_like(spread), where=usable)
    # The reciprocal of a spread such as 1e-310 overflows.
    return np.where(np.isfinite(factor), factor, 0.0)


@dataclass(frozen=True)
class Preparation:
    """How a data set is turned into the examples of a repeat.

    `preprocess` is a key of PREPROCESSINGS, applied to the inputs. `target_scaling` is "standard" or "none" and applies
    to numeric targets; classes are never scaled. `missing` is a key of FILLINGS, or another word, which leaves no
    values to fill. With `limits`, inputs far outside of what the training examples have are limited.
    """

    division: Division
    preprocess: str
    target_scaling: str
    missing: str = "refuse"
    limits: bool = False


# The fields of `Examples` that are tables.
TABLES = ("training_inputs", "training_targets", "validation_inputs", "validation_targets")


@dataclass(frozen=True)
class Examples:
    """Prepared examples of one repeat: inputs (n, n_0) and targets (n, n_L) in the dtype of training.

    `constant_columns` lists the inputs that are constant in the training examples and are set to 0 here.
    `inputs_transform` and `targets_scaling` are the transformations applied, for reuse on other examples and for
    undoing them.
    """

    training_inputs: np.ndarray
    training_targets: np.ndarray
    validation_inputs: np.ndarray
    validation_targets: np.ndarray
    constant_columns: tuple[int, ...]
    inputs_transform: InputTransform = NO_TRANSFORM
    targets_scaling: Scaling = NO_SCALING

    @property
    def byte_count(self) -> int:
        """The size of its tables."""
        return sum(getattr(self, name).nbytes for name in TABLES)


def prepare_examples(
    dataset: Dataset, preparation: Preparation, reading: Reading, *, seed: int, repeat: int, dtype: str
) -> Examples:
    """Split, fill and scale a data set for one repeat, learning from its training examples only.

    Raises ValueError if the split leaves no training or no validation example.
    """
    split = split_examples(dataset, preparation.division, seed=seed, repeat=repeat)
    transform = learned_transform(dataset.inputs[split.training], preparation)
    scaling = target_scaling(dataset, preparation, split)

    def side(rows: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
        inputs, targets = transform.apply(dataset.inputs[rows]), scaling.apply(dataset.targets[rows])
        if isinstance(reading, Unrecognized):
            random = generator(seed, repeat, Purpose.NOISE, number)
            inputs, targets = with_synthetic(inputs, targets, reading.share, dataset.class_count, random)
        return inputs.astype(dtype), reading.encode(targets, dataset.class_count).astype(dtype)

    return Examples(
        *side(split.training, TRAINING),
        *side(split.validation, VALIDATION),
        constant_columns=constant_columns(dataset, split),
        inputs_transform=transform,
        targets_scaling=scaling,
    )


def learned_transform(training: np.ndarray, preparation: Preparation) -> InputTransform:
    """The input transform learned from the inputs of the training examples (n, n_0)."""
    fill = fill_values(training, preparation.missing)
    filled = np.where(np.isnan(training), fill, training)
    scaling = PREPROCESSINGS[preparation.preprocess](filled)
    # Constant columns are found before filling: the mean of equal values may differ from them by rounding.
    factor = np.where(varying(training), scaling.factor, 0.0)
    low, high = limits_of(filled) if preparation.limits else (None, None)
    return InputTransform(fill, scaling.shift, factor, low, high)


def limits_of(training: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest inputs (n_0,) that other examples may have, from those of the training examples.

    In a nearly constant column, the spread comes from a few examples, and another example may be 10⁵ of its standard
    deviations away, where no network can predict. Ten standard deviations beyond the training examples, or their whole
    range if that is more, leave all other examples as they are.
    """
    lowest, highest = training.min(axis=0), training.max(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        margin = np.maximum(MOST_DEVIATIONS * training.std(axis=0), highest - lowest)
    margin = np.where(np.isfinite(margin), margin, np.inf)
    return lowest - margin, highest + margin


def fill_values(training: np.ndarray, missing: str) -> np.ndarray:
    """The fill value of each column (n_0,): 0 if a column has no values, NaN if missing values are not filled."""
    if missing not in FILLINGS:
        return np.full(training.shape[1], np.nan)
    present = ~np.isnan(training).all(axis=0)
    fill = np.zeros(training.shape[1])
    fill[present] = FILLINGS[missing](training[:, present], axis=0)
    return fill


def target_scaling(dataset: Dataset, preparation: Preparation, split: Split) -> Scaling:
    """The scaling of the targets, learned from the training examples."""
    if dataset.target_kind == "numbers" and preparation.target_scaling == "standard":
        return standard(dataset.targets[split.training])
    return Scaling(np.zeros(dataset.target_count), np.ones(dataset.target_count))


def encoded_targets(
    dataset: Dataset, preparation: Preparation, reading: Reading, split: Split
) -> tuple[np.ndarray, np.ndarray]:
    """The encoded targets (n, n_L) of a split's training and validation examples in float64, as in `Examples`."""
    scaling = target_scaling(dataset, preparation, split)

    def side(rows: np.ndarray) -> np.ndarray:
        targets = scaling.apply(dataset.targets[rows])
        if isinstance(reading, Unrecognized):
            synthetic = np.full((round(reading.share * len(rows)), 1), float(dataset.class_count))
            targets = np.concatenate([targets, synthetic])
        return reading.encode(targets, dataset.class_count).astype(np.float64)

    return side(split.training), side(split.validation)


def with_synthetic(
    inputs: np.ndarray, targets: np.ndarray, share: float, class_count: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (n, n_0) and class numbers (n, 1), followed by `share`·n synthetic examples of class number C.

    Each input of a synthetic example is drawn independently from the examples.
    """
    count = round(share * len(inputs))
    rows = random.integers(len(inputs), size=(count, inputs.shape[1]))
    synthetic = np.take_along_axis(inputs, rows, axis=0)
    return np.concatenate([inputs, synthetic]), np.concatenate([targets, np.full((count, 1), float(class_count))])


def constant_columns(dataset: Dataset, split: Split) -> tuple[int, ...]:
    """Indices of the input columns that are constant in the training examples."""
    return tuple(int(column) for column in np.flatnonzero(~varying(dataset.inputs[split.training])))
