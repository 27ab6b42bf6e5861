"""Filling missing values, limiting and scaling columns, as learned from examples."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

MOST_DEVIATIONS = 10.0


@dataclass(frozen=True)
class Scaling:
    """(value − shift)·factor per column; both (n,). A factor of 0 sets the whole column to 0."""

    shift: np.ndarray
    factor: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Scaled values (N, n)."""
        return (values - self.shift) * self.factor

    @property
    def lengths(self) -> np.ndarray:
        """1/factor (n,): how much one scaled unit is; 0 where the factor is 0."""
        return np.divide(1.0, self.factor, out=np.zeros_like(self.factor), where=self.factor != 0)

    def undo(self, scaled: np.ndarray) -> np.ndarray:
        """The original values (N, n); a column with a factor of 0 becomes its shift."""
        return scaled * self.lengths + self.shift


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
        # In place: large tables would take twice the memory.
        filled -= self.shift
        filled *= self.factor
        return filled

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
    shift, spread = mean_and_deviation(values)
    return Scaling(shift, divide_where_varying(values, spread))


def mean_and_deviation(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations (n,) of `values` (N, n), also where squares overflow or underflow."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        mean = values.mean(axis=0)
        deviation = values.std(axis=0, mean=mean[np.newaxis])
    # Only check suspicious columns further: this takes as long as everything before.
    is_lost = ~(np.isfinite(deviation) & (deviation > 0))
    is_lost[is_lost] = varying(values[:, is_lost]) & np.isfinite(values[:, is_lost]).all(axis=0)
    if is_lost.any():
        # Only these columns are recomputed, so that results for all others keep their bits.
        own = values[:, is_lost]
        size = np.exp2(np.floor(np.log2(np.abs(own).max(axis=0))))
        mean[is_lost], deviation[is_lost] = (own / size).mean(axis=0) * size, (own / size).std(axis=0) * size
    return mean, deviation


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
    "channel_standard": standard,
    "channel_minmax": minmax,
}
# Preprocessings that scale all positions of a channel alike, which keeps the relation between neighboring positions.
BY_CHANNEL = ("channel_standard", "channel_minmax")


# The functions that compute the fill value of a column from the values that are present.
FILLINGS: dict[str, Callable[..., np.ndarray]] = {"mean": np.nanmean, "median": np.nanmedian}


def varying(values: np.ndarray) -> np.ndarray:
    """Which columns of `values` (N, n) hold more than one distinct value, ignoring NaN."""
    lowest, highest = values.min(axis=0), values.max(axis=0)
    # Both are NaN in a column with NaN.
    if not np.isnan(lowest).any():
        return lowest < highest
    absent = np.isnan(values)
    lowest = np.where(absent, np.inf, values).min(axis=0)
    # In a column with only NaN, the lowest value is above the highest.
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


def limits_of(training: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest values (n_0,) to which inputs are limited, computed from the training examples.

    In a nearly constant column, the spread comes from a few examples, and another example may be 10⁵ of its standard
    deviations away, where no network can predict. The limits are ten standard deviations beyond the training examples,
    or their whole range if that is more, so that less extreme examples stay unchanged.
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
