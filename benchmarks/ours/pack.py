"""Timing of a pack's training steps without E_t and E_v. Like `layered_pack.py`, it uses private parts of `core`."""

import time
from statistics import fmean

from fitgap.core.activations import ACTIVATIONS
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.kernels.selection import COMPILED, NUMPY, kernels
from fitgap.core.losses import LOSSES
from fitgap.core.members import Member, PackShape
from fitgap.core.network_shape import dense_network
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.preprocessing import Examples
from fitgap.core.regularizers import Dropout
from fitgap.core.schedules import SCHEDULES
from fitgap.core.target_coding import READINGS
from fitgap.core.training import Pack

from benchmarks.digits import BATCH_SIZE, TRAINING_COUNT, digits
from benchmarks.networks import DROPOUT, KIND_COUNT, RATES, Network, layer_sizes, networks
from benchmarks.timing import microseconds_per_step

# More epochs than any run trains, so that no member leaves its pack.
EPOCHS = 10**6
# A rate at which relu units die, and an epoch by which the slots of their weights would have become denormal.
DEADLY_RATE, LATE_EPOCH, DENORMAL_SECONDS = 0.03, 90, 0.1


def time_pack(layers: str, size: int, mixed: bool, seconds: float) -> dict[str, float]:
    """µs per step and trial of a pack of `size`; `compiling` is how long the first epoch takes, in seconds."""
    members = [member(each, layers) for each in networks(size, mixed=mixed)]
    before = time.perf_counter()
    training = StepsOnly(layers, members)
    training.train_epoch()
    first = time.perf_counter() - before
    return {"microseconds": microseconds_per_step(training.train_epoch, seconds), "compiling": first}


def time_alone(layers: str, mixed: bool, seconds: float) -> dict[str, float]:
    """µs per step of a pack of one; for mixed networks, the mean over all kinds."""
    kinds = networks(KIND_COUNT, mixed=True) if mixed else networks(1, mixed=False)
    return {"microseconds": fmean(time_members(layers, [member(each, layers)], seconds / len(kinds)) for each in kinds)}


def time_denormals(layers: str, size: int) -> dict[str, float]:
    """µs per step and trial early in training and long after units have died."""
    members = [member(each, layers, rate=DEADLY_RATE) for each in networks(size, mixed=False)]
    training = StepsOnly(layers, members)
    early = microseconds_per_step(training.train_epoch, DENORMAL_SECONDS)
    while training.pack.epoch < LATE_EPOCH:
        training.train_epoch()
    return {"early": early, "late": microseconds_per_step(training.train_epoch, DENORMAL_SECONDS)}


def time_members(layers: str, members: list[Member], seconds: float) -> float:
    return microseconds_per_step(StepsOnly(layers, members).train_epoch, seconds)


class StepsOnly:
    """A pack that trains epochs without measuring errors, with compiled passes from its first epoch.

    By default, a pack would compile them as soon as that pays, during the epochs that are timed.
    """

    def __init__(self, layers: str, members: list[Member]):
        if kernels.choice != NUMPY:
            kernels.choice = COMPILED
        shape = PackShape(
            network=dense_network(layer_sizes(layers)),
            batch_size=BATCH_SIZE,
            loss=LOSSES["half_squared_error"](),
            reading=READINGS["one_per_class"](),
            class_count=10,
            dtype="float32",
        )
        examples = one_split()
        self.pack = Pack(shape, members, {each.repeat: examples for each in members})

    def train_epoch(self) -> int:
        """Train all steps of one epoch as `Pack.run_epoch` does; returns the number of examples."""
        for _ in self.pack._train():
            pass
        return TRAINING_COUNT * len(self.pack.members)


def one_split() -> Examples:
    """The same training examples for every repeat: repeats differ only in initial weights and order of batches."""
    inputs, targets = digits()
    middle = TRAINING_COUNT
    return Examples(inputs[:middle], targets[:middle], inputs[middle:], targets[middle:], constant_columns=())


def member(network: Network, layers: str, rate: float | None = None) -> Member:
    """A network as a member of a pack."""
    hidden = len(layer_sizes(layers)) - 2
    return Member(
        activations=(*[(ACTIVATIONS[network.activation](),)] * hidden, (ACTIVATIONS["identity"](),)),
        initializer=INITIALIZERS["auto"](),
        regularizers=(Dropout(ratio=DROPOUT),) if network.dropout else (),
        optimizer=OPTIMIZERS[network.optimizer](rate=rate or RATES[network.optimizer]),
        schedule=SCHEDULES["constant"](),
        stopping=(),
        epochs=EPOCHS,
        seed=0,
        repeat=network.repeat + 1,
    )
