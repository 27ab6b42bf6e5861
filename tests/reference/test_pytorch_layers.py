"""Whole trainings of convolutional and recurrent networks compared with PyTorch, in float64, on the same batches.

We train a network with all optimizers as one pack, and PyTorch trains them one by one: 55 epochs of four batches, 220
steps. Two trainings agree if after the last step max|ours − theirs| ≤ 1e-9·max|theirs| holds for each block of weights
and for the biases of each layer.
"""

import functools

import numpy as np
import pytest
import torch
from fitgap.core.activations import Identity, Tanh
from fitgap.core.initializers import GlorotNormal
from fitgap.core.layers import (
    LAYERS,
    AveragePooling,
    Convolution,
    Elman,
    Gated,
    GlobalAveragePooling,
    MaximumPooling,
    Memory,
    Normalization,
    Residual,
)
from fitgap.core.layers.dense import Dense
from fitgap.core.losses import HalfSquaredError
from fitgap.core.members import Member, PackShape
from fitgap.core.network import Networks
from fitgap.core.network_shape import NetworkShape
from fitgap.core.preprocessing import Examples
from fitgap.core.randomness import Purpose, generator
from fitgap.core.schedules import Constant
from fitgap.core.target_coding import Numbers
from fitgap.core.training import Pack
from support.reference.pytorch_layers import (
    all_biases_of,
    biases_of,
    kernel,
    modules_of,
    put_biases,
    weights_of,
    without_connections,
)
from support.reference.pytorch_optimizers import OPTIMIZERS_THERE
from support.sampling import every_row

EXAMPLE_COUNT, BATCH_SIZE, EPOCHS, SEED, REPEAT, OUTPUTS = 22, 6, 55, 11, 2, 2
TOLERANCE = 1e-9
NETWORKS = {
    "image": ((8, 7, 2), (Convolution(3, 3), MaximumPooling(2), Convolution(4, 3, 1, "same"), Dense(5))),
    "overlap": ((7, 7, 1), (Convolution(3, 3, 2, "same"), MaximumPooling(3, 1), AveragePooling(2, 1))),
    "steps": ((12, 2), (Convolution(3, 3), AveragePooling(2), Convolution(4, 2, 1), GlobalAveragePooling())),
    "elman": ((7, 3), (Elman(4, "all"), Elman(5))),
    "gru": ((7, 3), (Gated(4, "all"), Dense(6), Dense(4))),
    "lstm": ((7, 3), (Memory(5),)),
    "normalized": ((5, 6, 2), (Normalization(), Convolution(3, 3), Normalization(0.01), Dense(5), Normalization())),
    "residual": (
        (6, 5, 2),
        (
            *(Convolution(3, 3, 1, "same"), Convolution(2, 3, 1, "same"), Residual(2)),
            *(MaximumPooling(2), Dense(5), Dense(5), Dense(5), Residual(1), Residual(3)),
        ),
    ),
    "stacked": (
        (6, 2),
        (Convolution(3, 2), Memory(4, "all"), Normalization(), Gated(5, "all"), GlobalAveragePooling()),
    ),
}

torch.set_num_threads(1)


def network_of(name):
    axes, layers = NETWORKS[name]
    return NetworkShape(axes, (*layers, Dense(OUTPUTS)))


def member_with(network, optimizer):
    functions = [(Tanh(),) if layer.has_functions else () for layer in network.layers[:-1]]
    return Member(
        activations=(*functions, (Identity(),)),
        initializer=GlorotNormal(),
        regularizers=(),
        optimizer=optimizer,
        schedule=Constant(),
        stopping=(),
        epochs=EPOCHS,
        seed=SEED,
        repeat=REPEAT,
    )


@functools.cache
def drawn_examples(name):
    rng = np.random.default_rng(80)
    return rng.normal(size=(EXAMPLE_COUNT, network_of(name).sizes[0])), rng.uniform(size=(EXAMPLE_COUNT, OUTPUTS))


