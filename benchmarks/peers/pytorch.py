"""Eager PyTorch: the training loop of its tutorials, with tensors in place of the slower DataLoader."""

from itertools import pairwise

import torch

from benchmarks.digits import BATCH_SIZE, TRAINING_COUNT, training_digits
from benchmarks.networks import layer_sizes
from benchmarks.timing import microseconds_per_step


def time_loop(layers: str, seconds: float) -> dict[str, float]:
    """µs per step, without the first epoch."""
    torch.set_num_threads(1)
    inputs, targets = map(torch.from_numpy, training_digits())
    network = perceptron(layer_sizes(layers), torch.nn.ReLU)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

    def train() -> int:
        train_epoch(network, optimizer, inputs, targets)
        return TRAINING_COUNT

    return {"microseconds": microseconds_per_step(train, seconds)}


def perceptron(sizes: tuple[int, ...], activation: type[torch.nn.Module], dropout: float = 0.0) -> torch.nn.Sequential:
    """Linear layers with activations between them, and dropout of inputs and hidden units unless it is 0."""
    layers: list[torch.nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [torch.nn.Dropout(dropout)] * bool(dropout)
        layers += [torch.nn.Linear(inputs, outputs), activation()]
    return torch.nn.Sequential(*layers[:-1])


def half_squared_error(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return 0.5 * ((outputs - targets) ** 2).sum(1).mean()


def train_epoch(network, optimizer, inputs: torch.Tensor, targets: torch.Tensor) -> None:
    """One pass over the examples in a random order."""
    order = torch.randperm(len(inputs))
    for start in range(0, len(inputs), BATCH_SIZE):
        rows = order[start : start + BATCH_SIZE]
        optimizer.zero_grad()
        half_squared_error(network(inputs[rows]), targets[rows]).backward()
        optimizer.step()
