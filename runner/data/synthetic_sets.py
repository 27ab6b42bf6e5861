"""Synthetic data sets, drawn at random from the sweep's seed and, if redrawn for repeats, the number of the draw."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.core.randomness import Purpose, generator
from fitgap.core.variants import parameter
from fitgap.runner.data.named_set import DrawnSource
from fitgap.runner.data.synthetic_images import IMAGES
from fitgap.runner.data.synthetic_sequences import SEQUENCES
from fitgap.runner.data.synthetic_tables import TABLES

MOST_EXAMPLES = 1_000_000


@dataclass(frozen=True)
class Sine(DrawnSource):
    """A noisy sine: one input, uniform in [-pi, pi], and its sine plus normal noise."""

    reading = "numbers"
    examples: int = parameter(200, at_least=2, at_most=MOST_EXAMPLES, whole=True, description="number of examples")
    noise: float = parameter(0.1, at_least=0, at_most=1000, description="standard deviation of the noise")

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        inputs = random.uniform(-np.pi, np.pi, size=(self.examples, 1))
        targets = np.sin(inputs) + self.noise * random.standard_normal(inputs.shape)
        return Dataset("sine", inputs, targets, "numbers", ("x",), ("y",))


@dataclass(frozen=True)
class Moons(DrawnSource):
    """Two interleaving half circles: two inputs plus normal noise, two classes."""

    examples: int = parameter(200, at_least=2, at_most=MOST_EXAMPLES, whole=True, description="number of examples")
    noise: float = parameter(0.1, at_least=0, at_most=1000, description="standard deviation of the noise")

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        is_lower = np.arange(self.examples) >= self.examples // 2
        points = half_circles(random.uniform(0, np.pi, size=self.examples), is_lower)
        inputs = points + self.noise * random.standard_normal(points.shape)
        return Dataset(
            "moons", inputs, class_column(is_lower), "classes", ("x", "y"), ("moon",), class_names=("upper", "lower")
        )


def half_circles(angles: np.ndarray, is_lower: np.ndarray) -> np.ndarray:
    """Points (N, 2) on the upper half of the unit circle around (0, 0), or the lower half of that around (1, 0.5)."""
    upper = np.column_stack([np.cos(angles), np.sin(angles)])
    lower = np.array([1.0, 0.5]) - upper
    return np.where(is_lower[:, np.newaxis], lower, upper)


@dataclass(frozen=True)
class Separable(DrawnSource):
    """Points on two sides of a random line: classes that a single neuron can tell apart."""

    preprocess = "none"
    reading = "zero_one"
    examples: int = parameter(200, at_least=2, at_most=100_000, whole=True, description="number of examples")
    inputs: int = parameter(2, at_least=1, at_most=100, whole=True, description="number of inputs, each in [-1, 1]")
    # A wider margin could leave almost no space on one side of the line.
    margin: float = parameter(0.1, at_least=0, at_most=0.25, description="minimum distance of a point from the line")

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        direction = random.standard_normal(self.inputs)
        direction /= np.linalg.norm(direction)
        middle = random.uniform(-0.5, 0.5, size=self.inputs)
        points = np.empty((self.examples, self.inputs))
        redrawn = np.ones(self.examples, bool)
        while redrawn.any():
            points[redrawn] = random.uniform(-1, 1, size=(redrawn.sum(), self.inputs))
            distances = (points - middle) @ direction
            redrawn = np.abs(distances) < self.margin
            # Both classes must occur, so redraw a point as long as all are on one side.
            redrawn[0] |= (distances > 0).all() or (distances <= 0).all()
        names = tuple(f"x_{number + 1}" for number in range(self.inputs))
        return Dataset(
            "separable", points, class_column(distances > 0), "classes", names, ("side",), class_names=("0", "1")
        )


def class_column(is_second: np.ndarray) -> np.ndarray:
    """Class numbers (N, 1) of two classes."""
    return is_second.astype(np.float64)[:, np.newaxis]


DRAWN_SETS: dict[str, type[DrawnSource]] = {
    "sine": Sine,
    "moons": Moons,
    "separable": Separable,
    **TABLES,
    **IMAGES,
    **SEQUENCES,
}