@functools.cache
def trained_here(name):
    """The weights and biases after training, by optimizer."""
    network = network_of(name)
    members = [member_with(network, optimizer) for optimizer in OPTIMIZERS_THERE]
    inputs, targets = drawn_examples(name)
    shape = PackShape(network, BATCH_SIZE, HalfSquaredError(), Numbers(), 0, "float64")
    pack = Pack(shape, members, {REPEAT: Examples(inputs, targets, inputs, targets, ())})
    for results in pack.run():
        assert not results.diverged.any()
        numbers, parameters, layout = pack.member_numbers, pack.networks.parameters.copy(), pack.networks.layout
    views = [*layout.weights_in_training(parameters), *layout.biases(parameters)]
    optimizers = list(OPTIMIZERS_THERE)
    return {optimizers[number]: [view[row] for view in views] for row, number in enumerate(numbers)}


def trained_there(name, optimizer):
    """The weights and biases after training in PyTorch, in our order, and the layer of each block of weights."""
    network = network_of(name)
    start = Networks(network, [member_with(network, optimizer)], "float64")
    modules = modules_of(network)
    layered = map(torch.nn.Module.double, without_connections(modules))
    weighted = [module for module in layered if hasattr(module, "weight") or hasattr(module, "inner")]
    layers = [(network.layers[number - 1], network.shapes[number - 1]) for number in network.parameter_layers]
    weights = [weight for module in weighted for weight in weights_of(module)]
    # The layer that each block of weights belongs to.
    owners = [layer for module, layer in zip(weighted, layers, strict=True) for _ in weights_of(module)]
    with torch.no_grad():
        for weight, view, (layer, shape) in zip(weights, start.weights, owners, strict=True):
            weight.copy_(torch.from_numpy(kernel(view[0], layer, shape).copy()))
        for module, bias in zip(weighted, start.biases, strict=True):
            put_biases(module, torch.from_numpy(bias[0, 0].copy()))
    groups = [{"params": weights}, {"params": [bias for module in weighted for bias in biases_of(module)]}]
    descent, model = OPTIMIZERS_THERE[optimizer](optimizer, groups), torch.nn.Sequential(*modules)
    inputs, targets = map(torch.from_numpy, drawn_examples(name))
    images = torch.movedim(inputs.reshape(len(inputs), *network.input_shape), -1, 1)
    for epoch in range(1, EPOCHS + 1):
        order = generator(SEED, REPEAT, Purpose.BATCHES, epoch).permutation(EXAMPLE_COUNT)
        for first in range(0, EXAMPLE_COUNT, BATCH_SIZE):
            rows = order[first : first + BATCH_SIZE]
            descent.zero_grad()
            (((model(images[rows]) - targets[rows]) ** 2).sum() / 2 / len(rows)).backward()
            descent.step()
    return (
        [each.detach().numpy() for each in weights],
        [all_biases_of(each).detach().numpy() for each in weighted],
        owners,
    )


def trainings():
    """Every network with every optimizer; some of the recurrent ones, which are slow in PyTorch, only at night."""
    cases = [(name, optimizer) for name in NETWORKS for optimizer in OPTIMIZERS_THERE]
    short = [case for case in cases if case[0] in ("image", "overlap", "steps", "normalized", "residual")]
    return [*short, *every_row(5, [case for case in cases if case not in short])]


def shown(value):
    return value if isinstance(value, str) else value.label(type(value).__name__)


@pytest.mark.parametrize(("name", "optimizer"), trainings(), ids=shown)
def test_a_training_agrees_with_that_of_pytorch(name, optimizer):
    here = trained_here(name)[optimizer]
    weights, biases, layers = trained_there(name, optimizer)
    for view, expected, (layer, shape) in zip(here, weights, layers, strict=False):
        found = kernel(view, layer, shape)
        assert abs(found - expected).max() <= TOLERANCE * abs(expected).max(), layer
    for view, expected in zip(here[len(weights) :], biases, strict=True):
        assert abs(view[0] - expected).max() <= TOLERANCE * abs(expected).max()


def test_every_layer_is_compared():
    assert {type(layer) for _, layers in NETWORKS.values() for layer in layers} == {Dense, *LAYERS.values()}
