"""Scenarios whose right verdicts are measured: fresh examples show how good each network is, in every single sweep.

The data are drawn from known distributions, so any number of fresh examples is available. The right verdicts are
defined in `truth.py`, and depend on the data, splits and networks of the sweep at hand.
"""

from collections.abc import Callable

import numpy as np
from fitgap.core.activations import Sigmoid, Tanh
from fitgap.core.datasets import Dataset, TargetKind
from fitgap.core.losses import SigmoidCrossEntropy, SoftmaxCrossEntropy
from fitgap.core.optimizers import GradientDescent
from fitgap.core.randomness import Purpose, generator
from fitgap.core.regularizers import L2
from fitgap.core.stopping import NoImprovement
from fitgap.core.target_coding import OnePerClass, ZeroOne

from support.scenarios.scenarios import Case, Scenario

Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def drawing(draw: Draw, count: int, classes: int = 0) -> dict[str, Callable]:
    """Functions that draw the data set of a seed, and fresh examples from the same distribution."""
    kind: TargetKind = "classes" if classes else "numbers"

    def load(seed: int, examples: int = count) -> Dataset:
        inputs, targets = draw(generator(seed, 0, Purpose.DATA), examples)
        names = tuple(f"x_{number}" for number in range(inputs.shape[1]))
        return Dataset("drawn", inputs, targets.reshape(-1, 1), kind, names, ("y",), tuple(map(str, range(classes))))

    return {"load": load, "fresh": lambda seed, examples: load(1_000_000 + seed, examples)}


def polynomial(random, count):
    x = random.uniform(-1.5, 1.5, (count, 2))
    return x, x[:, 0] ** 3 - 2 * x[:, 0] * x[:, 1] + x[:, 1] ** 2 + 0.4 * random.normal(size=count)


def difference_of_two(random, count):
    x = random.normal(size=(count, 20))
    return x, x[:, 0] - x[:, 1] + random.normal(size=count)


def ripples(random, count):
    x = random.uniform(-1, 1, (count, 2))
    return x, np.sin(6 * x[:, 0]) * np.cos(5 * x[:, 1]) + 0.1 * random.normal(size=count)


def heavy_tails(random, count):
    x = random.uniform(-3, 3, (count, 1))
    return x, np.sin(1.5 * x[:, 0]) + 0.35 * random.standard_t(2.2, count)


def smooth(random, count):
    x = random.uniform(-2, 2, (count, 3))
    return x, np.tanh(2 * x[:, 0]) + 0.5 * x[:, 1] * x[:, 2] + 0.3 * random.normal(size=count)


def exclusive_or(random, count):
    """The four corners of a square, with equal probability."""
    corner = random.permutation(count) % 4
    x = np.stack([np.where(corner < 2, -1.0, 1.0), np.where(corner % 2, -1.0, 1.0)], axis=1)
    return x, (x[:, 0] * x[:, 1] > 0).astype(float)


def sign_of_product(random, count):
    x = random.uniform(-1, 1, (count, 2))
    return x, (x[:, 0] * x[:, 1] > 0).astype(float)


def unrelated(random, count):
    return random.normal(size=(count, 5)), random.normal(size=count)


def flipped_rings(random, count):
    """A disc within a ring; a fifth of the labels are wrong."""
    x = random.normal(size=(count, 2))
    label = (np.hypot(x[:, 0], x[:, 1]) > 1.2).astype(float)
    return x, np.where(random.random(count) < 0.2, 1 - label, label)


def rare_class(random, count):
    """One example in twenty belongs to the rarer class, which is separated in two of the five inputs."""
    label = (random.random(count) < 0.05).astype(float)
    x = random.normal(size=(count, 5))
    x[:, :2] += 2.0 * label[:, np.newaxis]
    return x, label


def three_blobs(random, count):
    label = random.integers(3, size=count)
    angle = 2 * np.pi * label / 3
    return 1.3 * np.stack([np.cos(angle), np.sin(angle)], axis=1) + random.normal(size=(count, 2)), label.astype(float)


def of_sizes(*sizes, weights=(0.0,), **settings) -> tuple[Case, ...]:
    """A case for each combination of an architecture and the weight of an L2 penalty."""
    return tuple(
        Case(size, regularizers=(L2(weight=weight),) if weight else (), **{"rate": 1e-2, **settings})
        for size in sizes
        for weight in weights
    )


