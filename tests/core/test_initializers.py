"""Initial weights: how they scatter, and on what they depend."""

import numpy as np
import pytest

from core.activations import ACTIVATIONS
from core.initializers import INITIALIZERS, Normal, Uniform, suiting

DRAW = {"seed": 3, "repeat": 1, "layer": 2}
# The variance of one weight by its layer's inputs and outputs, as the papers give it.
VARIANCES = {
    "glorot_uniform": lambda inputs, outputs: 2 / (inputs + outputs),
    "glorot_normal": lambda inputs, outputs: 2 / (inputs + outputs),
    "he_uniform": lambda inputs, outputs: 2 / inputs,
    "he_normal": lambda inputs, outputs: 2 / inputs,
    "uniform": lambda inputs, outputs: 0.05**2 / 3,
    "normal": lambda inputs, outputs: 0.05**2,
    "zeros": lambda inputs, outputs: 0,
}


@pytest.fixture(params=sorted(INITIALIZERS))
def initializer(request, draw_variant):
    return draw_variant(INITIALIZERS[request.param], np.random.default_rng(4))


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
    if initializer.spread(5, 3) == 0:
        assert not (weights.any() or others.any())
    else:
        assert not np.isclose(weights, others).any()


def test_weights_scatter_around_zero_as_widely_as_the_spread_says(initializer):
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


def test_fixed_spreads_are_those_given():
    assert Uniform(limit=0.3).spread(9, 4) == 0.3
    assert Normal(deviation=0.2).spread(9, 4) == 0.2


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation_has_a_suiting_initializer(name):
    assert suiting(name) in INITIALIZERS


@pytest.mark.parametrize(
    ("name", "expected"), [("relu", "he_normal"), ("prelu", "he_normal"), ("tanh", "glorot_uniform")]
)
def test_the_relu_family_starts_wider(name, expected):
    assert suiting(name) == expected
