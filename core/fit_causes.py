"""Likely causes of underfitting and overfitting, found from a trial's error curves, units and weights, with remedies.

Programs read the names of causes and remedies. The other texts are for people and state the observation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from fitgap.core.error_curves import (
    Instability,
    instability,
    late_epochs,
    late_fall,
    late_start,
    lowest,
    rise,
    smoothed,
)
from fitgap.core.fit import Verdict
from fitgap.core.fit_remedies import Remedy, in_words

# An error is still falling if it fell by at least this share of its value in the late window.
STILL_FALLING = 0.01
# If it fell by less than this, a network that is smaller than the reference should rather be enlarged. If it fell by
# less than STILL_FALLING but at least CREEPING, and steadily, it is slow.
FALLING_FAST, CREEPING, STEADILY = 0.05, 0.001, 0.8
# E_v rose if it ended more than this share above its minimum, and the minimum is before this share of the epochs.
RISEN, WELL_BEFORE_THE_END = 0.05, 0.9
# Stopping at the best epoch is the first advice if it would remove at least this share of the excess.
WORTH_STOPPING = 0.5
# Shares of a layer's weights or units from which a cause is reported.
MANY_NEAR_ZERO, MANY_DEAD, MANY_SATURATED = 0.5, 0.3, 0.5
# Weights have shrunk if their root mean square is below this share of its initial value, grown if above this multiple.
# They hardly moved if it changed by at most this share.
SHRUNK, GROWN, HARDLY_MOVED = 0.5, 5.0, 0.03
# The learning rate is also too high if weights have grown to the first multiple, and E_t ended above the second
# multiple of a constant prediction's.
SHAKEN, ABOVE_CONSTANT = 2.0, 1.1
# E_t hardly fell if it ended above this share of its value after the first epoch, or of the constant prediction's.
HARDLY_FELL, NEAR_CONSTANT = 0.95, 0.95
# If no network beats a constant prediction, one whose E_t is below this share of the constant's has learned noise.
MEMORIZED = 0.8
# Gradients vanish in networks with at least this many hidden layers of these functions, if E_t did not fall to this
# share of its first value.
STUCK = 0.5
MANY_LAYERS, SATURATING = 3, frozenset({"sigmoid", "tanh"})
# Parameters per training example (many, few), and relative to the reference (fewer).
MANY_PARAMETERS, FEW_PARAMETERS, FEWER_PARAMETERS = 1.0, 0.1, 0.5
# From this λ or δ on, a regularizer is a likely cause of underfitting.
LARGE_PENALTY, LARGE_DROPOUT = 1e-2, 0.4


class Cause(StrEnum):
    """The causes, by the names that programs read."""

    SIBLING = "sibling"
    DIVERGED = "diverged"
    UNSTABLE = "unstable"
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
    activations; None if unknown. `reference_parameters` is the parameter count of the reference configuration, and
    `reference_e_v` its E_v after its best epoch. `constant_e_t` is the training error of a constant prediction.
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
        """The largest relative change of the size of a layer's weights; None if unknown."""
        ratios = [layer["rms"] / layer["rms_start"] for layer in self.layers if layer["rms_start"] > 0]
        return max((abs(ratio - 1) for ratio in ratios), default=None)

    @property
    def hardly_moved(self) -> bool:
        return self.movement is not None and self.movement <= HARDLY_MOVED

    @property
    def growth(self) -> float:
        """The largest ratio of the size of a layer's weights to their initial size."""
        return max((layer["rms"] / layer["rms_start"] for layer in self.layers if layer["rms_start"] > 0), default=1.0)

    @property
    def memorized(self) -> bool:
        """Whether E_t ended well below the error of a constant prediction."""
        return self.constant_e_t is not None and float(self.e_t[-1]) < MEMORIZED * self.constant_e_t

    @property
    def learned_nothing(self) -> bool:
        """Whether E_t ended near the error of a constant prediction or near its value after the first epoch."""
        limits = [] if self.constant_e_t is None else [NEAR_CONSTANT * self.constant_e_t]
        limits += [HARDLY_FELL * float(self.e_t[0])] if len(self.e_t) > 1 else []
        return bool(limits) and float(self.e_t[-1]) >= min(limits)


