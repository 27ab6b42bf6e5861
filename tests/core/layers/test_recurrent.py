"""Recurrent layers: their parameters and initial values, their outputs, and dropout of these."""

from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.activations import Tanh
from fitgap.core.layers import Convolution, Elman, Gated, GlobalAveragePooling, Memory
from fitgap.core.layers.dense import Dense
from fitgap.core.losses import HalfSquaredError
from fitgap.core.network import Networks
from fitgap.core.network_shape import NetworkShape, network_with
from fitgap.core.parameter_layout import Layout
from fitgap.core.workspace import Workspace
from support.core.layered import fitted_to

KINDS = (Elman, Gated, Memory)
STEPS, CHANNELS, UNITS = 5, 3, 3
BIASES = {Elman: 1, Gated: 4, Memory: 4}


def networks_of(make_member, kind, outputs="last", **changes):
    network = NetworkShape((STEPS, CHANNELS), (kind(UNITS, outputs), Dense(2)))
    member = fitted_to(make_member(activations=((Tanh(),),) * 2, **changes), network)
    return Networks(network, [member], "float64")


@pytest.mark.parametrize("kind", KINDS)
def test_the_weights_of_both_blocks_come_before_the_biases(kind):
    layout, sums = Layout(NetworkShape((STEPS, CHANNELS), (kind(4), Dense(2)))), kind.sums_per_unit * 4
    shapes = [view.shape for view in layout.weights(np.zeros((1, layout.row_length)))]
    assert shapes == [(1, sums, CHANNELS), (1, sums, 4), (1, 2, 4)]
    assert [view.shape[-1] for view in layout.biases(np.zeros((1, layout.row_length)))] == [4 * BIASES[kind], 2]
    assert layout.weight_columns() == [slice(0, sums * 7), slice(sums * 7, sums * 7 + 8)]
    # A penalty on the input layer covers the weights of the inputs, but not the recurrent weights.
    inputs, biases = layout.penalty_columns("input", biases=True)
    assert inputs == slice(0, sums * CHANNELS)
    assert biases == slice(layout.weight_count, layout.weight_count + 4 * BIASES[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_both_blocks_are_drawn_by_themselves(kind, make_member):
    """W and U have the same shape here, but must not be drawn from the same random numbers."""
    weights, recurrent = networks_of(make_member, kind).by_layer[0].weights
    assert weights.shape == recurrent.shape
    assert abs(np.corrcoef(weights.ravel(), recurrent.ravel())[0, 1]) < 0.9


def test_forget_gates_start_open(make_member):
    bias = networks_of(make_member, Memory).by_layer[0].bias[0, 0]
    assert bias.tolist() == [0.0] * UNITS + [1.0] * UNITS + [0.0] * 2 * UNITS
    assert not networks_of(make_member, Gated).by_layer[0].bias.any()


def test_inner_layers_give_the_outputs_of_all_steps():
    hidden = (Convolution(2, 2), Gated(3), Memory(4), GlobalAveragePooling(), Dense(5))
    assert network_with((6, 2), hidden, 1).label == "6x2-conv2x2-gru3:outputs=all-lstm4:outputs=all-globalpool-5-1"
    assert network_with((6, 2), (Elman(3), Dense(5)), 1).shapes == ((6, 2), (3,), (5,), (1,))
    assert network_with((6, 2), (Elman(3, "all"), Dense(5)), 1).shapes == ((6, 2), (6, 3), (5,), (1,))


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_of_all_outputs_are_those_of_the_last_step(kind, make_member):
    inputs = np.random.default_rng(1).normal(size=(1, 4, STEPS * CHANNELS))
    found = []
    for outputs in ("last", "all"):
        networks = networks_of(make_member, kind, outputs)
        work = Workspace(1, 4, networks.layout, "float64")
        work.inputs[...] = inputs
        networks.evaluate(work)
        found.append(work.activations[1].reshape(1, 4, -1, UNITS)[:, :, -1])
    assert np.array_equal(*found)


class FixedMasks:
    """Dropout that drops the same units in every call."""

    def __init__(self, size):
        self.mask = np.random.default_rng(6).integers(0, 2, size) * 2.0

    def apply(self, work, layer):
        if layer:
            work.activations[layer] *= self.mask
            work.slopes[layer] *= self.mask


@pytest.mark.parametrize("outputs", ["last", "all"])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_go_through_dropped_outputs(kind, outputs, make_member):
    """Finite differences with a fixed mask: dropout affects the output, but not the state for the next step."""
    networks = networks_of(make_member, kind, outputs)
    rng = np.random.default_rng(2)
    work = Workspace(1, 4, networks.layout, "float64")
    work.inputs[...], work.targets[...] = rng.normal(size=work.inputs.shape), rng.normal(size=work.targets.shape)
    inputs, masks, loss = work.inputs.copy(), FixedMasks(work.activations[1].shape), HalfSquaredError()

    def error():
        work.inputs[...] = inputs
        networks.evaluate_for_training(work, masks)
        return loss.errors(work.outputs, work.targets).sum()

    error()
    loss.gradient(work.outputs, work.targets, out=work.deltas[-1])
    networks.backpropagate(work)
    found, step = networks.gradient[0].copy(), 1e-6
    for column in range(0, networks.layout.parameter_count, 7):
        before = networks.parameters[0, column]
        errors = []
        for sign in (1, -1):
            networks.parameters[0, column] = before + sign * step
            errors.append(error())
        networks.parameters[0, column] = before
        assert found[column] == pytest.approx((errors[0] - errors[1]) / (2 * step), rel=1e-5, abs=1e-8)


def test_other_widths_are_of_the_same_kind():
    layer = Memory(8, "all", forget=0.5)
    assert layer.width == 8 and layer.with_width(3) == replace(layer, units=3)
    assert layer.shorthand == "lstm8:outputs=all,forget=0.5" and Convolution(4).with_width(6).shorthand == "conv6x3"
