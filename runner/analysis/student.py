"""Student's t distribution, for confidence intervals from small samples."""

import math
from functools import cache
from statistics import NormalDist

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(64)
STEPS = 100


@cache
def quantile(probability: float, degrees: int) -> float:
    """The quantile of the t distribution for a probability of at least ½.

    Newton's method starts from the normal quantile, which is smaller. The distribution function is concave above 0, so
    every step stays below the solution and gets closer.
    """
    t = NormalDist().inv_cdf(probability)
    for _ in range(STEPS):
        before = t
        t += (probability - cumulative(t, degrees)) / density(t, degrees)
        if t <= before:
            break
    return t


def cumulative(t: float, degrees: int) -> float:
    """The distribution function at t ≥ 0.

    With t = √ν tan θ the density is a power of the cosine, which is smooth for any number of degrees of freedom.
    """
    half = math.atan(t / math.sqrt(degrees)) / 2
    integral = half * float(WEIGHTS @ np.cos(half * (NODES + 1)) ** (degrees - 1))
    return 0.5 + peak(degrees) * math.sqrt(degrees) * integral


def density(t: float, degrees: int) -> float:
    return peak(degrees) * math.exp(-(degrees + 1) / 2 * math.log1p(t * t / degrees))


def peak(degrees: int) -> float:
    """The density at 0."""
    return math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(math.pi * degrees)
