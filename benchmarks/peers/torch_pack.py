"""PyTorch: a pack of networks as stacked matrices, written by hand.

There are two programs. `bmm` multiplies stacks of matrices, and autograd differentiates the sum of all errors. `func`
follows the tutorial on model ensembles: `torch.func.grad` of one network, mapped by `vmap`. Both draw the order of the
examples once per repeat, gather each batch once for all networks of a repeat, and step with PyTorch's fused Adam.
"""

import os
import time
from itertools import pairwise
from typing import Any

# Read when PyTorch compiles. One thread makes it compile in this process, which is pinned to one core.
os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"

import torch
from torch.func import grad, vmap

from benchmarks.digits import BATCH_SIZE, TRAINING_COUNT, training_digits
from benchmarks.networks import REPEATS, layer_sizes
from benchmarks.timing import microseconds_per_step

Layers = list[tuple[torch.Tensor, torch.Tensor]]
STEPS = TRAINING_COUNT // BATCH_SIZE


def time_pack(layers: str, size: int, program: str, seconds: float, compiled: bool = False) -> dict[str, float]:
    """µs per step and network, without the first epoch; `compiling` is how long the first epoch took, in seconds.

    `size` networks, a multiple of four, are spread over four repeats.
    """
    torch.set_num_threads(1)
    pack = TorchPack(layer_sizes(layers), size, PROGRAMS[program](compiled))
    before = time.perf_counter()
    pack.train_epoch()
    first = time.perf_counter() - before
    return {"microseconds": microseconds_per_step(pack.train_epoch, seconds), "compiling": first}


class TorchPack:
    """Networks of equal sizes with relu and Adam, in stacks (K, …)."""

    def __init__(self, sizes: tuple[int, ...], size: int, program: "Program"):
        self.size, self.program = size, program
        self.inputs, self.targets = map(torch.from_numpy, training_digits())
        self.layers = first_layers(sizes, size)
        self.parameters = [each for layer in self.layers for each in layer]
        self.optimizer = torch.optim.Adam(self.parameters, lr=1e-3, fused=True)

    def train_epoch(self) -> int:
        """One pass over the examples that fill whole batches; returns their number, summed over all networks."""
        order = torch.stack([torch.randperm(TRAINING_COUNT) for _ in range(REPEATS)])
        for rows in order[:, : STEPS * BATCH_SIZE].split(BATCH_SIZE, dim=1):
            gradients = self.program.gradients(self.layers, self.inputs[rows], self.targets[rows])
            for parameter, gradient in zip(self.parameters, gradients, strict=True):
                parameter.grad = gradient
            self.optimizer.step()
        return STEPS * BATCH_SIZE * self.size


def first_layers(sizes: tuple[int, ...], size: int) -> Layers:
    """Weights (K, inputs, outputs) and biases (K, 1, outputs) of every layer."""
    generator = torch.Generator().manual_seed(0)
    return [
        (
            (torch.randn(size, inputs, outputs, generator=generator) * (2 / inputs) ** 0.5).requires_grad_(),
            torch.zeros(size, 1, outputs).requires_grad_(),
        )
        for inputs, outputs in pairwise(sizes)
    ]


class Program:
    """A way to compute the gradients of a pack, optionally compiled."""

    def __init__(self, compiled: bool):
        self.function = torch.compile(self.differentiable, dynamic=False) if compiled else self.differentiable

    @staticmethod
    def differentiable(layers: Layers, inputs: torch.Tensor, targets: torch.Tensor) -> Any:
        """The part that can be compiled as one graph, from batches (R, B, n) of the repeats."""
        raise NotImplementedError

    def gradients(self, layers: Layers, inputs: torch.Tensor, targets: torch.Tensor) -> list[torch.Tensor]:
        """The gradients of all weights and biases, layer by layer."""
        raise NotImplementedError


class ByAutograd(Program):
    """Stacks of matrix products; autograd differentiates the sum of the errors of all networks."""

    @staticmethod
    def differentiable(layers, inputs, targets):
        members = layers[0][0].shape[0] // REPEATS
        values, wanted = (each.repeat_interleave(members, dim=0) for each in (inputs, targets))
        for number, (weights, biases) in enumerate(layers):
            values = torch.baddbmm(biases, torch.relu(values) if number else values, weights)
        return 0.5 * ((values - wanted) ** 2).sum() / inputs.shape[1]

    def gradients(self, layers, inputs, targets):
        error = self.function(layers, inputs, targets)
        return list(torch.autograd.grad(error, [each for layer in layers for each in layer]))


class ByVmap(Program):
    """The gradient of one network, mapped over the networks of a repeat and over the repeats."""

    @staticmethod
    def differentiable(layers, inputs, targets):
        grouped = [tuple(each.unflatten(0, (REPEATS, -1)) for each in layer) for layer in layers]
        of_a_repeat = vmap(grad(mean_error), in_dims=(0, None, None))
        return [each.flatten(0, 1) for layer in vmap(of_a_repeat)(grouped, inputs, targets) for each in layer]

    def gradients(self, layers, inputs, targets):
        return self.function([tuple(each.detach() for each in layer) for layer in layers], inputs, targets)


def mean_error(layers: Layers, values: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The mean half squared error of one network on a batch (B, n)."""
    for number, (weights, biases) in enumerate(layers):
        values = (torch.relu(values) if number else values) @ weights + biases
    return 0.5 * ((values - targets) ** 2).sum() / len(targets)


PROGRAMS: dict[str, type[Program]] = {"bmm": ByAutograd, "func": ByVmap}
