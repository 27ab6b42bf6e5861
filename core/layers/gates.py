"""Gates of recurrent layers: σ and tanh of many sums at once, and their slopes.

σ(x) is computed as ½ + ½·tanh(x/2), so that the sums of all gates and tanh need a single pass of NumPy's tanh.
"""

import numpy as np


class GateFunctions:
    """The functions of sums (…, g·n) in blocks of n units: σ where `is_sigmoid`, else tanh."""

    def __init__(self, is_sigmoid: tuple[bool, ...], units: int, dtype: np.dtype):
        sigmoid = np.repeat(np.array(is_sigmoid), units)
        self.scale = np.where(sigmoid, 0.5, 1.0).astype(dtype)
        self.shift = np.where(sigmoid, 0.5, 0.0).astype(dtype)
        # With y = f(x), σ′ = y(1 − y) and tanh′ = (1 + y)(1 − y).
        self.slope_shift = np.where(sigmoid, 0.0, 1.0).astype(dtype)

    def apply(self, sums: np.ndarray) -> None:
        """x ← f(x)."""
        sums *= self.scale
        np.tanh(sums, out=sums)
        sums *= self.scale
        sums += self.shift

    def multiply_by_slopes(self, delta: np.ndarray, values: np.ndarray, scratch: np.ndarray) -> None:
        """d ← d·f′, from the values f of the functions."""
        np.subtract(1, values, out=scratch)
        delta *= scratch
        np.add(values, self.slope_shift, out=scratch)
        delta *= scratch


def blocks_of(values: np.ndarray, units: int) -> list[np.ndarray]:
    """Views of the blocks of n units of values (…, g·n)."""
    return [values[..., start : start + units] for start in range(0, values.shape[-1], units)]
