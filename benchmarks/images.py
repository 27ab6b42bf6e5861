"""The convolutional networks of the `layers` table and their random images, in a form that each peer can translate."""

from dataclasses import dataclass

import numpy as np

CHANNELS, HIDDEN, CLASSES, WINDOW = (8, 16), 32, 10, 3
REPEATS = 4


@dataclass(frozen=True)
class Case:
    """Two convolutions, each followed by 2 × 2 pooling, on images of `side` × `side` pixels, then a dense layer.

    `padding` applies to the second convolution: without zero padding, a small image leaves nothing to pool.
    """

    side: int
    padding: str
    examples: int


CASES = {
    "8x8 conv8x3-pool2-conv16x3:padding=same-pool2-32": Case(8, "same", 640),
    "28x28 conv8x3-pool2-conv16x3-pool2-32": Case(28, "valid", 128),
}


def images(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Random images (N, side, side, 1) and targets (N, 10)."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(case.examples, case.side, case.side, 1)).astype(np.float32)
    return inputs, rng.uniform(size=(case.examples, CLASSES)).astype(np.float32)


def flat_size(case: Case) -> int:
    """The number of inputs of the first dense layer."""
    side = (case.side - WINDOW + 1) // 2
    side = (side if case.padding == "same" else side - WINDOW + 1) // 2
    return side * side * CHANNELS[1]
