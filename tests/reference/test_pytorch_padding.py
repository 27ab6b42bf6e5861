"""Gradients of recurrent layers for sequences of different lengths, compared with PyTorch's packed sequences, in
float64.
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
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

STEPS, CHANNELS, UNITS = 7, 2, 3
LENGTHS = np.array([4, 7, 1, 5])
THERE = {Elman: torch.nn.RNN, Gated: torch.nn.GRU, Memory: torch.nn.LSTM}


def networks_of(kind, outputs):
    network = NetworkShape((STEPS, CHANNELS), (kind(UNITS, outputs), Dense(1)), is_padded=True)
    return Networks(network, [fitted_to(plain_member(((Tanh(),), (Tanh(),))), network)], "float64")


def gradients_here(networks, inputs):
    """The gradients of the summed outputs of the second layer before tanh, with respect to W and U."""
    padded = np.where((np.arange(STEPS) < LENGTHS[:, np.newaxis])[..., np.newaxis], inputs, np.nan)
    work = Workspace(1, len(LENGTHS), networks.layout, "float64")
    work.load_batch(padded.reshape(1, len(LENGTHS), -1), np.zeros((1, len(LENGTHS), 1)))
    networks.evaluate_for_training(work, None)
    work.deltas[-1][...] = 1
    work.slopes[-1][...] = 1
    networks.backpropagate(work)
    return [view[0] for view in networks.gradients_by_layer[0].weights]


def gradients_there(networks, inputs, outputs):
    (weights, recurrent), kind = networks.by_layer[0].weights, type(networks.shape.layers[0])
    module = THERE[kind](CHANNELS, UNITS, batch_first=True).to(torch.float64)
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.from_numpy(weights[0].copy()))
        module.weight_hh_l0.copy_(torch.from_numpy(recurrent[0].copy()))
        bias = torch.from_numpy(networks.by_layer[0].bias[0, 0].copy())
        module.bias_ih_l0.copy_(bias[: len(module.bias_ih_l0)])
        module.bias_hh_l0.zero_()
    packed = pack_padded_sequence(torch.from_numpy(inputs), LENGTHS, batch_first=True, enforce_sorted=False)
    states, last = module(packed)
    if outputs == "all":
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=STEPS)
        given = states.reshape(len(LENGTHS), -1)
    else:
        given = (last[0] if isinstance(last, tuple) else last)[0]
    (given @ torch.from_numpy(networks.by_layer[1].weights[0][0].copy()).T).sum().backward()
    return [module.weight_ih_l0.grad.numpy(), module.weight_hh_l0.grad.numpy()]


@pytest.mark.parametrize("outputs", ["last", "all"])
@pytest.mark.parametrize("kind", THERE)
def test_gradients_are_those_of_packed_sequences(kind, outputs):
    networks, inputs = networks_of(kind, outputs), np.random.default_rng(3).normal(size=(len(LENGTHS), STEPS, CHANNELS))
    found, expected = gradients_here(networks, inputs), gradients_there(networks, inputs, outputs)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-13)
