"""Timing of the training steps of packs of networks with layers other than dense ones, without E_t and E_v."""

import numpy as np
from fitgap.core.activations.activation import Activation
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.kernels.selection import COMPILED, NUMPY, kernels
from fitgap.core.losses import LOSSES
from fitgap.core.members import Member, PackShape
from fitgap.core.network_shape import NetworkShape
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.preprocessing import Examples
from fitgap.core.schedules import SCHEDULES
from fitgap.core.target_coding import READINGS
from fitgap.core.training import Pack

from benchmarks.digits import BATCH_SIZE
from benchmarks.timing import microseconds_per_step

EPOCHS = 10**6


def time_network(
    network: NetworkShape,
    activations: tuple[tuple[Activation, ...], ...],
    examples: tuple[np.ndarray, np.ndarray],
    size: int,
    repeats: int,
    seconds: float,
) -> dict[str, float]:
    """µs per step and network of a pack of `size` networks with these activation functions, over several repeats.

    `examples` are inputs and targets, the same in all repeats.
    """
    if kernels.choice != NUMPY:
        kernels.choice = COMPILED
    members = [member(activations, number * repeats // size) for number in range(size)]
    shape = PackShape(network, BATCH_SIZE, LOSSES["half_squared_error"](), READINGS["numbers"](), 0, "float32")
    pack = Pack(shape, members, dict.fromkeys(range(repeats), flat_examples(*examples)))

    def train_epoch() -> int:
        for _ in pack._train():
            pass
        return len(examples[0]) * size

    train_epoch()
    return {"microseconds": microseconds_per_step(train_epoch, seconds)}


def flat_examples(inputs: np.ndarray, targets: np.ndarray) -> Examples:
    """The examples as flat rows, for training and validation alike."""
    rows = inputs.reshape(len(inputs), -1)
    return Examples(rows, targets, rows[:BATCH_SIZE], targets[:BATCH_SIZE], ())


def member(activations: tuple[tuple[Activation, ...], ...], repeat: int) -> Member:
    """A network with Adam."""
    return Member(
        activations=activations,
        initializer=INITIALIZERS["auto"](),
        regularizers=(),
        optimizer=OPTIMIZERS["adam"](rate=1e-3),
        schedule=SCHEDULES["constant"](),
        stopping=(),
        epochs=EPOCHS,
        seed=0,
        repeat=repeat,
    )
