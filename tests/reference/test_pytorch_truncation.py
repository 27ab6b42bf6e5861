"""Truncated backpropagation through time compared with PyTorch, where the states are detached between the same
steps.
"""

import numpy as np
import pytest
import torch
from fitgap.core.activations import Tanh
from fitgap.core.layers import Elman, Gated, Memory
from fitgap.core.layers.dense import Dense
from fitgap.core.network import Networks
from fitgap.core.network_shape import NetworkShape
from fitgap.core.workspace import Workspace
from support.core.layered import fitted_to, plain_member

STEPS, CHANNELS, UNITS, EXAMPLES = 7, 2, 3, 4
THERE = {Elman: torch.nn.RNN, Gated: torch.nn.GRU, Memory: torch.nn.LSTM}


def networks_of(kind, outputs, truncate):
    layers = (kind(UNITS, outputs, truncate), Dense(1))
    network = NetworkShape((STEPS, CHANNELS), layers)
    return Networks(network, [fitted_to(plain_member(((Tanh(),), (Tanh(),))), network)], "float64")


def gradients_here(networks, inputs):
    """The gradients of the summed outputs of the second layer before tanh, with respect to W and U."""
    work = Workspace(1, EXAMPLES, networks.layout, "float64")
    work.inputs[...] = inputs.reshape(1, EXAMPLES, -1)
    networks.evaluate_for_training(work, None)
    work.deltas[-1][...] = 1
    work.slopes[-1][...] = 1
    networks.backpropagate(work)
    return [view[0] for view in networks.gradients_by_layer[0].weights]


def gradients_there(networks, inputs, outputs, truncate):
    (weights, recurrent), kind = networks.by_layer[0].weights, type(networks.shape.layers[0])
    module = THERE[kind](CHANNELS, UNITS, batch_first=True).to(torch.float64)
    bias = torch.from_numpy(networks.by_layer[0].bias[0, 0].copy())
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.from_numpy(weights[0].copy()))
        module.weight_hh_l0.copy_(torch.from_numpy(recurrent[0].copy()))
        module.bias_ih_l0.copy_(bias[: len(module.bias_ih_l0)])
        module.bias_hh_l0.zero_()
    given, state, found, start = torch.from_numpy(inputs), None, [], 0
    for stop in range(STEPS % truncate or truncate, STEPS + 1, truncate):
        states, state = module(given[:, start:stop], state)
        state = tuple(each.detach() for each in state) if isinstance(state, tuple) else state.detach()
        found.append(states)
        start = stop
    states = torch.cat(found, dim=1) if outputs == "all" else found[-1][:, -1]
    (states.reshape(EXAMPLES, -1) @ torch.from_numpy(networks.by_layer[1].weights[0][0].copy()).T).sum().backward()
    return [module.weight_ih_l0.grad.numpy(), module.weight_hh_l0.grad.numpy()]


@pytest.mark.parametrize("truncate", [1, 3, 7, 9])
@pytest.mark.parametrize("outputs", ["last", "all"])
@pytest.mark.parametrize("kind", THERE)
def test_derivatives_go_back_as_far(kind, outputs, truncate):
    networks, inputs = networks_of(kind, outputs, truncate), np.random.default_rng(3).normal(size=(EXAMPLES, 7, 2))
    found, expected = gradients_here(networks, inputs), gradients_there(networks, inputs, outputs, min(truncate, STEPS))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("kind", THERE)
def test_a_short_section_changes_the_gradient(kind):
    inputs = np.random.default_rng(3).normal(size=(EXAMPLES, 7, 2))
    short, whole = (gradients_here(networks_of(kind, "last", truncate), inputs) for truncate in (3, 0))
    assert not any(np.allclose(one, other) for one, other in zip(short, whole, strict=True))