OPPOSITES = {
    Remedy.LOWER_RATE: Remedy.HIGHER_RATE,
    Remedy.HIGHER_RATE: Remedy.LOWER_RATE,
    Remedy.LARGER_NETWORK: Remedy.SMALLER_NETWORK,
    Remedy.SMALLER_NETWORK: Remedy.LARGER_NETWORK,
    Remedy.MORE_EPOCHS: Remedy.FEWER_EPOCHS,
    Remedy.FEWER_EPOCHS: Remedy.MORE_EPOCHS,
}
Test = Callable[[Facts], FoundCause | None]


def causes(verdict: Verdict, facts: Facts) -> list[FoundCause]:
    """The likely causes of a verdict, most informative first. An unclear verdict is tested for causes of both kinds."""
    if verdict is Verdict.GOOD:
        return []
    if verdict is Verdict.DIVERGED:
        return [FoundCause(Cause.DIVERGED, None, "the error became infinite or NaN", (Remedy.LOWER_RATE,))]
    if verdict is Verdict.NO_SKILL:
        verdict = Verdict.OVERFIT if facts.memorized else Verdict.UNDERFIT
    tests: list[Test] = [unstable]
    if verdict is not Verdict.OVERFIT:
        tests += UNDERFITTING
    if verdict is not Verdict.UNDERFIT:
        tests += OVERFITTING
    ordered = sorted([found for test in tests if (found := test(facts))], key=lambda each: rank(each, facts))
    # Two tests may find the same cause.
    return without_contradictions(list({each.cause: each for each in reversed(ordered)}.values())[::-1])


def without_contradictions(found: Sequence[FoundCause]) -> list[FoundCause]:
    """The causes without remedies that undo what an earlier cause suggests first."""
    kept: list[FoundCause] = []
    excluded: set[Remedy] = set()
    for each in found:
        remedies = tuple(remedy for remedy in each.remedies if remedy not in excluded)
        if remedies:
            kept.append(replace(each, remedies=remedies))
            excluded |= {OPPOSITES[remedies[0]]} if remedies[0] in OPPOSITES else set()
    return kept


def rank(found: FoundCause, facts: Facts) -> int:
    """The lower, the sooner a cause should be tried; the order of the tests decides between equal ranks."""
    if found.cause is Cause.UNSTABLE:
        return 0
    if found.cause is Cause.ROSE and stopping_removes(facts) >= WORTH_STOPPING:
        return 1
    # Dead units are the cause if weights have grown, otherwise more often a consequence.
    if found.cause in CONSEQUENCES and facts.growth >= GROWN:
        return 1
    is_weak_fall = found.cause is Cause.STILL_FALLING and found.value is not None and found.value < FALLING_FAST
    return 3 if is_weak_fall and is_smaller_than_reference(facts) else 2


CONSEQUENCES = (Cause.DEAD_UNITS, Cause.SATURATED_UNITS, Cause.CONSTANT_OUTPUT)


def unstable(facts: Facts) -> FoundCause | None:
    """E_t jumps, rises, or ends far above an earlier value: the learning rate is too high, whatever E_v does."""
    found = instability(facts.e_t, facts.numbers, facts.constant_e_t)
    remedies = (Remedy.LOWER_RATE,)
    # A strong penalty makes the weights shrink and E_t rise.
    if found and found.kind == "ended" and strongly_regularized(facts) and has_shrunk(facts):
        return None
    if found:
        return FoundCause(Cause.UNSTABLE, found.value, instability_in_words(found), remedies)
    constant = facts.constant_e_t
    if not constant or facts.growth < SHAKEN or facts.e_t[-1] < ABOVE_CONSTANT * constant:
        return None
    ratio = float(facts.e_t[-1]) / constant
    seen = f"E_t ended {times(ratio)} as high as for a constant prediction, with weights that have grown"
    return FoundCause(Cause.UNSTABLE, ratio, seen, remedies)


def instability_in_words(found: Instability) -> str:
    if found.kind == "ended":
        return f"E_t ended {times(found.value)} as high as after epoch {found.epoch}"
    if found.kind == "jumped":
        return f"E_t jumped to {times(found.value)} its value in epoch {found.epoch}"
    return f"E_t keeps going up and down by {percent(found.value)} from epoch to epoch"


