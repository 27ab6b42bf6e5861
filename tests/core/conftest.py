"""Makers of what the tests of the core need: variants drawn from their domains, members, examples, whole trainings."""

import dataclasses
from typing import ClassVar

import numpy as np
import pytest

from core.activations import Identity, Sigmoid, Tanh
from core.initializers import GlorotUniform
from core.losses import HalfSquaredError
from core.members import Member, PackShape
from core.network import Networks
from core.optimizers import GradientDescent, Optimizer
from core.preprocessing import Examples
from core.training import Pack


def draw_number(domain, rng):
    """A number well inside a domain; small ones are as likely as large ones where only one side is bounded."""
    lowest = domain.above if domain.above is not None else domain.at_least
    highest = domain.below if domain.below is not None else domain.at_most
    if lowest is None and highest is None:
        value = rng.uniform(-2, 2)
    elif highest is None:
        value = lowest + 10 ** rng.uniform(-3, 0.3)
    elif lowest is None:
        value = highest - 10 ** rng.uniform(-3, 0.3)
    else:
        value = lowest + rng.uniform(0.05, 0.95) * (highest - lowest)
    return float(np.ceil(value)) if domain.whole else float(value)


@pytest.fixture(scope="session")
def draw_variant():
    """`draw_variant(kind, rng)`: a variant of a class with every parameter drawn from its domain."""

    def draw(kind, rng):
        domains = {name: field.metadata["domain"] for name, field in kind.parameters().items()}
        return kind(
            **{
                name: str(rng.choice(domain.choices)) if domain.choices else draw_number(domain, rng)
                for name, domain in domains.items()
            }
        )

    return draw


@pytest.fixture(scope="session")
def make_member():
    """`make_member(**changes)`: a member with everything but `changes` plain."""

    def make(**changes):
        plain = {
            "activation": Tanh(),
            "output_activation": Identity(),
            "initializer": GlorotUniform(),
            "regularizers": (),
            "optimizer": GradientDescent(rate=0.1),
            "epochs": 1,
            "seed": 0,
            "repeat": 0,
        }
        return Member(**{**plain, **changes})

    return make


@pytest.fixture(scope="session")
def make_shape():
    """`make_shape(layers, batch_size, dtype, loss)`, in float64 with half squared error."""

    def make(layers, batch_size=1000, dtype="float64", loss=None):
        return PackShape(tuple(layers), batch_size, loss or HalfSquaredError(), dtype)

    return make


@pytest.fixture(scope="session")
def make_examples():
    """`make_examples(layers, training, validation, seed, dtype)`: normal inputs, targets between 0 and 1."""

    def make(layers, training=10, validation=5, *, seed=0, dtype="float64"):
        rng = np.random.default_rng(seed)
        counts, columns = (training, validation), (layers[0], layers[-1])
        inputs = [rng.normal(size=(count, columns[0])).astype(dtype) for count in counts]
        targets = [rng.uniform(size=(count, columns[1])).astype(dtype) for count in counts]
        return Examples(inputs[0], targets[0], inputs[1], targets[1], ())

    return make


@pytest.fixture(scope="session")
def make_networks():
    """`make_networks(layout, members, seed, dtype)`: networks whose weights and biases are all drawn at random."""

    def make(layout, members, *, seed=0, dtype="float64"):
        networks = Networks(layout, members, dtype)
        rng = np.random.default_rng(seed)
        shape = (len(members), layout.parameter_count)
        networks.parameters[:, : layout.parameter_count] = rng.normal(scale=0.7, size=shape)
        return networks

    return make


@pytest.fixture(scope="session")
def smooth_functions():
    """Scalar activation functions with their derivatives, written down independently of the core."""

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    return {
        Identity: (lambda x: x, lambda x: 1.0),
        Sigmoid: (sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
        Tanh: (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    }


@pytest.fixture
def standing_still():
    """An optimizer class that changes nothing and keeps a copy of every gradient (k, P) it is given in `gradients`."""

    class StandingStill(Optimizer):
        gradients: ClassVar[list] = []

        @staticmethod
        def step(parameters, gradient, slots, scratch, step_number, rate):
            StandingStill.gradients.append(gradient.copy())

    return StandingStill


class Training:
    """All that came out of a training: each member's epochs as dictionaries, and its last parameters."""

    def __init__(self, shape, members, examples, classes):
        self.epochs = {number: [] for number in range(len(members))}
        self.parameters = {}
        with np.errstate(all="ignore"):
            pack = Pack(shape, members, examples, classes=classes)
            while pack.member_numbers.size:
                results = pack.run_epoch()
                leaving = results.diverged | results.finished
                self._record(results, pack.networks.parameters, leaving)
                pack.keep(~leaving)

    def _record(self, results, parameters, leaving):
        columns = [field.name for field in dataclasses.fields(results) if field.name not in ("members", "epoch")]
        for row, number in enumerate(results.members):
            numbers = {name: getattr(results, name)[row] for name in columns}
            self.epochs[int(number)].append({"epoch": results.epoch, **numbers})
            if leaving[row]:
                self.parameters[int(number)] = parameters[row].copy()

    def last(self, number, name):
        return self.epochs[number][-1][name]


@pytest.fixture(scope="session")
def run_training():
    """`run_training(shape, members, examples)`: the whole training of a pack as a `Training`."""

    def run(shape, members, examples, *, classes=False):
        return Training(shape, members, examples, classes)

    return run


@pytest.fixture(scope="session")
def assert_same_member():
    """`assert_same_member(one, number, other, other_number)`: equal bit for bit."""

    def check(one, number, other, other_number):
        assert len(one.epochs[number]) == len(other.epochs[other_number])
        for mine, others in zip(one.epochs[number], other.epochs[other_number], strict=True):
            for name, value in mine.items():
                assert np.array_equal(value, others[name], equal_nan=True), name
        assert np.array_equal(one.parameters[number], other.parameters[other_number], equal_nan=True)

    return check
