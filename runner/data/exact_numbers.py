"""Random numbers and functions for synthetic data that are the same to the last bit on every platform.

Only uniform numbers, whole numbers and separate operations + − · / are used, because IEEE 754 determines their results.
"""

import numpy as np

TURN = 2 * np.pi
# The last term of the series is below 1e-19 for |x| ≤ π.
TERMS = 14


def bell(random: np.random.Generator, shape: int | tuple[int, ...]) -> np.ndarray:
    """Nearly normal numbers of this shape, with mean 0 and standard deviation 1, all between −6 and 6.

    Each is the sum of twelve uniform numbers, less 6.
    """
    total = random.random(shape)
    for _ in range(11):
        total += random.random(shape)
    return total - 6.0


def sine(angles: np.ndarray) -> np.ndarray:
    """The sine, by its power series around 0 after removing whole turns."""
    reduced = angles - TURN * np.floor(angles / TURN + 0.5)
    square = reduced * reduced
    series = np.ones_like(reduced)
    for term in range(TERMS, 0, -1):
        series = 1.0 - series * square / (2.0 * term * (2.0 * term + 1.0))
    return reduced * series


def cosine(angles: np.ndarray) -> np.ndarray:
    """The cosine, by the same series."""
    return sine(angles + np.pi / 2)