def times(ratio: float) -> str:
    return f"{ratio:.2g} times" if ratio < 100 else "over 100 times"


def still_falling(facts: Facts) -> FoundCause | None:
    """E_t still fell over the late window and E_v did not rise: too few epochs."""
    if len(facts.e_t) < 2:
        return FoundCause(Cause.STILL_FALLING, None, "trained for one epoch only", (Remedy.MORE_EPOCHS,))
    fall, count = late_fall(facts.e_t, facts.numbers), int(facts.numbers[-1])
    if fall < STILL_FALLING or rise(facts.e_v) > RISEN:
        return None
    seen = f"E_t still fell by {percent(fall)} in the last {late_epochs(count)} of {count} epochs"
    return FoundCause(Cause.STILL_FALLING, fall, seen, (Remedy.MORE_EPOCHS, Remedy.HIGHER_RATE))


def slow(facts: Facts) -> FoundCause | None:
    """E_t falls steadily, but the weights hardly move: the learning rate is far too low."""
    if not facts.hardly_moved or len(facts.e_t) < 2 or facts.e_t[-1] >= facts.e_t[0] or deep_and_saturating(facts):
        return None
    falls = np.diff(smoothed(facts.e_t)) < 0
    if np.mean(falls) < STEADILY:
        return None
    fallen = 1 - float(facts.e_t[-1] / facts.e_t[0])
    seen = f"E_t fell steadily but only by {percent(fallen)}, and the weights hardly moved"
    return FoundCause(Cause.SLOW, fallen, seen, (Remedy.HIGHER_RATE, Remedy.OTHER_OPTIMIZER, Remedy.MORE_EPOCHS))


def creeping(facts: Facts) -> FoundCause | None:
    """E_t falls steadily over the late window, but by less than what counts as still falling."""
    if len(facts.e_t) < 2:
        return None
    fall, count = late_fall(facts.e_t, facts.numbers), int(facts.numbers[-1])
    late = facts.e_t[facts.numbers >= late_start(count)]
    if not CREEPING <= fall < STILL_FALLING or np.mean(np.diff(late) < 0) < STEADILY:
        return None
    seen = f"E_t falls steadily but slowly: by {percent(fall)} in the last {late_epochs(count)} of {count} epochs"
    return FoundCause(Cause.SLOW, fall, seen, (Remedy.HIGHER_RATE, Remedy.OTHER_OPTIMIZER, Remedy.MORE_EPOCHS))


def grown(facts: Facts) -> FoundCause | None:
    """The weights of a layer are many times as large as at the start."""
    if facts.growth < GROWN:
        return None
    seen = f"the weights of a layer have grown to {times(facts.growth)} their size at the start"
    return FoundCause(Cause.LARGE_WEIGHTS, facts.growth, seen, (Remedy.LOWER_RATE,))


def not_falling(facts: Facts) -> FoundCause | None:
    """E_t is at most 5 % lower at the end than after the first epoch."""
    if len(facts.e_t) < 2 or facts.e_t[-1] < HARDLY_FELL * facts.e_t[0] or facts.is_linear:
        return None
    change = float(facts.e_t[-1] / facts.e_t[0] - 1) if facts.e_t[0] else 0.0
    first, second = Remedy.LOWER_RATE, Remedy.HIGHER_RATE
    remedies = (second, first) if facts.hardly_moved else (first, second)
    return FoundCause(Cause.NOT_FALLING, change, "E_t hardly fell after the first epoch", remedies)


def vanishing_gradients(facts: Facts) -> FoundCause | None:
    """Many layers of functions with small slopes, and the network has learned nothing."""
    is_stuck = facts.e_t[-1] > STUCK * facts.e_t[0]
    if not deep_and_saturating(facts) or not (facts.hardly_moved or facts.learned_nothing or is_stuck):
        return None
    depth = len(facts.hidden or ())
    names = " and ".join(sorted(facts.functions or ()))
    moved = "the weights hardly moved" if facts.hardly_moved else "E_t fell by less than half"
    seen = f"{moved}: the gradient vanishes in {depth} layers of {names}"
    remedies = (Remedy.RECTIFIER, Remedy.OTHER_INITIALIZER)
    return FoundCause(Cause.VANISHING_GRADIENTS, facts.movement, seen, remedies)


