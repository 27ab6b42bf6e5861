"""Numbers for comparing compiled passes with NumPy: special values, values of all magnitudes, and packs of odd
shapes.
"""

import itertools

import numpy as np

SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, 1e-45, -1e-45, 1e-39, -1e-39, 1.1754944e-38, 3.4e38)


def drawn_values(shape, dtype, seed):
    """Values from the smallest to the largest magnitudes; every tenth is a special value."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape) * 10.0 ** rng.integers(-12, 12, shape)
    return np.where(rng.random(shape) < 0.1, rng.choice(SPECIAL, shape), values).astype(dtype)


def special_pairs(dtype):
    """Two arrays (1, n) with every pair of special values."""
    left, right = np.array(list(itertools.product(SPECIAL, SPECIAL))).T
    return left[None].astype(dtype), right[None].astype(dtype)


def assert_same_bits(one, other):
    """Equal to the last bit, including the signs of zeros; any NaN equals any other."""
    np.testing.assert_array_equal(np.isnan(one), np.isnan(other))
    known = ~np.isnan(one)
    unsigned = f"u{one.itemsize}"
    np.testing.assert_array_equal(one[known].view(unsigned), other[known].view(unsigned))
