"""Initial weights and biases: their distributions, and what they depend on."""

import itertools

import numpy as np
import pytest
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.initializers import INITIALIZERS, Auto, GlorotUniform, HeNormal, Normal, Uniform
from fitgap.core.network import Networks
from fitgap.core.network_shape import dense_network
from fitgap.core.optimizers import Fixed
from fitgap.core.preprocessing import Examples
from fitgap.core.workspace import Workspace

DRAW = {"seed": 3, "repeat": 1, "layer": 2}
# The variance of one weight, given its layer's inputs and outputs, according to the papers.
VARIANCES = {
    "glorot_uniform": lambda inputs, outputs: 2 / (inputs + outputs),
    "glorot_normal": lambda inputs, outputs: 2 / (inputs + outputs),
    "he_uniform": lambda inputs, outputs: 2 / inputs,
    "he_normal": lambda inputs, outputs: 2 / inputs,
    "uniform": lambda inputs, outputs: 0.05**2 / 3,
    "normal": lambda inputs, outputs: 0.05**2,
    "zeros": lambda inputs, outputs: 0,
    "majority": lambda inputs, outputs: 0,
}


@pytest.fixture(params=sorted(INITIALIZERS))
def initializer(request, draw_variant):
    """Every initializer; one that adapts to the activation is used in its form for tanh."""
    return draw_variant(INITIALIZERS[request.param], np.random.default_rng(4)).suiting(ACTIVATIONS["tanh"]())


def is_drawn(initializer):
    """Whether the weights are random, that is, differ between seeds."""
    first, second = (initializer.draw(5, 3, **{**DRAW, "seed": seed}) for seed in (1, 2))
    return not np.array_equal(first, second)


def test_only_these_are_not_drawn(initializer):
    assert is_drawn(initializer) == (type(initializer).__name__ not in ("Zeros", "Majority"))


def test_weights_have_a_row_per_output(initializer):
    weights = initializer.draw(5, 3, **DRAW)
    assert weights.shape == (3, 5)
    assert weights.dtype == np.float64
    assert np.isfinite(weights).all()


def test_equal_keys_give_equal_weights_whatever_else_was_drawn(initializer):
    np.random.seed(1)
    first = initializer.draw(5, 3, **DRAW)
    initializer.draw(7, 7, **DRAW)
    np.random.seed(2)
    assert np.array_equal(initializer.draw(5, 3, **DRAW), first)


@pytest.mark.parametrize("changed", sorted(DRAW))
def test_each_part_of_the_key_changes_the_weights(initializer, changed):
    weights, others = (initializer.draw(5, 3, **key) for key in (DRAW, {**DRAW, changed: DRAW[changed] + 1}))
    if is_drawn(initializer):
        assert not np.isclose(weights, others).any()
    else:
        assert np.array_equal(weights, others) and np.unique(weights).size == 1


def test_weights_scatter_around_zero_as_widely_as_the_spread_says(initializer):
    if not is_drawn(initializer):
        assert initializer.draw(300, 200, **DRAW).std() == 0
        return
    weights, spread = initializer.draw(300, 200, **DRAW), initializer.spread(300, 200)
    deviation = spread if initializer.shape == "normal" else spread / np.sqrt(3)
    assert weights.std() == pytest.approx(deviation, rel=0.02)
    assert abs(weights.mean()) <= 5 * deviation / np.sqrt(weights.size)
    if initializer.shape == "uniform":
        assert abs(weights).max() <= spread


@pytest.mark.parametrize("name", sorted(VARIANCES))
@pytest.mark.parametrize("size", [(300, 100), (100, 300)])
def test_variance_by_the_numbers_of_inputs_and_outputs(name, size):
    inputs, outputs = size
    variance = INITIALIZERS[name]().draw(inputs, outputs, **DRAW).var()
    assert variance == pytest.approx(VARIANCES[name](inputs, outputs), rel=0.03)


def test_every_row_but_auto_has_its_variance_here():
    assert sorted([*VARIANCES, "auto"]) == sorted(INITIALIZERS)


def test_fixed_spreads_are_those_given():
    assert Uniform(limit=0.3).spread(9, 4) == 0.3
    assert Normal(deviation=0.2).spread(9, 4) == 0.2


@pytest.mark.parametrize("name", sorted(set(INITIALIZERS) - {"auto"}))
def test_a_named_initializer_suits_every_activation(name, draw_variant):
    initializer = draw_variant(INITIALIZERS[name], np.random.default_rng(4))
    assert all(initializer.suiting(kind()) is initializer for kind in ACTIVATIONS.values())


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_the_relu_family_starts_wider(name):
    """Functions that approach the identity on the far right of 0, and are bounded or flat on the left."""
    family = {"relu", "prelu", "elu", "silu", "softplus", "mish", "squareplus"}
    expected = HeNormal() if name in family else GlorotUniform()
    assert Auto().suiting(ACTIVATIONS[name]()) == expected


def test_auto_follows_the_first_function_of_each_layer(make_member):
    relu, tanh = ACTIVATIONS["relu"](), ACTIVATIONS["tanh"]()
    member = make_member((relu, tanh), (tanh, relu), initializer=Auto())
    networks = Networks(dense_network((4, 3, 2)), [member], "float64")
    assert np.array_equal(networks.weights[0][0], HeNormal().draw(4, 3, seed=0, repeat=0, layer=1))
    assert np.array_equal(networks.weights[1][0], GlorotUniform().draw(3, 2, seed=0, repeat=0, layer=2))


@pytest.mark.parametrize("name", sorted(INITIALIZERS))
def test_biases_start_at_zero_but_for_the_majority(name, make_member, draw_variant):
    initializer = draw_variant(INITIALIZERS[name], np.random.default_rng(4))
    networks = Networks(dense_network((5, 4, 2)), [make_member(initializer=initializer)], "float64")
    expected = [-2.5, -2] if name == "majority" else [0, 0]
    assert [biases.tolist() for biases in networks.biases] == [[[[expected[0]] * 4]], [[[expected[1]] * 2]]]


@pytest.mark.parametrize("input_count", range(1, 9))
def test_majority_tells_whether_most_inputs_are_one(input_count, make_member, make_shape, run_training):
    """Correction 13: the bias is −n/2; with n/2, as printed, the unit fires for every input. A tie is not a
    majority.
    """
    rows = np.array(list(itertools.product((0.0, 1.0), repeat=input_count)))
    member = make_member(
        activations=((ACTIVATIONS["threshold"](),),), initializer=INITIALIZERS["majority"](), optimizer=Fixed()
    )
    most = (2 * rows.sum(axis=1, keepdims=True) > input_count).astype(float)
    shape, examples = make_shape((input_count, 1), classes=True), {0: Examples(rows, most, rows, most, ())}
    training = run_training(shape, [member], examples)
    assert (training.last(0, "e_t"), training.last(0, "accuracy_t")) == (0, 1)
    networks = Networks(shape.network, [member], "float64")
    networks.biases[0][:] *= -1
    work = Workspace(1, len(rows), networks.layout, "float64")
    work.inputs[...] = rows
    networks.evaluate(work)
    assert work.outputs.all() and not most.all()