def deep_and_saturating(facts: Facts) -> bool:
    if facts.hidden is None or not facts.functions:
        return False
    return len(facts.hidden) >= MANY_LAYERS and facts.functions <= SATURATING


def weights_near_zero(facts: Facts) -> FoundCause | None:
    """Most weights of a layer have vanished, or all layers have shrunk: the penalty outweighs the error."""
    if not facts.penalties:
        return None
    shares = [layer["near_zero"] / layer["weights"] for layer in facts.layers if layer["weights"]]
    if shares and max(shares) >= MANY_NEAR_ZERO:
        where = layer_name(shares.index(max(shares)), len(shares))
        seen = f"{percent(max(shares))} of the weights of {where} are near zero"
        return FoundCause(Cause.WEIGHTS_NEAR_ZERO, max(shares), seen, (Remedy.WEAKER_PENALTY,))
    if not has_shrunk(facts):
        return None
    shrunk = max(layer["rms"] / layer["rms_start"] for layer in facts.layers if layer["rms_start"] > 0)
    seen = f"all weights have shrunk to {percent(shrunk)} of their size at the start, or less"
    return FoundCause(Cause.WEIGHTS_NEAR_ZERO, shrunk, seen, (Remedy.WEAKER_PENALTY,))


def has_shrunk(facts: Facts) -> bool:
    shrunk = [layer["rms"] / layer["rms_start"] for layer in facts.layers if layer["rms_start"] > 0]
    return bool(shrunk) and max(shrunk) < SHRUNK


def linear_network(facts: Facts) -> FoundCause | None:
    """The network is a linear function of its inputs."""
    if not facts.is_linear:
        return None
    seen = "the network is linear" if facts.hidden else "the network is linear: it has no hidden layer"
    return FoundCause(Cause.LINEAR_NETWORK, None, seen, (Remedy.HIDDEN_LAYER,))


def constant_output(facts: Facts) -> FoundCause | None:
    """All outputs are the same for every example."""
    if not facts.layers or facts.layers[-1]["dead"] < facts.layers[-1]["units"] or facts.is_linear:
        return None
    remedies = (Remedy.LOWER_RATE, Remedy.OTHER_INITIALIZER)
    return FoundCause(Cause.CONSTANT_OUTPUT, 1.0, "the outputs are the same for every example", remedies)


def dead_units(facts: Facts) -> FoundCause | None:
    """Many units of a hidden layer give the same output for every example."""
    worst = worst_hidden(facts, "dead")
    if not worst or worst[1] < MANY_DEAD:
        return None
    seen = f"{percent(worst[1])} of the units of layer {worst[0]} are dead"
    return FoundCause(Cause.DEAD_UNITS, worst[1], seen, (Remedy.LOWER_RATE, Remedy.RECTIFIER))


def saturated_units(facts: Facts) -> FoundCause | None:
    """Many units of a hidden layer backpropagate hardly any error."""
    worst = worst_hidden(facts, "saturated")
    if not worst or worst[1] < MANY_SATURATED:
        return None
    seen = f"{percent(worst[1])} of the units of layer {worst[0]} are saturated"
    return FoundCause(Cause.SATURATED_UNITS, worst[1], seen, (Remedy.LOWER_RATE, Remedy.RECTIFIER))


def strongly_regularized(facts: Facts) -> bool:
    return facts.dropout >= LARGE_DROPOUT or max(facts.penalties.values(), default=0.0) >= LARGE_PENALTY


def strong_penalty(facts: Facts) -> FoundCause | None:
    """λ is large."""
    name, weight = max(facts.penalties.items(), key=lambda pair: pair[1], default=("", 0.0))
    if weight < LARGE_PENALTY:
        return None
    seen = f"{name} has a large λ ({weight:g})"
    return FoundCause(Cause.STRONG_REGULARIZER, weight, seen, (Remedy.WEAKER_PENALTY,))


def strong_dropout(facts: Facts) -> FoundCause | None:
    """δ is large, and no penalty is."""
    if facts.dropout < LARGE_DROPOUT or strong_penalty(facts):
        return None
    seen = f"dropout drops {percent(facts.dropout)} of the units (δ)"
    return FoundCause(Cause.STRONG_REGULARIZER, facts.dropout, seen, (Remedy.WEAKER_DROPOUT,))


