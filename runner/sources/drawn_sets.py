"""Data sets drawn at random from the seed of the sweep, and from nothing else."""

from dataclasses import dataclass

import numpy as np

from core.data import Dataset
from core.randomness import Purpose, generator
from core.variants import parameter
from runner.sources.source import Source
from runner.sources.targets import one_hot

MOST_EXAMPLES = 1_000_000


@dataclass(frozen=True)
class Sine(Source):
    """A noisy sine: one input, uniform in [-pi, pi], and its sine plus normal noise."""

    examples: int = parameter(200, at_least=2, at_most=MOST_EXAMPLES, whole=True, description="number of examples")
    noise: float = parameter(0.1, at_least=0, at_most=1000, description="standard deviation of the noise")

    def load(self, seed: int) -> Dataset:
        random = generator(seed, 0, Purpose.DATA)
        inputs = random.uniform(-np.pi, np.pi, size=(self.examples, 1))
        targets = np.sin(inputs) + self.noise * random.standard_normal(inputs.shape)
        return Dataset("sine", inputs, targets, "numbers", ("x",), ("y",))


@dataclass(frozen=True)
class Moons(Source):
    """Two interleaving half circles: two inputs plus normal noise, two classes."""

    examples: int = parameter(200, at_least=2, at_most=MOST_EXAMPLES, whole=True, description="number of examples")
    noise: float = parameter(0.1, at_least=0, at_most=1000, description="standard deviation of the noise")

    def load(self, seed: int) -> Dataset:
        random = generator(seed, 0, Purpose.DATA)
        is_lower = np.arange(self.examples) >= self.examples // 2
        points = half_circles(random.uniform(0, np.pi, size=self.examples), is_lower)
        inputs = points + self.noise * random.standard_normal(points.shape)
        return Dataset("moons", inputs, one_hot(is_lower, 2), "classes", ("x", "y"), ("upper", "lower"))


def half_circles(angles: np.ndarray, is_lower: np.ndarray) -> np.ndarray:
    """Points (N, 2): the upper half of a unit circle round (0, 0), or the lower half of one round (1, 0.5)."""
    upper = np.column_stack([np.cos(angles), np.sin(angles)])
    lower = np.array([1.0, 0.5]) - upper
    return np.where(is_lower[:, np.newaxis], lower, upper)


DRAWN_SETS: dict[str, type[Source]] = {"sine": Sine, "moons": Moons}
