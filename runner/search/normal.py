"""The normal distribution truncated to the range from 0 to 1, without SciPy."""

import math

import numpy as np

SQRT_2 = math.sqrt(2)
# Bisection steps for the inverse of a distribution function.
BISECTIONS = 40


def cdf(z: np.ndarray) -> np.ndarray:
    """The distribution function of the standard normal distribution."""
    return 0.5 * (1 + erf(z / SQRT_2))


# Exact, unlike Abramowitz and Stegun's rational formulas, whose error of 1e-7 is noticeable in the tails.
erf = np.vectorize(math.erf, otypes=[float])


def log_cdf_difference(means: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The logarithm of the share of each normal distribution that lies between 0 and 1."""
    return np.log(cdf((1 - means) / widths) - cdf(-means / widths))


def inverse_cdf(shares: np.ndarray, means: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The quantiles of the truncated normal distributions at these shares; all arrays have the same shape."""
    low, high = np.zeros_like(shares), np.ones_like(shares)
    below, above = cdf(-means / widths), cdf((1 - means) / widths)
    wanted = below + shares * (above - below)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_below = cdf((middle - means) / widths) < wanted
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return (low + high) / 2
