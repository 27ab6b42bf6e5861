"""Eager PyTorch: the training loop of its tutorials for one recurrent network."""

import torch

from benchmarks.peers.pytorch import train_epoch
from benchmarks.sequences import CASES, CHANNELS, EXAMPLES, OUTPUTS, UNITS, sequences
from benchmarks.timing import microseconds_per_step

KINDS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


class LastStep(torch.nn.Module):
    """The outputs of a recurrent layer after the last step."""

    def __init__(self, layer: torch.nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, inputs):
        states, _ = self.layer(inputs)
        return states[:, -1]


def time_sequences(case: str, seconds: float) -> dict[str, float]:
    """µs per step, without the first epoch."""
    torch.set_num_threads(1)
    inputs, targets = map(torch.from_numpy, sequences())
    layer = KINDS[CASES[case]](CHANNELS, UNITS, batch_first=True)
    network = torch.nn.Sequential(LastStep(layer), torch.nn.Linear(UNITS, OUTPUTS))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)

    def train() -> int:
        train_epoch(network, optimizer, inputs, targets)
        return EXAMPLES

    return {"microseconds": microseconds_per_step(train, seconds)}
