"""Random search: independent uniform points."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.randomness import Purpose, generator

BLOCK = 256


@dataclass(frozen=True)
class RandomPoints:
    """Points whose coordinates are drawn independently of each other."""

    dimensions: int
    seed: int

    def block(self, number: int) -> np.ndarray:
        """Block 0, 1, …, each from its own random generator."""
        return generator(self.seed, 0, Purpose.SEARCH, number).random((BLOCK, self.dimensions))
