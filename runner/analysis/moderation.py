"""Moderated variances: estimates from few values each, shrunk toward their common size as far as the data support it.

The method is Smyth's empirical Bayes (2004, Statistical Applications in Genetics and Molecular Biology 3:3).
"""

import math

import numpy as np

# Variances are raised to at least this share of the median, so that their logarithms are finite.
SMALLEST_SHARE = 1e-5


def moderated(variances: np.ndarray, degrees: float) -> tuple[np.ndarray, float]:
    """The moderated variances (k,) and the degrees of freedom of each.

    `degrees` is the number of degrees of freedom of each given variance. If all could have the same true value, each
    becomes their mean, with infinite degrees of freedom.
    """
    floor = SMALLEST_SHARE * float(np.median(variances))
    if len(variances) < 2 or not floor > 0:
        return variances, degrees
    logarithms = np.log(np.maximum(variances, floor)) - digamma(degrees / 2) + math.log(degrees / 2)
    excess = float(np.var(logarithms, ddof=1)) - trigamma(degrees / 2)
    if excess <= 0:
        return np.full(len(variances), float(variances.mean())), math.inf
    prior_degrees = 2 * inverse_trigamma(excess)
    prior = math.exp(float(logarithms.mean()) + digamma(prior_degrees / 2) - math.log(prior_degrees / 2))
    together = degrees + prior_degrees
    return (degrees * variances + prior_degrees * prior) / together, together


def digamma(x: float) -> float:
    """ψ(x) for x > 0: the recurrence up to 6, then the asymptotic series."""
    shift = 0.0
    while x < 6:
        shift -= 1 / x
        x += 1
    square = 1 / (x * x)
    return shift + math.log(x) - 0.5 / x - square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))


def trigamma(x: float) -> float:
    """ψ′(x) for x > 0."""
    shift = 0.0
    while x < 6:
        shift += 1 / (x * x)
        x += 1
    square = 1 / (x * x)
    series = 1 / 6 - square * (1 / 30 - square * (1 / 42 - square / 30))
    return shift + 1 / x + square / 2 + square / x * series


def inverse_trigamma(value: float) -> float:
    """The x > 0 with ψ′(x) = value, by bisection of its logarithm: ψ′ falls from infinity to 0."""
    low, high = -30.0, 30.0
    for _ in range(100):
        middle = (low + high) / 2
        if trigamma(math.exp(middle)) > value:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)
