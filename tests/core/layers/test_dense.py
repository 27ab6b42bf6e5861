"""The computations of a dense layer."""

import numpy as np
import pytest
from fitgap.core.layers.connections import Connections
from fitgap.core.layers.layer import BackwardBuffers, LayerBuffers, LayerParameters


@pytest.fixture
def layer():
    """Two members, three examples, four inputs, two outputs."""
    rng = np.random.default_rng(7)
    shapes = {"inputs": (2, 3, 4), "weights": (2, 2, 4), "bias": (2, 1, 2), "delta": (2, 3, 2)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


@pytest.fixture(params=["straight", "transposed"])
def connections(layer, request):
    """The layer's connections; their weights are stored as in later layers, or transposed as in the first layer."""

    def buffer(values):
        return values.mT.copy().mT if request.param == "transposed" else values.copy()

    gradients = LayerParameters([buffer(np.empty((2, 2, 4)))], np.empty((2, 1, 2)))
    buffers = LayerBuffers(
        layer["inputs"],
        np.empty((2, 3, 2)),
        LayerParameters([buffer(layer["weights"])], layer["bias"]),
        backward=BackwardBuffers(layer["delta"], np.empty((2, 3, 4)), gradients),
    )
    return Connections(buffers), buffers


def test_weigh_sums_each_input_once_and_adds_the_bias_once(layer, connections):
    """Corrections 1 and 5: n inputs and n weights, and a bias unit that is the constant 1."""
    bound, buffers = connections
    bound.forward()
    for member, example, unit in np.ndindex(buffers.sums.shape):
        terms = [layer["inputs"][member, example, i] * layer["weights"][member, unit, i] for i in range(4)]
        expected = sum(terms) + layer["bias"][member, 0, unit]
        assert buffers.sums[member, example, unit] == pytest.approx(expected, rel=1e-12)


def test_gradient_is_summed_over_the_examples(layer, connections):
    bound, buffers = connections
    bound.accumulate_gradients()
    for member, unit, i in np.ndindex(2, 2, 4):
        terms = [layer["delta"][member, example, unit] * layer["inputs"][member, example, i] for example in range(3)]
        assert buffers.backward.gradients.weights[0][member, unit, i] == pytest.approx(sum(terms), rel=1e-12)
        delta_sum = sum(layer["delta"][member, example, unit] for example in range(3))
        assert buffers.backward.gradients.bias[member, 0, unit] == pytest.approx(delta_sum, rel=1e-12)


def test_nothing_flows_back_out_of_the_bias_unit(layer, connections):
    """Correction 4: the sum starts at 1; started at 0 it adds a spurious 1 to every hidden delta."""
    bound, buffers = connections
    bound.backward()
    for member, example, i in np.ndindex(buffers.backward.before.shape):
        terms = [layer["delta"][member, example, unit] * layer["weights"][member, unit, i] for unit in range(2)]
        assert buffers.backward.before[member, example, i] == pytest.approx(sum(terms), rel=1e-12)
    layer["delta"][...] = 0
    bound.backward()
    assert (buffers.backward.before == 0).all()
