"""What is trained: the settings of one member (one trial) and those that all members of a pack share."""

from dataclasses import dataclass

from fitgap.core.activations.activation import Activation
from fitgap.core.initializers import Initializer
from fitgap.core.losses import Loss
from fitgap.core.optimizers import Optimizer, PerceptronRule
from fitgap.core.regularizers import Regularizer
from fitgap.core.schedules import Schedule
from fitgap.core.stopping import Stopping
from fitgap.core.target_coding import Reading

# The functions of a layer's units, each for its share of them; mostly one.
LayerFunctions = tuple[Activation, ...]


@dataclass(frozen=True)
class Member:
    """One network to train: everything in which the members of a pack may differ.

    `activations` holds the functions of every layer that computes, the output layer last.
    """

    activations: tuple[LayerFunctions, ...]
    initializer: Initializer
    regularizers: tuple[Regularizer, ...]
    optimizer: Optimizer
    schedule: Schedule
    stopping: tuple[Stopping, ...]
    epochs: int
    seed: int
    repeat: int

    def __post_init__(self) -> None:
        for rules in (self.regularizers, self.stopping):
            if len({type(rule) for rule in rules}) < len(rules):
                raise ValueError(
                    f"a member may have one regularizer and one stopping rule of each kind, but has {rules}"
                )


@dataclass(frozen=True)
class PackShape:
    """What all members of a pack share. `layers` counts units from the inputs to the outputs: (64, 32, 10).

    `measured_examples` is how many examples of either kind E_t and E_v are measured on, drawn anew for every epoch;
    None for all of them. `class_count` is 0 where targets are numbers.
    """

    layers: tuple[int, ...]
    batch_size: int
    loss: Loss
    reading: Reading
    class_count: int
    dtype: str
    measured_examples: int | None = None


def sorting_key(member: Member) -> tuple[str, ...]:
    """Brings members of equal kinds together, the kinds that cost most calls first."""
    kinds = [
        [[(function.kind(), function.share) for function in functions] for functions in member.activations],
        member.optimizer.kind(),
        [regularizer.kind() for regularizer in member.regularizers],
    ]
    return tuple(map(repr, kinds))


def why_untrainable(activations: tuple[LayerFunctions, ...], optimizer: Optimizer, loss: Loss) -> str | None:
    """Why a network with these functions cannot be trained so, and what to do; None where it can."""
    hard = [function for layer in activations for function in layer if not function.differentiable]
    name = type(hard[0]).__name__.lower() if hard else ""
    if isinstance(optimizer, PerceptronRule):
        return why_no_perceptron(activations, loss)
    if hard and optimizer.descends:
        return (
            f"{name} has derivative 0 almost everywhere, so gradient descent cannot train it; "
            "without hidden layers the optimizer perceptron can, and fixed only evaluates"
        )
    if loss.link and any(type(function).__name__ != "Identity" for function in activations[-1]):
        return f"this loss applies {loss.link} itself; make the output activation identity"
    return None


def why_no_perceptron(activations: tuple[LayerFunctions, ...], loss: Loss) -> str | None:
    """Why the perceptron rule cannot train such a network."""
    if len(activations) > 1 or any(function.differentiable for function in activations[-1]):
        return "the perceptron rule trains networks without hidden layers whose output activation is threshold or sign"
    return "the perceptron rule goes with the loss half_squared_error" if loss.link else None
