"""Whole trainings of networks with convolutions and poolings against PyTorch, in float64, over the same batches.

All optimizers train a network here as one pack, and one by one in PyTorch: 55 epochs of four batches, 220 steps. Two
trainings agree if max|here − there| ≤ 1e-9·max|there| holds for each block of weights and all biases of a layer after
the last step.
"""

import functools

import numpy as np
import pytest
import torch
from fitgap.core.activations import Identity, Tanh
from fitgap.core.initializers import GlorotNormal
from fitgap.core.layers import LAYERS, AveragePooling, Convolution, GlobalAveragePooling, MaximumPooling
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
from support.reference.pytorch_optimizers import OPTIMIZERS_THERE

EXAMPLE_COUNT, BATCH_SIZE, EPOCHS, SEED, REPEAT, OUTPUTS = 22, 6, 55, 11, 2, 2
TOLERANCE = 1e-9
NETWORKS = {
    "image": ((8, 7, 2), (Convolution(3, 3), MaximumPooling(2), Convolution(4, 3, 1, "same"), Dense(5))),
    "overlap": ((7, 7, 1), (Convolution(3, 3, 2, "same"), MaximumPooling(3, 1), AveragePooling(2, 1))),
    "steps": ((12, 2), (Convolution(3, 3), AveragePooling(2), Convolution(4, 2, 1), GlobalAveragePooling())),
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


def modules_of(network):
    """The same layers in PyTorch, for inputs (N, channels, axes)."""
    modules = []
    for layer, shape in zip(network.layers, network.shapes, strict=False):
        modules += module_of(layer, shape, is_last=layer is network.layers[-1])
    return modules


def module_of(layer, shape, is_last):
    two = len(shape) == 3
    match layer:
        case Convolution():
            kind = torch.nn.Conv2d if two else torch.nn.Conv1d
            margins = [side for pair in reversed(layer.windows(shape).margins) for side in pair]
            padding = torch.nn.ConstantPad2d(margins, 0.0) if two else torch.nn.ConstantPad1d(margins, 0.0)
            return [padding, kind(shape[-1], layer.channels, layer.size, layer.stride), torch.nn.Tanh()]
        case MaximumPooling():
            return [(torch.nn.MaxPool2d if two else torch.nn.MaxPool1d)(layer.size, layer.stride or layer.size)]
        case AveragePooling():
            return [(torch.nn.AvgPool2d if two else torch.nn.AvgPool1d)(layer.size, layer.stride or layer.size)]
        case GlobalAveragePooling():
            return [(torch.nn.AdaptiveAvgPool2d if two else torch.nn.AdaptiveAvgPool1d)(1)]
    linear = torch.nn.Linear(int(np.prod(shape)), layer.units)
    return [ChannelsLast(), linear, *([] if is_last else [torch.nn.Tanh()])]


class ChannelsLast(torch.nn.Module):
    """Flattens values (N, channels, axes) with the channels last, as they are stored here."""

    def forward(self, x):
        return torch.movedim(x, 1, -1).flatten(1)


def kernel(view, layer, shape):
    """Weights from here in the order of PyTorch: (channels, input channels, places)."""
    if isinstance(layer, Dense):
        return view
    return np.moveaxis(view.reshape(len(view), *[layer.size] * (len(shape) - 1), shape[-1]), -1, 1)


def trained_there(name, optimizer):
    """The weights and biases after training in PyTorch, in the order of here."""
    network = network_of(name)
    start = Networks(network, [member_with(network, optimizer)], "float64")
    modules = modules_of(network)
    weighted = [module for module in modules if hasattr(module, "weight")]
    layers = [(network.layers[number - 1], network.shapes[number - 1]) for number in network.unit_layers]
    with torch.no_grad():
        for module, view, (layer, shape) in zip(weighted, start.weights, layers, strict=True):
            module.to(torch.float64).weight.copy_(torch.from_numpy(kernel(view[0], layer, shape).copy()))
            module.bias.zero_()
    groups = [{"params": [each.weight for each in weighted]}, {"params": [each.bias for each in weighted]}]
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
        [each.weight.detach().numpy() for each in weighted],
        [each.bias.detach().numpy() for each in weighted],
        layers,
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS_THERE, ids=lambda each: each.label(type(each).__name__))
@pytest.mark.parametrize("name", NETWORKS)
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
