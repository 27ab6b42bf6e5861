"""Fixtures for tests of the core: random variants, members, examples and whole trainings.

A *form* of a variant is one combination of its word and flag settings, such as `learn` or `scope`; its numbers are
drawn at random. The fixtures `activation_form`, `optimizer_form`, … go through every form of every row of a table.
"""

import itertools
from typing import ClassVar

import numpy as np
import pytest
from fitgap.core.activations import ACTIVATIONS, Identity, Sigmoid, Tanh
from fitgap.core.activations.activation import Activation
from fitgap.core.initializers import INITIALIZERS, GlorotUniform
from fitgap.core.losses import HalfSquaredError
from fitgap.core.members import Member, PackShape
from fitgap.core.network import Networks
from fitgap.core.network_shape import dense_network
from fitgap.core.optimizers import OPTIMIZERS, GradientDescent, Optimizer
from fitgap.core.preprocessing import Examples
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.schedules import SCHEDULES, Constant
from fitgap.core.stopping import STOPPINGS
from fitgap.core.target_coding import Numbers, OnePerClass, ZeroOne
from support.core.trainings import Training, assert_same_epochs, same


def draw_number(domain, rng):
    """A number well inside a domain. If only one side is bounded, its distance from the bound is drawn
    log-uniformly.
    """
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


def draw_value(domain, rng):
    words = domain.choices or ((False, True) if domain.flag else ())
    return words[rng.integers(len(words))] if words else draw_number(domain, rng)


def forms_of(kind):
    """Every combination of a variant's word and flag settings."""
    domains = {name: field.metadata["domain"] for name, field in kind.parameters().items()}
    words = {name: domain.choices or (False, True) for name, domain in domains.items() if domain.choices or domain.flag}
    return [dict(zip(words, values, strict=True)) for values in itertools.product(*words.values())]


def form_params(table):
    """Every form of every row of a table, as fixture parameters: (class, word and flag settings)."""
    return [
        pytest.param((kind, form), id="-".join([name, *(str(word) for word in form.values())]))
        for name, kind in table.items()
        for form in forms_of(kind)
    ]


@pytest.fixture(params=form_params(ACTIVATIONS))
def activation_form(request):
    return request.param


@pytest.fixture(params=form_params(OPTIMIZERS))
def optimizer_form(request):
    return request.param


@pytest.fixture(params=form_params(REGULARIZERS))
def regularizer_form(request):
    return request.param


@pytest.fixture(params=form_params(SCHEDULES))
def schedule_form(request):
    return request.param


@pytest.fixture(params=form_params(STOPPINGS))
def stopping_form(request):
    return request.param


@pytest.fixture(scope="session")
def all_forms():
    """`all_forms(table)`: every form of every row of a table, as (class, word and flag settings)."""
    return lambda table: [(kind, form) for kind in table.values() for form in forms_of(kind)]


@pytest.fixture(scope="session")
def draw_variant():
    """`draw_variant(kind, rng, **fixed)`: a variant of a class with every other parameter drawn from its domain."""

    def draw(kind, rng, **fixed):
        domains = {name: field.metadata["domain"] for name, field in kind.parameters().items()}
        drawn = {name: draw_value(domain, rng) for name, domain in domains.items() if name not in fixed}
        return kind(**drawn, **fixed)

    return draw


@pytest.fixture(scope="session")
def make_member():
    """`make_member(activation, output_activation, depth, **changes)`: a member with otherwise plain settings.

    A function is an activation, or a tuple of those that share a layer; `activations` sets all layers itself.
    """

    tanh, identity = Tanh(), Identity()

    def make(activation=tanh, output_activation=identity, *, depth=2, **changes):
        layers = [activation] * (depth - 1) + [output_activation]
        plain = {
            "activations": tuple((each,) if isinstance(each, Activation) else tuple(each) for each in layers),
            "initializer": GlorotUniform(),
            "regularizers": (),
            "optimizer": GradientDescent(rate=0.1),
            "schedule": Constant(),
            "stopping": (),
            "epochs": 1,
            "seed": 0,
            "repeat": 0,
        }
        return Member(**{**plain, **changes})

    return make


