"""Sobol search: points that cover the space more evenly than random ones, in all projections on few coordinates.

The sequence is that of Sobol with the direction numbers of Joe and Kuo (2008), as in SciPy. A digital shift, which
adds the same random digits to all points, gives every seed different points that are spread just as evenly.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from fitgap.core.randomness import Purpose, generator
from fitgap.runner.errors import SpecError

BLOCK = 256
BITS = 30
WITHOUT_SCIPY = "search: the method sobol needs SciPy; install it with `pip install 'fitgap[search]'`, or use random"


@dataclass(frozen=True)
class SobolPoints:
    """The Sobol sequence with a digital shift. Raises SpecError if SciPy is not installed."""

    dimensions: int
    seed: int

    def block(self, number: int) -> np.ndarray:
        """Block 0, 1, …; the number of points in each is a power of two, as their balance requires."""
        if not self.dimensions:
            return np.zeros((BLOCK, 0))
        shift = generator(self.seed, 0, Purpose.SEARCH).integers(0, 1 << BITS, self.dimensions)
        return ((self.unshifted(number) ^ shift) + 0.5) / (1 << BITS)

    def unshifted(self, number: int) -> np.ndarray:
        """The coordinates as whole numbers of `BITS` bits."""
        try:
            from scipy.stats import qmc
        except ImportError:
            raise SpecError(WITHOUT_SCIPY, ("search", "method")) from None
        sequence = qmc.Sobol(self.dimensions, scramble=False, bits=BITS)
        if number:
            sequence.fast_forward(number * BLOCK)
        with warnings.catch_warnings():
            # After `fast_forward`, SciPy warns as if the block were an unbalanced start of the sequence.
            warnings.simplefilter("ignore", UserWarning)
            return np.round(sequence.random(BLOCK) * (1 << BITS)).astype(np.int64)
