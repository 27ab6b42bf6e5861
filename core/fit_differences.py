"""Differences between the errors of two networks on the same examples, over repeats, with their standard errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import hypot, inf, log, nan, sqrt

import numpy as np

# Replaces an error of 0 before taking its logarithm.
SMALLEST = float(np.finfo(np.float64).tiny)


class Side(IntEnum):
    TRAINING = 0
    VALIDATION = 1


@dataclass(frozen=True)
class Errors:
    """Errors of one trial after one epoch.

    `e_t` and `e_v` are the means over all `count_t` training and `count_v` validation examples, `se_t` and `se_v` their
    standard errors (NaN if unknown). `sample_t` and `sample_v` (n,) are the errors of sampled examples, the same
    examples for all trials of a repeat; empty if none were stored.
    """

    e_t: float
    e_v: float
    count_t: int
    count_v: int
    sample_t: np.ndarray
    sample_v: np.ndarray
    se_t: float = nan
    se_v: float = nan

    def on(self, side: Side) -> tuple[float, float, np.ndarray]:
        """The mean on one side, its standard error, and the sampled errors."""
        return (self.e_v, self.se_v, self.sample_v) if side else (self.e_t, self.se_t, self.sample_t)

    def count(self, side: Side) -> int:
        return self.count_v if side else self.count_t


# The errors of a network, and of the network with which it is compared, in one repeat.
Pair = tuple[Errors, Errors]


@dataclass(frozen=True)
class Difference:
    """By how much the mean error of one network exceeds that of another, and the logarithm of the ratio of the two
    means, each with its standard error (NaN if unknown).
    """

    value: float
    error: float
    logarithm: float = nan
    logarithm_error: float = nan

    @property
    def steps(self) -> float:
        """The difference in units of its standard error."""
        return in_errors(self.value, self.error)

    @property
    def logarithm_steps(self) -> float:
        return in_errors(self.logarithm, self.logarithm_error)


def difference(pairs: Sequence[Pair], side: Side) -> Difference:
    """The difference of the means over repeats.

    Its standard error is computed from paired examples if there are samples, else as for independent means.
    """
    own, other = (float(mean_over_repeats([pair[which].on(side)[0] for pair in pairs])) for which in (0, 1))
    above_zero = max(own, SMALLEST), max(other, SMALLEST)
    once = once_of(pairs, side)
    # Delta method: the first-order effect of each example on the logarithm of the ratio.
    errors = [paired_errors(pair, side, ((1.0, 1.0), above_zero)) for pair in pairs]
    error, logarithm_error = (combined(each, once) for each in zip(*errors, strict=True))
    return Difference(own - other, error, log(above_zero[0] / above_zero[1]), logarithm_error)


def once_of(pairs: Sequence[Pair], side: Side) -> float:
    """The share of all examples that are on this side in one repeat."""
    own = pairs[0][0]
    return own.count(side) / (own.count_t + own.count_v)


def combined(errors: Sequence[float], once: float) -> float:
    """The standard error of a mean over repeats, from the standard errors of the repeats.

    It shrinks with the square root of their number. Because repeats share examples, it shrinks no further than if every
    example of the data had been used `once`.
    """
    return hypot(*errors) / sqrt(len(errors)) * sqrt(max(1 / len(errors), once))


def paired_errors(pair: Pair, side: Side, divisors: Sequence[tuple[float, float]]) -> list[float]:
    """Standard errors, one for each pair of divisors, of the difference between two mean errors in one repeat, each
    divided by its divisor.
    """
    (_, own_error, own), (_, other_error, other) = pair[0].on(side), pair[1].on(side)
    if not 1 < len(own) == len(other):
        return [hypot(float(own_error) / first, float(other_error) / second) for first, second in divisors]
    own, other, degrees = own.astype(np.float64), other.astype(np.float64), len(own) - 1
    return [
        sqrt(squared_deviations(own / first - other / second) / degrees / pair[0].count(side))
        for first, second in divisors
    ]


def squared_deviations(values: np.ndarray) -> float:
    """The sum of the squared deviations of values (n,) from their mean; it changes the values."""
    # ndarray.mean is several times slower for a few hundred numbers.
    values -= values.sum() / len(values)
    return float(values @ values)


def mean_over_repeats(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def in_errors(value: float, error: float) -> float:
    """A value in standard errors; ±infinity if the standard error is 0."""
    if error > 0 or value == 0:
        return value / error if error > 0 else 0.0
    return inf if value > 0 else -inf
