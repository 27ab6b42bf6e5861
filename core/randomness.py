"""Random numbers by key: every draw is named by (seed, repeat, purpose, …), none depends on what was drawn before.

A generator carried along would make epoch 7 depend on epochs 1 to 6; with keys any epoch can be redone alone.
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a random number is for. The values are part of every result: never renumber, only add."""

    SPLIT = 0
    WEIGHTS = 1
    BATCHES = 2
    DROPOUT = 3
    DATA = 4
    NOISE = 5
    MEASURING = 6
    SAMPLE = 7


def generator(seed: int, repeat: int, purpose: Purpose, *rest: int) -> np.random.Generator:
    """A fresh generator for the key (seed, repeat, purpose, rest…), such as the epoch in `rest`."""
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(repeat, int(purpose), *rest))
    return np.random.Generator(np.random.PCG64(sequence))
