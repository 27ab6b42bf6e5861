"""Student's t distribution, for intervals from few numbers."""

import math
from functools import cache
from statistics import NormalDist

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(64)
STEPS = 100


@cache
def quantile(probability: float, degrees: int) -> float:
    """The t below which a variable with so many degrees of freedom stays with a probability of ½ or more.

    Newton's method from the normal quantile, which lies below: above 0 the distribution function is concave, so every
    step ends on the same side and nearer.
    """
    t = NormalDist().inv_cdf(probability)
    for _ in range(STEPS):
        before = t
        t += (probability - below(t, degrees)) / density(t, degrees)
        if t <= before:
            break
    return t


def below(t: float, degrees: int) -> float:
    """The probability of a value below t ≥ 0.

    With t = √ν tan θ the density is a power of the cosine, which is smooth however many degrees there are.
    """
    half = math.atan(t / math.sqrt(degrees)) / 2
    integral = half * float(WEIGHTS @ np.cos(half * (NODES + 1)) ** (degrees - 1))
    return 0.5 + peak(degrees) * math.sqrt(degrees) * integral


def density(t: float, degrees: int) -> float:
    return peak(degrees) * math.exp(-(degrees + 1) / 2 * math.log1p(t * t / degrees))


def peak(degrees: int) -> float:
    """The density at 0."""
    return math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(math.pi * degrees)