@pytest.fixture(scope="session")
def draw_member(draw_variant):
    """`draw_member(rng, depth)`: a member with random rows of every table, random parameters, and mixtures.

    Some of these members could not be trained sensibly; their numbers still must not depend on the other members.
    """

    def pick(table, rng):
        return draw_variant(table[sorted(table)[rng.integers(len(table))]], rng)

    def pick_optimizer(rng):
        kind = OPTIMIZERS[sorted(OPTIMIZERS)[rng.integers(len(OPTIMIZERS))]]
        # Few different values, so that members often share an optimizer.
        clip = {"clip": rng.choice([0.0, 0.0, 0.5])} if "clip" in kind.parameters() else {}
        return draw_variant(kind, rng, **clip)

    def draw(rng, depth):
        layers = [tuple(pick(ACTIVATIONS, rng) for _ in range(rng.choice([1, 1, 2, 3]))) for _ in range(depth)]
        return Member(
            activations=tuple(layers),
            initializer=pick(INITIALIZERS, rng),
            regularizers=tuple(draw_variant(kind, rng) for kind in REGULARIZERS.values() if rng.random() < 0.4),
            optimizer=pick_optimizer(rng),
            schedule=pick(SCHEDULES, rng),
            stopping=tuple(draw_variant(kind, rng) for kind in STOPPINGS.values() if rng.random() < 0.4),
            epochs=int(rng.integers(1, 5)),
            seed=int(rng.integers(2)),
            repeat=int(rng.integers(3)),
        )

    return draw


@pytest.fixture(scope="session")
def make_shape():
    """`make_shape(layers, batch_size, dtype, loss, classes, **changes)`: by default in float64 with half squared error.

    With `classes`, there is one output per class, or a single output for two classes.
    """

    def make(layers, batch_size=1000, dtype="float64", loss=None, *, classes=False, **changes):
        one = layers[-1] == 1
        settings = {
            "network": dense_network(tuple(layers)),
            "batch_size": batch_size,
            "loss": loss or HalfSquaredError(),
            "reading": Numbers() if not classes else ZeroOne() if one else OnePerClass(),
            "class_count": 0 if not classes else 2 if one else layers[-1],
            "dtype": dtype,
        }
        return PackShape(**{**settings, **changes})

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
def make_repeats(make_examples):
    """`make_repeats(shape, (training, validation))`: such examples for each of the three repeats that `draw_member`
    draws.
    """

    def make(shape, counts):
        sizes, dtype = shape.network.sizes, shape.dtype
        return {repeat: make_examples(sizes, *counts, seed=repeat, dtype=dtype) for repeat in range(3)}

    return make


@pytest.fixture(scope="session")
def make_networks():
    """`make_networks(sizes, members, seed, dtype)`: networks with random weights and biases."""

    def make(sizes, members, *, seed=0, dtype="float64"):
        networks = Networks(dense_network(tuple(sizes)), members, dtype)
        rng = np.random.default_rng(seed)
        count = networks.layout.parameter_count
        networks.parameters[:, :count] = rng.normal(scale=0.7, size=(len(members), count))
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
    """An optimizer class that changes nothing and records a copy of every gradient (k, P) in `gradients`."""

    class StandingStill(Optimizer):
        gradients: ClassVar[list] = []

        def step(self, parameters, gradient, slots, scratch, step_number, rate):
            StandingStill.gradients.append(gradient.copy())

    return StandingStill


@pytest.fixture(scope="session")
def run_training():
    """`run_training(shape, members, examples, states=None, until=None)`: the training of a pack as a `Training`."""
    return Training


@pytest.fixture(scope="session")
def assert_same_member():
    """`assert_same_member(one, number, other, other_number)`: equal bit for bit."""

    def check(one, number, other, other_number):
        assert_same_epochs(one.epochs[number], other.epochs[other_number])
        assert same(one.parameters[number], other.parameters[other_number])

    return check
