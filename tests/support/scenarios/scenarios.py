"""Scenarios: small sweeps in which the right verdict on every configuration is known.

Every data set is drawn from a distribution, or is one that the program ships. `fresh` draws any number of further
examples from that distribution. If it is available, it shows how good each network really is, whatever its validation
error.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from fitgap.core.activations import Identity, ReLU, Tanh
from fitgap.core.activations.activation import Activation
from fitgap.core.datasets import Dataset
from fitgap.core.fit_verdicts import Verdict
from fitgap.core.losses import HalfSquaredError, Loss
from fitgap.core.optimizers import Adam, Optimizer
from fitgap.core.randomness import Purpose, generator
from fitgap.core.regularizers import L1, L2, Regularizer
from fitgap.core.schedules import Constant, Cosine, Schedule
from fitgap.core.stopping import Stopping
from fitgap.core.target_coding import Numbers, OnePerClass, OutputReading, ZeroOne
from fitgap.runner.data.named import load_named

RELU, NUMBERS, CONSTANT, SQUARED = ReLU(), Numbers(), Constant(), HalfSquaredError()
GOOD, UNDERFIT, OVERFIT, BOTH = Verdict.GOOD, Verdict.UNDERFIT, Verdict.OVERFIT, Verdict.BOTH
NO_SKILL = Verdict.NO_SKILL


@dataclass(frozen=True)
class Case:
    """A configuration, and if its verdict is known beforehand, this verdict and the reason `why`."""

    hidden: tuple[int, ...]
    known: Verdict | None = None
    why: str = ""
    regularizers: tuple[Regularizer, ...] = ()
    epochs: int | None = None
    activation: Activation = RELU
    rate: float = 3e-3
    optimizer: Callable[..., Optimizer] = Adam
    stopping: tuple[Stopping, ...] = ()

    @property
    def name(self) -> str:
        parts = ["-".join(map(str, self.hidden)) or "none"]
        parts += [f"{type(each).__name__.lower()} {each.weight:g}" for each in self.regularizers]
        parts += [] if self.activation == RELU or not self.hidden else [type(self.activation).__name__.lower()]
        parts += [] if self.optimizer is Adam else ["gradient descent"]
        parts += [] if self.known else [f"rate {self.rate:g}"]
        parts += [] if not self.stopping else ["early stopping"]
        parts += [] if not self.epochs else ["1 epoch"] if self.epochs == 1 else [f"{self.epochs} epochs"]
        return ", ".join(parts)


@dataclass(frozen=True)
class Scenario:
    """A sweep: a data set, how its networks are trained, and its configurations."""

    name: str
    load: Callable[[int], Dataset]
    cases: tuple[Case, ...]
    epochs: int
    reading: OutputReading = NUMBERS
    preprocess: str = "standard"
    batch_size: int = 32
    validation: float = 0.3
    schedule: Schedule = CONSTANT
    loss: Loss = SQUARED
    # Fresh examples by seed and number; None if the distribution is not known.
    fresh: Callable[[int, int], Dataset] | None = None


def shipped(name: str) -> Callable[[int], Dataset]:
    return lambda seed: load_named(name, {}, (), seed)


def drawn(name: str, **options: float) -> dict[str, Callable]:
    """Functions that draw a named random data set, and fresh examples of it."""
    return {
        "load": lambda seed: load_named(name, options, (), seed),
        "fresh": lambda seed, count: load_named(name, {**options, "examples": count}, (), 1_000_000 + seed),
    }


def made(count: int, inputs: int, target: Callable[[np.ndarray], np.ndarray], noise: float) -> dict[str, Callable]:
    """Normally distributed inputs; targets are a function of them plus normal noise."""

    def draw(seed: int, examples: int = count) -> Dataset:
        random = generator(seed, 0, Purpose.DATA)
        x = random.standard_normal((examples, inputs))
        y = target(x)[:, np.newaxis] + noise * random.standard_normal((examples, 1))
        return Dataset("made", x, y, "numbers", tuple(f"x_{number}" for number in range(inputs)), ("y",))

    return {"load": draw, "fresh": lambda seed, examples: draw(1_000_000 + seed, examples)}


def linear(x: np.ndarray) -> np.ndarray:
    return x[:, 0]


def nothing(x: np.ndarray) -> np.ndarray:
    return np.zeros(len(x))


def wavy(x: np.ndarray) -> np.ndarray:
    return np.sin(2 * x[:, 0]) + x[:, 1]


def bent(x: np.ndarray) -> np.ndarray:
    return 2 * np.abs(x[:, 0])


LINEAR_CASES = (
    Case((), GOOD, "a plane, which the truth is", rate=1e-2),
    Case((3,), GOOD, "a plane as well, in two steps", activation=Identity(), rate=1e-2),
    Case((128, 128), OVERFIT, "17,000 parameters learn the noise by heart"),
    Case((2,), UNDERFIT, "one epoch", epochs=1),
    Case((16,), UNDERFIT, "λ far too large", (L2(weight=1.0),)),
)

SCENARIOS = (
    Scenario(
        "digits",
        shipped("digits"),
        (
            Case((1,), UNDERFIT, "one unit cannot tell ten classes apart"),
            Case((4,), UNDERFIT, "four units cannot either"),
            Case((64,), GOOD, "the best of the sweep"),
            Case((60,), GOOD, "hardly different"),
            Case((64,), UNDERFIT, "one epoch", epochs=1),
            Case((64,), UNDERFIT, "λ far too large", (L2(weight=0.3),)),
        ),
        epochs=30,
        reading=OnePerClass(),
        preprocess="none",
    ),
    Scenario(
        "diabetes",
        shipped("diabetes"),
        (
            Case((16,), GOOD, "nearly linear data, and a penalty that suits it", (L2(weight=0.1),)),
            Case((20,), GOOD, "hardly different", (L2(weight=0.1),)),
            Case((256,), OVERFIT, "ten times as many parameters as examples"),
            Case((64, 64), OVERFIT, "sixteen times as many parameters as examples"),
            Case((16,), UNDERFIT, "λ far too large", (L2(weight=3.0),)),
            Case((16,), UNDERFIT, "two epochs", epochs=2),
        ),
        epochs=80,
    ),
    Scenario("linear, 200 examples", cases=LINEAR_CASES, epochs=150, **made(200, 5, linear, 1.0)),
    Scenario("linear, 90 examples", cases=LINEAR_CASES, epochs=150, **made(90, 5, linear, 1.0)),
    Scenario(
        "noise, 200 examples",
        cases=(
            Case(
                (16,), NO_SKILL, "λ so large that the answer is nearly the mean, the best there is", (L2(weight=1.0),)
            ),
            Case((24,), NO_SKILL, "likewise", (L2(weight=1.0),)),
            Case((128, 128), OVERFIT, "there is nothing to learn but the noise"),
        ),
        epochs=150,
        **made(200, 5, nothing, 1.0),
    ),
    Scenario("50 noisy points, 50 unseen", cases=LINEAR_CASES, epochs=200, validation=0.5, **made(100, 5, linear, 1.0)),
    Scenario("35 noisy points, 15 unseen", cases=LINEAR_CASES, epochs=200, **made(50, 5, linear, 1.0)),
    Scenario(
        "noise, 50 examples",
        cases=(
            Case(
                (16,), NO_SKILL, "λ so large that the answer is nearly the mean, the best there is", (L2(weight=1.0),)
            ),
            Case((24,), NO_SKILL, "likewise", (L2(weight=1.0),)),
            Case((128, 128), OVERFIT, "there is nothing to learn but the noise"),
        ),
        epochs=200,
        **made(50, 5, nothing, 1.0),
    ),
    Scenario(
        "moons",
        cases=(
            Case((16,), GOOD, "enough units for two half circles"),
            Case((20,), GOOD, "hardly different"),
            Case((), UNDERFIT, "a straight line cannot part them"),
            Case((128, 128), OVERFIT, "learns by heart where the moons overlap"),
            Case((16,), UNDERFIT, "one epoch", epochs=1),
            Case((16,), UNDERFIT, "λ far too large", (L2(weight=0.3),)),
        ),
        epochs=300,
        reading=ZeroOne(),
        **drawn("moons", examples=400, noise=0.3),
    ),
    Scenario(
        "all alike, 90 examples",
        cases=tuple(
            Case((8 + more,), GOOD, "all are alike", (L2(weight=0.1),), activation=Tanh()) for more in range(8)
        ),
        epochs=100,
        **made(90, 5, linear, 1.0),
    ),
    Scenario(
        "wavy, no noise",
        cases=(
            Case((128, 128), GOOD, "with no noise to fit, an error of 0 on seen examples is no overfitting", rate=1e-3),
            Case((112, 112), GOOD, "likewise", rate=1e-3),
            Case((), UNDERFIT, "a plane has no waves", rate=1e-2),
            Case((128, 128), UNDERFIT, "one epoch", epochs=1, rate=1e-3),
            Case((16,), UNDERFIT, "λ far too large", (L2(weight=1.0),)),
        ),
        epochs=100,
        schedule=Cosine(),
        **made(300, 2, wavy, 0.0),
    ),
    Scenario(
        "wine",
        shipped("wine"),
        (
            Case((16,), GOOD, "three classes that lie apart"),
            Case((20,), GOOD, "hardly different"),
            Case((1,), UNDERFIT, "one unit for three classes"),
            Case((16,), UNDERFIT, "one epoch", epochs=1),
            Case((16,), UNDERFIT, "λ far too large", (L2(weight=3.0),)),
        ),
        epochs=150,
        reading=OnePerClass(),
    ),
    Scenario(
        "bent, 60 inputs",
        cases=(
            Case((16,), GOOD, "bends, and uses few inputs", (L1(weight=2e-2),)),
            Case((), BOTH, "a plane cannot bend, and fits noise by the inputs that say nothing", rate=1e-2),
            Case((128, 128), OVERFIT, "bends, and fits noise"),
            Case((16,), UNDERFIT, "λ far too large", (L2(weight=3.0),)),
        ),
        epochs=150,
        **made(300, 60, bent, 0.3),
    ),
)
