"""Settings of training: those of one member (one trial), and those that all members of a pack share."""

from dataclasses import dataclass

from fitgap.core.activations.activation import Activation
from fitgap.core.initializers import Initializer
from fitgap.core.losses import Loss
from fitgap.core.network_shape import NetworkShape
from fitgap.core.optimizers import Optimizer, PerceptronRule
from fitgap.core.regularizers import Regularizer
from fitgap.core.schedules import Schedule
from fitgap.core.stopping import Stopping
from fitgap.core.target_coding import OutputReading

# The activation functions of a layer, usually one; each applies to its share of the units.
LayerFunctions = tuple[Activation, ...]


@dataclass(frozen=True)
class Member:
    """One network to train: the settings in which the members of a pack may differ.

    `activations` holds the functions of layers 1 … L, the output layer last; none for a layer without units, or with
    fixed functions. Raises ValueError for two regularizers or two stopping rules of the same kind.
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

    @property
    def restores_best(self) -> bool:
        """Whether training ends with the parameters of the best epoch."""
        return any(rule.restores_best for rule in self.stopping)

    def __post_init__(self) -> None:
        for rules in (self.regularizers, self.stopping):
            if len({type(rule) for rule in rules}) < len(rules):
                raise ValueError(
                    f"a member may have one regularizer and one stopping rule of each kind, but received {rules}"
                )


@dataclass(frozen=True)
class PackShape:
    """The settings that all members of a pack share.

    `measured_examples` is the number of examples on which each of E_t and E_v is measured, drawn anew for every epoch;
    None for all examples. `class_count` is 0 if the targets are numbers.
    """

    network: NetworkShape
    batch_size: int
    loss: Loss
    reading: OutputReading
    class_count: int
    dtype: str
    measured_examples: int | None = None


def sorting_key(member: Member) -> tuple[str, ...]:
    """Sorts members of equal kinds next to each other, first by their activations, which cost the most calls."""
    kinds = [
        [[(function.kind(), function.share) for function in functions] for functions in member.activations],
        member.optimizer.kind(),
        [regularizer.kind() for regularizer in member.regularizers],
    ]
    return tuple(map(repr, kinds))


def why_untrainable(activations: tuple[LayerFunctions, ...], optimizer: Optimizer, loss: Loss) -> str | None:
    """Why this optimizer and loss cannot train a network with these functions, and what to do; None if they can."""
    hard = [function for layer in activations for function in layer if not function.differentiable]
    name = type(hard[0]).__name__.lower() if hard else ""
    if isinstance(optimizer, PerceptronRule):
        return why_no_perceptron(activations, loss)
    if hard and optimizer.descends:
        return (
            f"{name} has derivative 0 almost everywhere, so gradient descent cannot train it; without hidden layers, "
            "use the optimizer perceptron; use fixed to evaluate without training"
        )
    if loss.link and any(type(function).__name__ != "Identity" for function in activations[-1]):
        return f"this loss applies {loss.link} itself; make the output activation identity"
    return None


def why_no_perceptron(activations: tuple[LayerFunctions, ...], loss: Loss) -> str | None:
    """Why the perceptron rule cannot train such a network; None if it can."""
    if len(activations) > 1 or any(function.differentiable for function in activations[-1]):
        return "the perceptron rule trains networks without hidden layers whose output activation is threshold or sign"
    return "the perceptron rule needs the loss half_squared_error" if loss.link else None
