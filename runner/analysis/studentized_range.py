"""The studentized range, for intervals that hold for the differences of all pairs of groups at once (Tukey)."""

import math
from functools import cache

import numpy as np

CONFIDENCE = 0.95
NODES, WEIGHTS = np.polynomial.legendre.leggauss(96)
DEVIATION_NODES, DEVIATION_WEIGHTS = np.polynomial.legendre.leggauss(160)
# Integration covers this distance on both sides of 0 for a standard normal variable, and this many of its own standard
# deviations around its mean for an estimated standard deviation.
NORMAL_RANGE, DEVIATION_RANGE = 8.5, 7.0
HALVINGS = 30
LARGEST = 1e5
ERFC = np.vectorize(math.erfc, otypes=[float])


@cache
def pairwise_reach(groups: int, degrees: float) -> float:
    """The number c such that, with 95 % probability, no difference between two groups is more than c of its standard
    errors from its true value. `degrees` are the degrees of freedom of the standard errors.
    """
    low, high = 0.0, 1.0
    while probability(high, groups, degrees) < CONFIDENCE and high < LARGEST:
        low, high = high, 2 * high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if probability(middle, groups, degrees) < CONFIDENCE:
            low = middle
        else:
            high = middle
    return high


def probability(reach: float, groups: int, degrees: float) -> float:
    """The probability that all differences are at most `reach` standard errors from their true values.

    A difference has √2 times the standard error of a mean.
    """
    deviations, weights = deviation_nodes(degrees)
    values = NORMAL_RANGE * NODES
    density = np.exp(-(values**2) / 2) / math.sqrt(2 * math.pi) * WEIGHTS * NORMAL_RANGE
    # The largest group is at one of the values, and all others are at most the range below it.
    below = normal(values) - normal(values - math.sqrt(2) * reach * deviations[:, np.newaxis])
    return float(weights @ (groups * below ** (groups - 1) @ density))


def deviation_nodes(degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Values of an estimated standard deviation whose true value is 1, with their probabilities, which sum to 1."""
    if math.isinf(degrees):
        return np.ones(1), np.ones(1)
    width = DEVIATION_RANGE / math.sqrt(2 * degrees)
    low, high = max(0.0, 1 - width), 1 + width
    values = low + (high - low) * (DEVIATION_NODES + 1) / 2
    # The density of a chi distribution, up to a factor.
    logarithms = (degrees - 1) * np.log(values) - degrees * values**2 / 2
    weights = DEVIATION_WEIGHTS * np.exp(logarithms - logarithms.max())
    return values, weights / weights.sum()


def normal(values: np.ndarray) -> np.ndarray:
    """The distribution function of the standard normal distribution."""
    return 0.5 * ERFC(-values / math.sqrt(2))
