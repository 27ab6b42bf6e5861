"""Lossless scaling of numbers so that no square overflows; logarithms and ranks."""

import numpy as np


def scaled(value: np.ndarray) -> tuple[np.ndarray, float]:
    """The values divided by a power of two so that none exceeds 2, and that power of two. NaN is kept."""
    largest = float(np.nanmax(np.abs(value), initial=0.0))
    # The exponent is limited so that the scale itself is finite.
    scale = float(2.0 ** min(np.frexp(largest)[1], 1023)) if largest else 1.0
    return value / scale, scale


def logarithms(value: np.ndarray) -> np.ndarray:
    """The natural logarithms; NaN for values that are not positive."""
    return np.log(value, out=np.full(len(value), np.nan), where=value > 0)


def ranks(value: np.ndarray) -> np.ndarray:
    """The rank of each value, from 0; equal values share their mean rank. NaN is kept."""
    known = ~np.isnan(value)
    _, place, count = np.unique(value[known], return_inverse=True, return_counts=True)
    ranked = np.full(len(value), np.nan)
    ranked[known] = (np.cumsum(count) - (count + 1) / 2)[place]
    return ranked
