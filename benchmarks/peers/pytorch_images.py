"""Eager PyTorch: the training loop of its tutorials for one convolutional network."""

import torch

from benchmarks.images import CASES, CHANNELS, CLASSES, HIDDEN, WINDOW, flat_size, images
from benchmarks.peers.pytorch import train_epoch
from benchmarks.timing import microseconds_per_step


def time_images(case: str, seconds: float) -> dict[str, float]:
    """µs per step, without the first epoch."""
    torch.set_num_threads(1)
    chosen, (one, other) = CASES[case], CHANNELS
    inputs, targets = map(torch.from_numpy, images(chosen))
    inputs = torch.movedim(inputs, -1, 1).contiguous()
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, one, WINDOW),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(one, other, WINDOW, padding=chosen.padding),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(flat_size(chosen), HIDDEN),
        torch.nn.ReLU(),
        torch.nn.Linear(HIDDEN, CLASSES),
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

    def train() -> int:
        train_epoch(network, optimizer, inputs, targets)
        return chosen.examples

    return {"microseconds": microseconds_per_step(train, seconds)}
