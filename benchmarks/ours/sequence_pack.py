"""Timing of the training steps of packs of recurrent networks, without E_t and E_v."""

from fitgap.core.activations import ACTIVATIONS
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.kernels.selection import COMPILED, NUMPY, kernels
from fitgap.core.layers import LAYERS
from fitgap.core.layers.dense import Dense
from fitgap.core.losses import LOSSES
from fitgap.core.members import Member, PackShape
from fitgap.core.network_shape import NetworkShape
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.preprocessing import Examples
from fitgap.core.schedules import SCHEDULES
from fitgap.core.target_coding import READINGS
from fitgap.core.training import Pack

from benchmarks.digits import BATCH_SIZE
from benchmarks.sequences import CASES, CHANNELS, EXAMPLES, OUTPUTS, REPEATS, STEPS, UNITS, sequences
from benchmarks.timing import microseconds_per_step

EPOCHS = 10**6


def time_sequences(case: str, size: int, seconds: float) -> dict[str, float]:
    """µs per step and network of a pack of `size`, over four repeats."""
    if kernels.choice != NUMPY:
        kernels.choice = COMPILED
    network = NetworkShape((STEPS, CHANNELS), (LAYERS[CASES[case]](UNITS), Dense(OUTPUTS)))
    members = [member(network, number * REPEATS // size) for number in range(size)]
    shape = PackShape(network, BATCH_SIZE, LOSSES["half_squared_error"](), READINGS["numbers"](), 0, "float32")
    pack = Pack(shape, members, dict.fromkeys(range(REPEATS), examples()))

    def train_epoch() -> int:
        for _ in pack._train():
            pass
        return EXAMPLES * size

    train_epoch()
    return {"microseconds": microseconds_per_step(train_epoch, seconds)}


def examples() -> Examples:
    """The sequences as flat rows, for training and validation alike."""
    inputs, targets = sequences()
    rows = inputs.reshape(len(inputs), -1)
    return Examples(rows, targets, rows[:BATCH_SIZE], targets[:BATCH_SIZE], ())


def member(network: NetworkShape, repeat: int) -> Member:
    """A network with tanh and Adam."""
    hidden = (ACTIVATIONS["tanh"](),) if network.layers[0].has_functions else ()
    return Member(
        activations=(hidden, (ACTIVATIONS["identity"](),)),
        initializer=INITIALIZERS["auto"](),
        regularizers=(),
        optimizer=OPTIMIZERS["adam"](rate=1e-3),
        schedule=SCHEDULES["constant"](),
        stopping=(),
        epochs=EPOCHS,
        seed=0,
        repeat=repeat,
    )
