"""Numbers brought to a size at which no square overflows, and back, to the last bit."""

import numpy as np


def scaled(value: np.ndarray) -> tuple[np.ndarray, float]:
    """The values divided by a power of two so that none is above 2, and that power. NaN stays."""
    largest = float(np.nanmax(np.abs(value), initial=0.0))
    # Not more, so that the scale itself is a number.
    scale = float(2.0 ** min(np.frexp(largest)[1], 1023)) if largest else 1.0
    return value / scale, scale


def logarithms(value: np.ndarray) -> np.ndarray:
    """The natural logarithms; NaN for what has none."""
    return np.log(value, out=np.full(len(value), np.nan), where=value > 0)


def ranks(value: np.ndarray) -> np.ndarray:
    """The place of each value in their order, from 0 on; equal ones share the mean of theirs. NaN stays."""
    known = ~np.isnan(value)
    _, place, count = np.unique(value[known], return_inverse=True, return_counts=True)
    ranked = np.full(len(value), np.nan)
    ranked[known] = (np.cumsum(count) - (count + 1) / 2)[place]
    return ranked
