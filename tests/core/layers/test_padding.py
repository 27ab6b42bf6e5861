"""Sequences of different lengths: a padded batch gives the same results as its sequences one by one, forward and
backward.
"""

from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.activations import SiLU
from fitgap.core.layer_statistics import unit_statistics
from fitgap.core.layers import Convolution, Elman, Gated, GlobalAveragePooling, Memory, Normalization, Residual
from fitgap.core.layers.dense import Dense
from fitgap.core.losses import HalfSquaredError
from fitgap.core.model import Model, model_layers
from fitgap.core.network import Networks
from fitgap.core.network_shape import NetworkShape, network_with
from fitgap.core.scaling import NO_SCALING, NO_TRANSFORM
from fitgap.core.target_coding import Numbers
from fitgap.core.workspace import Workspace
from support.core.layered import fitted_to, plain_member

STEPS, CHANNELS = 6, 3
LENGTHS = np.array([6, 1, 3, 4])
HIDDEN = {
    "elman": (Elman(4),),
    "gru": (Gated(4),),
    "lstm": (Memory(4),),
    "stacked": (Elman(3, "all"), Memory(3, "all"), Gated(4)),
    "block": (Gated(3, "all"), Residual(1), Normalization(0.1), Memory(3, "all"), Residual(4), GlobalAveragePooling()),
}


def padded_examples():
    """Sequences (B, T · C) with NaN after their last steps, and targets."""
    rng = np.random.default_rng(5)
    inputs = rng.normal(size=(len(LENGTHS), STEPS, CHANNELS))
    inputs[np.arange(STEPS) >= LENGTHS[:, np.newaxis]] = np.nan
    return inputs.reshape(len(LENGTHS), -1), rng.normal(size=(len(LENGTHS), 2))


def networks_of(hidden, make_member, steps=STEPS, is_padded=True, members=2):
    shape = NetworkShape((steps, CHANNELS), (*hidden, Dense(2)), is_padded)
    drawn = [fitted_to(make_member(seed=seed), shape) for seed in range(members)]
    networks = Networks(shape, drawn, "float64")
    networks.parameters[:] += np.random.default_rng(7).normal(scale=0.3, size=networks.parameters.shape)
    return networks


@pytest.fixture
def make_member():
    """A member with smooth functions whose β is learned."""

    def make(seed):
        return replace(plain_member(((SiLU(beta=0.8, learn="beta"),),) * 8), seed=seed)

    return make


def trained_on(networks, inputs, targets):
    """The outputs (K, B, m) and the gradient (K, P) of the error summed over the examples."""
    work = Workspace(len(networks.parameters), len(inputs), networks.layout, "float64", np.zeros(2, int))
    work.load_batch(inputs[np.newaxis], targets[np.newaxis])
    networks.evaluate_for_training(work, None)
    HalfSquaredError().gradient(work.outputs, work.targets, out=work.deltas[-1])
    networks.backpropagate(work)
    return work.outputs.copy(), networks.gradient.copy()


@pytest.mark.parametrize("name", HIDDEN)
def test_padding_changes_nothing(name, make_member):
    """Compared with each sequence alone, without padding, in a network for its length."""
    inputs, targets = padded_examples()
    networks = networks_of(HIDDEN[name], make_member)
    outputs, gradient = trained_on(networks, inputs, targets)
    alone, summed = [], 0.0
    for row, length in enumerate(LENGTHS):
        single = networks_of(HIDDEN[name], make_member, int(length), is_padded=False)
        single.parameters[:] = networks.parameters
        own = trained_on(single, inputs[row : row + 1, : length * CHANNELS], targets[row : row + 1])
        alone.append(own[0][:, 0])
        summed = summed + own[1]
    np.testing.assert_allclose(outputs, np.stack(alone, axis=1), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(gradient, summed, rtol=1e-10, atol=1e-12)


def test_outputs_of_padded_steps_are_0_and_have_no_derivative(make_member):
    """A dense layer on the outputs of all steps: its weights for steps that a sequence lacks get no gradient from
    it.
    """
    inputs, targets = padded_examples()
    networks = networks_of((Gated(4, "all"), Normalization()), make_member)
    rows = LENGTHS <= 3
    _, gradient = trained_on(networks, inputs[rows], targets[rows])
    dense = networks.layout.weights(gradient)[-1].reshape(2, 2, STEPS, 4)
    assert dense[:, :, :3].any() and not dense[:, :, 3:].any()


@pytest.mark.parametrize("name", HIDDEN)
def test_a_model_leaves_out_padding_and_members_are_alone(name, make_member):
    inputs, targets = padded_examples()
    networks = networks_of(HIDDEN[name], make_member)
    outputs, _ = trained_on(networks, inputs, targets)
    for row in range(2):
        single = networks_of(HIDDEN[name], make_member, members=1)
        single.parameters[:] = networks.parameters[row : row + 1]
        work = Workspace(1, len(inputs), single.layout, "float64")
        work.load_batch(inputs[np.newaxis], targets[np.newaxis])
        single.evaluate(work)
        member = fitted_to(make_member(seed=row), single.shape)
        columns = networks.layout.columns_as_saved()
        saved = networks.parameters[row].copy()
        saved[: len(columns)] = networks.parameters[row][columns]
        layers = model_layers(saved, member, networks.layout)
        model = Model(layers, NO_TRANSFORM, NO_SCALING, HalfSquaredError(), Numbers(), 0, is_padded=True)
        assert np.array_equal(work.outputs[0], outputs[row])
        np.testing.assert_allclose(model.outputs(inputs), outputs[row], rtol=1e-12, atol=1e-13)


def test_a_dense_network_takes_padding_as_0(make_member):
    inputs, targets = padded_examples()
    networks = networks_of((Dense(4),), make_member)
    outputs, _ = trained_on(networks, inputs, targets)
    assert np.array_equal(outputs, trained_on(networks, np.nan_to_num(inputs), targets)[0])


def test_a_layer_that_cannot_leave_out_padding_is_named():
    for hidden, name in (((Convolution(3, 2),), "conv3x2"), ((Gated(3, truncate=2),), "gru3:truncate=2")):
        with pytest.raises(ValueError, match=rf"layer 1 \({name}\): cannot skip the padding"):
            _ = network_with((STEPS, CHANNELS), hidden, 2, is_padded=True).shapes


@pytest.mark.parametrize("outputs", ["last", "all"])
def test_units_are_judged_by_real_steps(outputs, make_member):
    """At all real steps, the first unit is flat and the second constant. At padded steps, without inputs, the first
    would be steep.
    """
    inputs, targets = padded_examples()
    networks = networks_of((Elman(4, outputs),), make_member)
    weights, recurrent = networks.by_layer[0].weights
    weights[:, :2], recurrent[:, :2] = 0, 0
    weights[:, 0], networks.by_layer[0].bias[:, 0, :2] = -100, 1
    tables, order = ([np.abs(inputs) + 1], [targets]), np.arange(len(inputs))[np.newaxis]
    units, _ = unit_statistics(networks, tables, order, np.zeros(2, int), HalfSquaredError())
    dead, saturated = units[0]
    assert dead.tolist() == [1, 1] and saturated.tolist() == [1, 1]
