"""Facts about a trial, from which likely causes of its fit are derived, and the names of the causes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from fitgap.core.fit_remedies import Remedy, in_words

# Weights have shrunk if their root mean square is below the first share of its initial value. They hardly moved if it
# changed by at most the second share.
SHRUNK, HARDLY_MOVED = 0.5, 0.03
# E_t hardly fell if it ended above the first share of its value after the first epoch, or above the second share of a
# constant prediction's error.
HARDLY_FELL, NEAR_CONSTANT = 0.95, 0.95
# If no network beats a constant prediction, a network whose E_t is below this share of the constant's error has learned
# noise.
MEMORIZED = 0.8
# A network has memorized its examples well if its E_t ended below this share of the constant's error.
WELL = 0.3
# A network is smaller than the reference if it has at most this share of its parameters.
FEWER_PARAMETERS = 0.5
# From this λ or δ on, a regularizer is a likely cause of underfitting.
LARGE_PENALTY, LARGE_DROPOUT = 1e-2, 0.4


class Cause(StrEnum):
    """The causes, by the names that programs read."""

    SIBLING = "sibling"
    DIVERGED = "diverged"
    DOUBLE_DESCENT = "double_descent"
    UNSTABLE = "unstable"
    STOPPED_EARLY = "stopped_early"
    STILL_FALLING = "still_falling"
    SLOW = "slow"
    WEIGHTS_NEAR_ZERO = "weights_near_zero"
    LINEAR_NETWORK = "linear_network"
    VANISHING_GRADIENTS = "vanishing_gradients"
    LARGE_WEIGHTS = "large_weights"
    DEAD_UNITS = "dead_units"
    SATURATED_UNITS = "saturated_units"
    CONSTANT_OUTPUT = "constant_output"
    STRONG_REGULARIZER = "strong_regularizer"
    FEW_PARAMETERS = "few_parameters"
    NOT_FALLING = "not_falling"
    MANY_PARAMETERS = "many_parameters"
    NO_REGULARIZER = "no_regularizer"
    WEAK_REGULARIZER = "weak_regularizer"
    ROSE = "rose"


@dataclass(frozen=True)
class FoundCause:
    """A cause, the measured value behind it, the observation in words, and remedies, the most promising one first."""

    cause: Cause
    value: float | None
    seen: str
    remedies: tuple[Remedy, ...]

    @property
    def advice(self) -> str:
        return in_words(self.remedies)


@dataclass(frozen=True)
class Facts:
    """What is known about one trial.

    The curves `e_t` and `e_v` (n,) are sampled at `epochs`; None means every epoch. `layers` are the statistics from
    `core.layer_statistics`, empty if unknown. `penalties` maps the names of its penalties to their λ, `dropout` is its
    largest dropout ratio δ. `hidden` are the widths of its hidden layers and `functions` the names of their
    activations, with `gates` for gated layers and `norm` for layer normalizations; None if unknown.
    `reference_parameters` is the parameter count of the reference configuration, and `reference_e_v` its E_v after its
    best epoch. `constant_e_t` is the training error of a constant prediction. `has_free_loops` is true if there are
    recurrent layers whose gradients are not clipped. `stopped` says why a stopping rule ended the trial before its last
    planned epoch; the rule waits for `patience` epochs. `layer_names` are the names of the hidden layers that have
    units; empty if these layers are only numbered.
    """

    e_t: np.ndarray
    e_v: np.ndarray
    parameters: int
    training_count: int
    layers: Sequence[Mapping[str, Any]]
    penalties: Mapping[str, float]
    dropout: float
    reference_parameters: int | None = None
    epochs: np.ndarray | None = None
    hidden: tuple[int, ...] | None = None
    functions: frozenset[str] | None = None
    reference_e_v: float | None = None
    constant_e_t: float | None = None
    stopped: str | None = None
    patience: int = 0
    has_free_loops: bool = False
    layer_names: tuple[str, ...] = ()

    @property
    def numbers(self) -> np.ndarray:
        """The epochs (n,) of the points of the curves."""
        return np.arange(1, len(self.e_t) + 1) if self.epochs is None else self.epochs

    @property
    def is_regularized(self) -> bool:
        return bool(self.penalties) or self.dropout > 0

    @property
    def is_linear(self) -> bool:
        """Whether the network is a linear function of its inputs."""
        if self.hidden is None:
            return False
        return not self.hidden or (bool(self.functions) and self.functions == {"identity"})

    @property
    def movement(self) -> float | None:
        """The largest relative change of the root mean square of a layer's weights; None if unknown."""
        ratios = [layer["rms"] / layer["rms_start"] for layer in self.layers if layer["rms_start"] > 0]
        return max((abs(ratio - 1) for ratio in ratios), default=None)

    @property
    def hardly_moved(self) -> bool:
        return self.movement is not None and self.movement <= HARDLY_MOVED

    @property
    def growth(self) -> float:
        """The largest ratio of the root mean square of a layer's weights to its initial value."""
        return max((layer["rms"] / layer["rms_start"] for layer in self.layers if layer["rms_start"] > 0), default=1.0)

    def layer_name(self, number: int) -> str:
        """The name of a layer, counted from 1, in texts: `conv16x3 (layer 2)`, `layer 2` or `the output layer`."""
        if number == len(self.layers):
            return "the output layer"
        if len(self.layer_names) != len(self.layers) - 1:
            return f"layer {number}"
        return f"{self.layer_names[number - 1]} (layer {number})"

    @property
    def has_shrunk(self) -> bool:
        """Whether the weights of all layers have shrunk."""
        ratios = [layer["rms"] / layer["rms_start"] for layer in self.layers if layer["rms_start"] > 0]
        return bool(ratios) and max(ratios) < SHRUNK

    @property
    def is_smaller_than_reference(self) -> bool:
        larger = self.reference_parameters
        return larger is not None and self.parameters <= FEWER_PARAMETERS * larger

    @property
    def is_strongly_regularized(self) -> bool:
        return self.dropout >= LARGE_DROPOUT or max(self.penalties.values(), default=0.0) >= LARGE_PENALTY

    @property
    def memorized(self) -> bool:
        """Whether E_t ended well below the error of a constant prediction."""
        return self.constant_e_t is not None and float(self.e_t[-1]) < MEMORIZED * self.constant_e_t

    @property
    def memorized_well(self) -> bool:
        """Whether E_t ended at a small share of the error of a constant prediction."""
        return self.constant_e_t is not None and float(self.e_t[-1]) < WELL * self.constant_e_t

    @property
    def learned_nothing(self) -> bool:
        """Whether E_t ended near the error of a constant prediction or near its value after the first epoch."""
        limits = [] if self.constant_e_t is None else [NEAR_CONSTANT * self.constant_e_t]
        limits += [HARDLY_FELL * float(self.e_t[0])] if len(self.e_t) > 1 else []
        return bool(limits) and float(self.e_t[-1]) >= min(limits)


Test = Callable[[Facts], FoundCause | None]


def parameters_per_examples(facts: Facts) -> str:
    return f"{facts.parameters} parameters for {facts.training_count} training examples"


def times(ratio: float) -> str:
    return f"{ratio:.2g} times" if ratio < 100 else "over 100 times"


def percent(share: float) -> str:
    """A share as a percentage, such as `12 %`."""
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"