def is_smaller_than_reference(facts: Facts) -> bool:
    larger = facts.reference_parameters
    return larger is not None and facts.parameters <= FEWER_PARAMETERS * larger


def few_parameters(facts: Facts) -> FoundCause | None:
    """The network is small compared with the number of training examples, or with the reference."""
    if facts.is_linear:
        return None
    share = facts.parameters / facts.training_count
    if is_smaller_than_reference(facts):
        seen = f"{facts.parameters} parameters; the reference has {facts.reference_parameters}"
        return FoundCause(Cause.FEW_PARAMETERS, share, seen, (Remedy.LARGER_NETWORK,))
    if share > FEW_PARAMETERS:
        return None
    return FoundCause(Cause.FEW_PARAMETERS, share, parameters_per_examples(facts), (Remedy.LARGER_NETWORK,))


def rose(facts: Facts) -> FoundCause | None:
    """From some epoch on E_v rose while E_t fell; both are smoothed, so that a lucky epoch is no best epoch."""
    smooth, training = smoothed(facts.e_v), smoothed(facts.e_t)
    best, risen = lowest(smooth), rise(facts.e_v)
    if best is None or risen <= RISEN or not training[-1] < training[best]:
        return None
    epoch = int(facts.numbers[best])
    if epoch > WELL_BEFORE_THE_END * int(facts.numbers[-1]):
        return None
    seen = f"E_v rose by {percent(risen)} from epoch {epoch} on while E_t fell"
    return FoundCause(Cause.ROSE, float(epoch), seen, (Remedy.FEWER_EPOCHS,))


def stopping_removes(facts: Facts) -> float:
    """The share of the excess that stopping at the best epoch removes; 1 if the reference is unknown."""
    if facts.reference_e_v is None:
        return 1.0
    smooth = smoothed(facts.e_v)
    excess = float(smooth[-1]) - facts.reference_e_v
    return float(smooth[-1] - smooth.min()) / excess if excess > 0 else 1.0


def many_parameters(facts: Facts) -> FoundCause | None:
    """The network has enough parameters to memorize its examples."""
    share = facts.parameters / facts.training_count
    if share < MANY_PARAMETERS:
        return None
    return FoundCause(Cause.MANY_PARAMETERS, share, parameters_per_examples(facts), (Remedy.SMALLER_NETWORK,))


def weak_regularizer(facts: Facts) -> FoundCause | None:
    """No regularizer, or only a weak one, restrains the weights."""
    if not facts.is_regularized:
        return FoundCause(Cause.NO_REGULARIZER, 0.0, "no regularizer", (Remedy.NEW_PENALTY,))
    if strongly_regularized(facts):
        return None
    listed = [f"{name} with λ {weight:g}" for name, weight in facts.penalties.items()]
    listed += [f"dropout with δ {facts.dropout:g}"] if facts.dropout else []
    strength = max([*facts.penalties.values(), facts.dropout])
    seen = f"weak: {' and '.join(listed)}"
    return FoundCause(Cause.WEAK_REGULARIZER, strength, seen, (Remedy.STRONGER_REGULARIZER,))


UNDERFITTING: tuple[Test, ...] = (
    weights_near_zero,
    strong_dropout,
    vanishing_gradients,
    slow,
    still_falling,
    linear_network,
    strong_penalty,
    few_parameters,
    constant_output,
    not_falling,
    dead_units,
    saturated_units,
    creeping,
    grown,
)
OVERFITTING: tuple[Test, ...] = (weak_regularizer, many_parameters, rose)


def worst_hidden(facts: Facts, what: str) -> tuple[int, float] | None:
    """The number (from 1) of the hidden layer with the largest share of `what` units, and that share."""
    shares = [(layer[what] / layer["units"], -number) for number, layer in enumerate(facts.layers[:-1], start=1)]
    if not shares:
        return None
    share, number = max(shares)
    return -number, share


def layer_name(number: int, count: int) -> str:
    return "the output layer" if number == count - 1 else f"layer {number + 1}"


def parameters_per_examples(facts: Facts) -> str:
    return f"{facts.parameters} parameters for {facts.training_count} training examples"


def percent(share: float) -> str:
    """A share as a percentage, such as `12 %`."""
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else f"{100 * share:.1g} %"
