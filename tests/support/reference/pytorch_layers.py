"""The layers of the core as PyTorch modules, and their weights and biases in the order of either."""

import numpy as np
import torch
from fitgap.core.layers import (
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
from fitgap.core.layers.recurrent import Recurrent


def modules_of(network):
    """The same layers in PyTorch, for inputs (N, channels, axes), each with the number of our layers it replaces."""
    modules = []
    for layer, shape in zip(network.layers, network.shapes, strict=False):
        if isinstance(layer, Residual):
            inside = []
            while sum(count for count, _ in inside) < layer.layers:
                inside.insert(0, modules.pop())
            modules.append((layer.layers + 1, [Around(each for _, group in inside for each in group)]))
        else:
            modules.append((1, module_of(layer, shape, is_last=layer is network.layers[-1])))
    return [each for _, group in modules for each in group]


class Around(torch.nn.Sequential):
    """Layers with a residual connection around them."""

    def __init__(self, modules):
        super().__init__(*modules)

    def forward(self, x):
        return x + super().forward(x)


def without_connections(modules):
    """All layers, including those inside residual connections."""
    for module in modules:
        yield from without_connections(module) if isinstance(module, Around) else [module]


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
        case Recurrent():
            return [OverSteps(layer, shape[-1])]
        case Normalization():
            return [OverChannels(layer, shape[-1])]
        case GlobalAveragePooling():
            return [(torch.nn.AdaptiveAvgPool2d if two else torch.nn.AdaptiveAvgPool1d)(1)]
    linear = torch.nn.Linear(int(np.prod(shape)), layer.units)
    return [ChannelsLast(), linear, *([] if is_last else [torch.nn.Tanh()])]


class ChannelsLast(torch.nn.Module):
    """Flattens values (N, channels, axes) with the channels last, as they are stored here."""

    def forward(self, x):
        return torch.movedim(x, 1, -1).flatten(1)


class OverSteps(torch.nn.Module):
    """A recurrent layer on values (N, channels, steps), the layout of convolutions."""

    def __init__(self, layer, channels):
        super().__init__()
        kind = {Elman: torch.nn.RNN, Gated: torch.nn.GRU, Memory: torch.nn.LSTM}[type(layer)]
        self.inner, self.gives_all = kind(channels, layer.units, batch_first=True), layer.outputs == "all"
        # PyTorch has two biases, but only their sum matters, except for the candidate state of a GRU.
        own = torch.zeros(len(self.inner.bias_hh_l0), dtype=torch.float64)
        self.own_count = layer.units if isinstance(layer, Gated) else 0
        own[len(own) - self.own_count :] = 1
        self.inner.bias_hh_l0.register_hook(lambda gradient: gradient * own)

    def forward(self, x):
        states, _ = self.inner(torch.movedim(x, 1, -1))
        return torch.movedim(states, -1, 1) if self.gives_all else states[:, -1]

    def weights(self):
        return [self.inner.weight_ih_l0, self.inner.weight_hh_l0]

    def biases(self):
        return [self.inner.bias_ih_l0, self.inner.bias_hh_l0]

    def put_biases(self, values):
        count = len(self.inner.bias_ih_l0)
        self.inner.bias_ih_l0.copy_(values[:count])
        self.inner.bias_hh_l0.zero_()[count - self.own_count :] = values[count:]

    def all_biases(self):
        return torch.cat([self.inner.bias_ih_l0, self.inner.bias_hh_l0[len(self.inner.bias_hh_l0) - self.own_count :]])


class OverChannels(torch.nn.Module):
    """A layer normalization on values (N, channels, axes); our rows store its gains among the biases."""

    def __init__(self, layer, channels):
        super().__init__()
        self.inner = torch.nn.LayerNorm(channels, layer.epsilon)

    def forward(self, x):
        return torch.movedim(self.inner(torch.movedim(x, 1, -1)), -1, 1)

    def weights(self):
        return []

    def biases(self):
        return [self.inner.weight, self.inner.bias]

    def put_biases(self, values):
        for own, half in zip(self.biases(), values.chunk(2), strict=True):
            own.copy_(half)

    def all_biases(self):
        return torch.cat(self.biases())


ADAPTED = OverSteps, OverChannels


def weights_of(module):
    return module.weights() if isinstance(module, ADAPTED) else [module.weight]


def biases_of(module):
    return module.biases() if isinstance(module, ADAPTED) else [module.bias]


def all_biases_of(module):
    return module.all_biases() if isinstance(module, ADAPTED) else module.bias


def put_biases(module, values):
    if isinstance(module, ADAPTED):
        module.put_biases(values)
    else:
        module.bias.copy_(values)


def kernel(view, layer, shape):
    """Our weights in PyTorch's order: (channels, input channels, places)."""
    if not isinstance(layer, Convolution):
        return view
    return np.moveaxis(view.reshape(len(view), *[layer.size] * (len(shape) - 1), shape[-1]), -1, 1)
