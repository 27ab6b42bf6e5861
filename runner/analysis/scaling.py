"""Numbers brought to a size at which no square overflows, and back, to the last bit."""

import numpy as np


def scaled(value: np.ndarray) -> tuple[np.ndarray, float]:
    """The values divided by a power of two so that none is above 1, and that power. NaN stays."""
    largest = float(np.nanmax(np.abs(value), initial=0.0))
    # One power less than the largest number has, so that the scale itself is a number.
    scale = float(2.0 ** min(np.frexp(largest)[1], 1023)) if largest else 1.0
    return value / scale, scale
