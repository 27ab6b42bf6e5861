"""Synthetic images; networks without convolutions receive them as flat inputs."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.core.randomness import Purpose, generator
from fitgap.runner.data.exact_numbers import bell
from fitgap.runner.data.named_set import DrawnSource
from fitgap.runner.data.shipped_sets import Digits
from fitgap.runner.data.synthetic_tables import count, deviation, of_classes

SIDE = 16
KINDS = ("disk", "ring", "square", "diamond", "cross")
DIRECTIONS = ("horizontal", "vertical")


def pixel_names(side: int) -> tuple[str, ...]:
    """The names of the pixels of a square image, row by row."""
    return tuple(f"pixel_{row}_{column}" for row in range(side) for column in range(side))


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
        return of_classes("shapes", pixels, kind, pixel_names(SIDE), "shape", KINDS, (SIDE, SIDE, 1))


def masks_of(across: np.ndarray, down: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Which pixels each kind of shape covers, (kinds, N, 16, 16), from the distances from its center."""
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


@dataclass(frozen=True)
class Bars(DrawnSource):
    """Noisy bars and stripes: every row of an image is white or black, or every column (MacKay 2003, §43.2).

    The class is the direction. Some lines, but not all, are white, so that no image belongs to both classes. With
    noise, pixels may lie outside [0, 1].
    """

    preprocess = "none"
    examples: int = count(1000)
    side: int = count(8, "width and height in pixels", most=64)
    noise: float = deviation(0.5)

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        is_white = random.random((self.examples, self.side)) < 0.5
        rows = np.arange(self.examples)
        # One line is white and the next one black, wrapping around at the end.
        line = random.integers(self.side, size=self.examples)
        is_white[rows, line], is_white[rows, (line + 1) % self.side] = True, False
        is_vertical = random.integers(2, size=self.examples) == 1
        shape = (self.examples, self.side, self.side)
        white = np.where(is_vertical[:, np.newaxis, np.newaxis], is_white[:, np.newaxis, :], is_white[:, :, np.newaxis])
        pixels = (white + self.noise * bell(random, shape)).reshape(self.examples, -1)
        axes = (self.side, self.side, 1)
        return of_classes("bars", pixels, is_vertical, pixel_names(self.side), "direction", DIRECTIONS, axes)


@dataclass(frozen=True)
class ShiftedDigits(DrawnSource):
    """The images of `digits`, each anywhere in an otherwise empty image of 12 x 12 pixels.

    The class does not depend on the position. Every image is used at most once, in random order.
    """

    preprocess = "none"
    origin = "UCI repository, CC BY 4.0"
    examples: int = count(1797, most=1797)
    side: int = count(12, "width and height in pixels", least=8, most=32)

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        digits = Digits().load(seed)
        chosen = random.permutation(digits.example_count)[: self.examples]
        width = digits.input_axes[0]
        top, left = random.integers(self.side - width + 1, size=(2, len(chosen)))
        images = np.zeros((len(chosen), self.side, self.side))
        within = np.arange(width)
        places = (
            np.arange(len(chosen))[:, None, None],
            (top[:, None] + within)[:, :, None],
            (left[:, None] + within)[:, None],
        )
        images[places] = digits.inputs[chosen].reshape(-1, width, width)
        classes = digits.targets[chosen, 0].astype(np.int64)
        axes, names = (self.side, self.side, 1), pixel_names(self.side)
        return of_classes(
            "shifted_digits", images.reshape(len(chosen), -1), classes, names, "digit", digits.class_names, axes
        )


IMAGES: dict[str, type[DrawnSource]] = {
    "shapes": Shapes,
    "bars": Bars,
    "shifted_digits": ShiftedDigits,
}
