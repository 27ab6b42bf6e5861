"""What is trained: the settings of one member (one trial) and those that all members of a pack share."""

from dataclasses import dataclass

from core.activations import Activation
from core.initializers import Initializer
from core.losses import Loss
from core.optimizers import Optimizer
from core.regularizers import Regularizer


@dataclass(frozen=True)
class Member:
    """One network to train: everything in which the members of a pack may differ."""

    activation: Activation
    output_activation: Activation
    initializer: Initializer
    regularizers: tuple[Regularizer, ...]
    optimizer: Optimizer
    epochs: int
    seed: int
    repeat: int


@dataclass(frozen=True)
class PackShape:
    """What all members of a pack share. `layers` counts units from the inputs to the outputs: (64, 32, 10)."""

    layers: tuple[int, ...]
    batch_size: int
    loss: Loss
    dtype: str
