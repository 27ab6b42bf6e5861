"""Synthetic tables: known functions with noise, rare classes, groups, and classes in the plane."""

from dataclasses import dataclass, replace

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.core.randomness import Purpose, generator
from fitgap.core.variants import parameter
from fitgap.runner.data.exact_numbers import TURN, bell, cosine, sine
from fitgap.runner.data.named_set import DrawnSource

MOST_EXAMPLES = 100_000


def count(default: int, description: str = "number of examples", most: int = MOST_EXAMPLES, least: int = 2) -> int:
    """A parameter that is a count."""
    found: int = parameter(default, at_least=least, at_most=most, whole=True, description=description)
    return found


def deviation(default: float, description: str = "standard deviation of the noise") -> float:
    """A parameter that is a standard deviation."""
    found: float = parameter(default, at_least=0, at_most=1000, description=description)
    return found


def numbered(name: str, size: int) -> tuple[str, ...]:
    """`x_1`, `x_2`, …"""
    return tuple(f"{name}_{number}" for number in range(1, size + 1))


@dataclass(frozen=True)
class Friedman(DrawnSource):
    """A hard regression: ten uniform inputs, of which five matter (Friedman 1), plus noise.

    y = 10 sin(π x_1 x_2) + 20 (x_3 − ½)² + 10 x_4 + 5 x_5 + noise (Friedman 1991, Multivariate adaptive regression
    splines). The mean squared error of the true function is the variance of the noise.
    """

    reading = "numbers"
    examples: int = count(500)
    noise: float = deviation(1.0)

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        inputs = random.random((self.examples, 10))
        one, two, three, four, five = inputs.T[:5]
        middle = three - 0.5
        clean = 10.0 * sine(np.pi * one * two) + 20.0 * middle * middle + 10.0 * four + 5.0 * five
        targets = clean + self.noise * bell(random, self.examples)
        return Dataset("friedman", inputs, targets[:, np.newaxis], "numbers", numbered("x", 10), ("y",))


@dataclass(frozen=True)
class Rare(DrawnSource):
    """Two overlapping clouds of points, one of which has only 5 % of the examples."""

    examples: int = count(1000, least=20)
    share: float = parameter(0.05, at_least=0.001, at_most=0.5, description="share of the rare class")
    inputs: int = count(6, "number of inputs", most=1000, least=1)
    distance: float = parameter(2.5, at_least=0, at_most=100, description="distance of the clouds' centres")

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        rare = min(self.examples - 1, max(1, round(self.share * self.examples)))
        is_rare = random.permutation(self.examples) < rare
        shift = self.distance / np.sqrt(float(self.inputs))
        inputs = bell(random, (self.examples, self.inputs)) + shift * is_rare[:, np.newaxis]
        names = numbered("x", self.inputs)
        return of_classes("rare", inputs, is_rare, names, "kind", ("common", "rare"))


@dataclass(frozen=True)
class Subjects(DrawnSource):
    """Measurements of 30 subjects at rest, walking and running; use --validation group=subject.

    Every subject has an offset of its own in all inputs. With a random split, a network is validated on subjects that
    it was trained on; with a split by the group column `subject`, on new ones.
    """

    subjects: int = count(30, "number of subjects", most=10_000, least=2)
    examples: int = count(20, "number of examples of each subject", most=1000, least=1)
    spread: float = deviation(1.5, "standard deviation of the offsets of subjects")
    noise: float = deviation(0.7)

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        subject = np.repeat(np.arange(self.subjects), self.examples)
        activity = random.integers(3, size=len(subject))
        centres, offsets = bell(random, (3, 6)), self.spread * bell(random, (self.subjects, 6))
        inputs = centres[activity] + offsets[subject] + self.noise * bell(random, (len(subject), 6))
        names = numbered("sensor", 6)
        found = of_classes("subjects", inputs, activity, names, "activity", ("rest", "walk", "run"))
        return replace(found, groups={"subject": subject})


@dataclass(frozen=True)
class Checkerboard(DrawnSource):
    """The squares of a checkerboard: two inputs, two classes."""

    examples: int = count(1000)
    squares: int = count(4, "squares in each direction", most=100)

    def load(self, seed: int, draw: int = 0) -> Dataset:
        inputs = self.squares * generator(seed, draw, Purpose.DATA).random((self.examples, 2))
        colour = np.floor(inputs).astype(int).sum(axis=1) % 2
        return of_classes("checkerboard", inputs, colour, ("x", "y"), "colour", ("white", "black"))


@dataclass(frozen=True)
class Rings(DrawnSource):
    """Points on rings around each other: two inputs, one class per ring."""

    examples: int = count(300)
    rings: int = count(3, "number of rings", most=20)
    noise: float = deviation(0.1)

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        ring = np.arange(self.examples) % self.rings
        points = on_circle(random.random(self.examples) * TURN, 1.0 + ring)
        inputs = points + self.noise * bell(random, points.shape)
        return of_classes("rings", inputs, ring, ("x", "y"), "ring", numbered("ring", self.rings))


@dataclass(frozen=True)
class Spirals(DrawnSource):
    """Interleaving spirals: two inputs, one class per spiral."""

    examples: int = count(400)
    spirals: int = count(2, "number of spirals", most=20)
    turns: float = parameter(1.5, at_least=0.1, at_most=20, description="turns of each spiral")
    noise: float = deviation(0.05)

    def load(self, seed: int, draw: int = 0) -> Dataset:
        random = generator(seed, draw, Purpose.DATA)
        spiral = np.arange(self.examples) % self.spirals
        distance = 0.2 + random.random(self.examples)
        points = on_circle((distance * self.turns + spiral / self.spirals) * TURN, distance)
        inputs = points + self.noise * bell(random, points.shape)
        return of_classes("spirals", inputs, spiral, ("x", "y"), "spiral", numbered("spiral", self.spirals))


def on_circle(angles: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Points (N, 2) at these angles and distances from 0."""
    return np.column_stack([radius * cosine(angles), radius * sine(angles)])


def of_classes(
    name: str,
    inputs: np.ndarray,
    numbers: np.ndarray,
    input_names: tuple[str, ...],
    target: str,
    class_names: tuple[str, ...],
    axes: tuple[int, ...] = (),
) -> Dataset:
    """A data set of classes with these numbers (N,), whose inputs have these axes."""
    targets = numbers.astype(np.float64)[:, np.newaxis]
    return Dataset(name, inputs, targets, "classes", input_names, (target,), class_names=class_names, input_axes=axes)


TABLES: dict[str, type[DrawnSource]] = {
    "friedman": Friedman,
    "rare": Rare,
    "subjects": Subjects,
    "checkerboard": Checkerboard,
    "rings": Rings,
    "spirals": Spirals,
}