PATIENCE = (NoImprovement(epochs=10),)

MEASURED = (
    Scenario(
        "polynomial",
        cases=of_sizes((), (2,), (32,), weights=(0.0, 1.0)),
        epochs=120,
        **drawing(polynomial, 200),
    ),
    Scenario(
        "polynomial, 50 examples",
        cases=of_sizes((), (4,), (128, 128), weights=(0.0, 0.03)),
        epochs=300,
        batch_size=16,
        **drawing(polynomial, 50),
    ),
    Scenario(
        "many inputs, few examples",
        cases=of_sizes((64,), (96,), (128,), (64, 64)),
        epochs=200,
        batch_size=16,
        **drawing(difference_of_two, 50),
    ),
    Scenario(
        "many inputs, some better",
        cases=of_sizes((), (4,), (64,), weights=(0.0, 0.1), rate=3e-3),
        epochs=150,
        batch_size=16,
        **drawing(difference_of_two, 120),
    ),
    Scenario("all too small", cases=of_sizes((), (1,), (2,), (3,)), epochs=60, **drawing(ripples, 400)),
    Scenario(
        "heavy-tailed noise",
        cases=of_sizes((), (8,), (64, 64), weights=(0.0, 0.01)),
        epochs=200,
        **drawing(heavy_tails, 200),
    ),
    Scenario(
        "rates from 1e-5 to 3",
        cases=tuple(Case((24,), rate=rate) for rate in (1e-5, 1e-4, 1e-2, 0.1, 1.0, 3.0)),
        epochs=40,
        **drawing(smooth, 300),
    ),
    Scenario(
        "a perfect fit",
        cases=(*of_sizes((), (8,), (16,), rate=0.05), *of_sizes((8,), rate=0.01)),
        epochs=100,
        batch_size=16,
        reading=ZeroOne(),
        **drawing(exclusive_or, 60, 2),
    ),
    Scenario(
        "nothing to learn",
        cases=of_sizes((), (8,), (64,), weights=(0.0, 1.0)),
        epochs=80,
        **drawing(unrelated, 200),
    ),
    Scenario(
        "nothing learned",
        cases=of_sizes((8,) * 6, (4,) * 6, (6,) * 6, activation=Sigmoid(), rate=3e-3),
        epochs=60,
        reading=ZeroOne(),
        **drawing(sign_of_product, 300, 2),
    ),
    Scenario(
        "some diverge",
        cases=tuple(Case((24,), rate=rate, optimizer=GradientDescent) for rate in (0.02, 0.1, 0.4, 0.6, 0.8, 3.0)),
        epochs=60,
        batch_size=16,
        **drawing(smooth, 200),
    ),
    Scenario(
        "20 % flipped labels",
        cases=of_sizes((), (8,), (64, 64), weights=(0.0, 0.01)),
        epochs=150,
        reading=ZeroOne(),
        loss=SigmoidCrossEntropy(),
        **drawing(flipped_rings, 300, 2),
    ),
    Scenario(
        "95:5 classes",
        cases=of_sizes((), (8,), (64, 64), weights=(0.0, 0.01)),
        epochs=100,
        reading=ZeroOne(),
        loss=SigmoidCrossEntropy(),
        **drawing(rare_class, 400, 2),
    ),
    Scenario(
        "softmax cross entropy",
        cases=(*of_sizes((), (16,), (128, 128)), *of_sizes((16,), weights=(0.3,)), *of_sizes((16,), epochs=1)),
        epochs=100,
        reading=OnePerClass(),
        loss=SoftmaxCrossEntropy(),
        **drawing(three_blobs, 240, 3),
    ),
    Scenario(
        "early stopping",
        cases=(
            *of_sizes((2,), (16,), (64, 64)),
            *of_sizes((2,), (16,), (64, 64), stopping=PATIENCE),
        ),
        epochs=150,
        **drawing(polynomial, 150),
    ),
    Scenario(
        "thirty alike",
        cases=of_sizes(*((8 + more,) for more in range(30)), weights=(0.1,), activation=Tanh(), rate=3e-3),
        epochs=100,
        **drawing(difference_of_two, 100),
    ),
    Scenario(
        "a fifth for training",
        cases=of_sizes((), (8,), (64, 64), weights=(0.0, 0.03)),
        epochs=200,
        batch_size=16,
        validation=0.8,
        **drawing(smooth, 200),
    ),
)
