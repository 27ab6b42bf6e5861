"""Keyed random numbers: every draw is determined by (seed, repeat, purpose, …) and never by previous draws.

With one generator for all epochs, epoch 7 would depend on epochs 1 to 6. With keys, any epoch can be repeated alone.
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a random number is used for. All results depend on these values: never renumber, only add."""

    SPLIT = 0
    WEIGHTS = 1
    BATCHES = 2
    DROPOUT = 3
    DATA = 4
    NOISE = 5
    MEASURING = 6
    SAMPLE = 7
    HALVES = 8
    SUBSET = 9
    LABEL_NOISE = 10
    SEARCH = 11
    PROPOSALS = 12


def generator(seed: int, repeat: int, purpose: Purpose, *rest: int) -> np.random.Generator:
    """A fresh generator for the key (seed, repeat, purpose, *rest); `rest` holds, for example, the epoch."""
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(repeat, int(purpose), *rest))
    return np.random.Generator(np.random.PCG64(sequence))
