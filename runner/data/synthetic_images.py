"""Synthetic images, which networks without convolutions get as flat inputs."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.core.randomness import Purpose, generator
from fitgap.runner.data.exact_numbers import bell
from fitgap.runner.data.named_set import DrawnSource
from fitgap.runner.data.synthetic_tables import count, deviation, of_classes

SIDE = 16
KINDS = ("disk", "ring", "square", "diamond", "cross")


@dataclass(frozen=True)
class Shapes(DrawnSource):
    """Images of 16 x 16 pixels with noise: a disk, ring, square, diamond or cross, anywhere and of any size."""

    # Pixels already share one scale.
    preprocess = "none"
    examples: int = count(1000)
    noise: float = deviation(0.2)

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        kind = random.integers(len(KINDS), size=self.examples)
        centre, radius = 5.5 + 5.0 * random.random((2, self.examples, 1, 1)), 3.0 + 2.0 * random.random(self.examples)
        across, down = np.abs(np.arange(SIDE) - centre[0]), np.abs(np.arange(SIDE)[:, np.newaxis] - centre[1])
        masks = masks_of(across, down, radius[:, np.newaxis, np.newaxis])
        images = masks[kind, np.arange(self.examples)] + self.noise * bell(random, (self.examples, SIDE, SIDE))
        pixels = np.clip(images, 0.0, 1.0).reshape(self.examples, -1)
        names = tuple(f"pixel_{row}_{column}" for row in range(SIDE) for column in range(SIDE))
        return of_classes("shapes", pixels, kind, names, "shape", KINDS, (SIDE, SIDE, 1))


def masks_of(across: np.ndarray, down: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Which pixels each kind of shape covers, (kinds, N, 16, 16), from the distances from its centre."""
    square, far = across * across + down * down, np.maximum(across, down)
    area = radius * radius
    return np.stack(
        [
            square <= area,
            (square <= area) & (square >= 0.4 * area),
            far <= 0.8 * radius,
            across + down <= 1.2 * radius,
            (np.minimum(across, down) <= 0.3 * radius) & (far <= radius),
        ]
    )


IMAGES: dict[str, type[DrawnSource]] = {
    "shapes": Shapes,
}
