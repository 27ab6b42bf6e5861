"""Likely causes of underfitting and overfitting, found from a trial's error curves, units and weights, with advice.

Programs read the name of a cause. Its text is for people and states the observation.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from fitgap.core.fit import Verdict

# The window for "still falling": the last tenth of the epochs, at least three.
LATE_SHARE, FEWEST_LATE = 0.1, 3
# An error is still falling if it fell by at least this share of its value in the window.
STILL_FALLING = 0.01
# E_v rose if it ended more than this share above its minimum.
RISEN = 0.05
# Shares of a layer's weights or units from which a cause is reported.
MANY_NEAR_ZERO, MANY_DEAD, MANY_SATURATED = 0.5, 0.3, 0.5
# Weights have shrunk if their root mean square is below this share of its initial value.
SHRUNK = 0.5
# Parameters per training example (many, few), and relative to the reference (fewer).
MANY_PARAMETERS, FEW_PARAMETERS, FEWER_PARAMETERS = 1.0, 0.1, 0.5
# From this λ or δ on, a regularizer is a likely cause of underfitting.
LARGE_PENALTY, LARGE_DROPOUT = 1e-2, 0.4


class Cause(StrEnum):
    """The causes, by the names that programs read."""

    STILL_FALLING = "still_falling"
    WEIGHTS_NEAR_ZERO = "weights_near_zero"
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
    """A cause, the measured value behind it, the observation in words, and advice."""

    cause: Cause
    value: float | None
    seen: str
    advice: str


@dataclass(frozen=True)
class Facts:
    """What is known about one trial.

    The curves `e_t` and `e_v` (n,) are sampled at `epochs`; None means every epoch. `layers` are the statistics from
    `core.layer_statistics`, empty if unknown. `penalties` maps the names of its penalties to their λ, `dropout` is its
    largest dropout ratio δ. `reference_parameters` is the parameter count of the reference configuration.
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

    @property
    def numbers(self) -> np.ndarray:
        """The epochs (n,) of the points of the curves."""
        return np.arange(1, len(self.e_t) + 1) if self.epochs is None else self.epochs

    @property
    def is_regularized(self) -> bool:
        return bool(self.penalties) or self.dropout > 0


Test = Callable[[Facts], FoundCause | None]


def causes(verdict: Verdict, facts: Facts) -> list[FoundCause]:
    """The likely causes of a verdict, most informative first. An unclear verdict is tested for causes of both kinds."""
    tests: list[Test] = []
    if verdict in (Verdict.UNDERFIT, Verdict.BOTH, Verdict.UNCLEAR):
        tests += UNDERFITTING
    if verdict in (Verdict.OVERFIT, Verdict.BOTH, Verdict.UNCLEAR):
        tests += OVERFITTING
    return [found for test in tests if (found := test(facts))]


def still_falling(facts: Facts) -> FoundCause | None:
    """E_t still fell in the last epochs and E_v did not rise: too few epochs."""
    if len(facts.e_t) < 2:
        return FoundCause(Cause.STILL_FALLING, None, "trained for one epoch only", "more epochs")
    fall, count = late_fall(facts.e_t, facts.numbers), int(facts.numbers[-1])
    if fall < STILL_FALLING or rise(facts.e_v) > RISEN:
        return None
    seen = f"E_t still fell by {percent(fall)} in the last {late_epochs(count)} of {count} epochs"
    return FoundCause(Cause.STILL_FALLING, fall, seen, "more epochs, or a higher learning rate")


def not_falling(facts: Facts) -> FoundCause | None:
    """E_t is at most 5 % lower at the end than after the first epoch."""
    if len(facts.e_t) < 2 or facts.e_t[-1] < 0.95 * facts.e_t[0]:
        return None
    change = float(facts.e_t[-1] / facts.e_t[0] - 1) if facts.e_t[0] else 0.0
    return FoundCause(Cause.NOT_FALLING, change, "E_t hardly fell after the first epoch", "another learning rate")


def weights_near_zero(facts: Facts) -> FoundCause | None:
    """Most weights of a layer have vanished, or all layers have shrunk: the penalty outweighs the error."""
    shares = [layer["near_zero"] / layer["weights"] for layer in facts.layers if layer["weights"]]
    if shares and max(shares) >= MANY_NEAR_ZERO:
        where = layer_name(shares.index(max(shares)), len(shares))
        seen = f"{percent(max(shares))} of the weights of {where} are near zero"
        return FoundCause(Cause.WEIGHTS_NEAR_ZERO, max(shares), seen, lower_penalty(facts))
    shrunk = [layer["rms"] / layer["rms_start"] for layer in facts.layers if layer["rms_start"] > 0]
    if shrunk and max(shrunk) < SHRUNK:
        seen = f"all weights have shrunk to {percent(max(shrunk))} of their size at the start, or less"
        return FoundCause(Cause.WEIGHTS_NEAR_ZERO, max(shrunk), seen, lower_penalty(facts))
    return None


def constant_output(facts: Facts) -> FoundCause | None:
    """All outputs are the same for every example."""
    if not facts.layers or facts.layers[-1]["dead"] < facts.layers[-1]["units"]:
        return None
    return FoundCause(Cause.CONSTANT_OUTPUT, 1.0, "the outputs are the same for every example", "a lower learning rate")


def dead_units(facts: Facts) -> FoundCause | None:
    """Many units of a hidden layer give the same output for every example."""
    worst = worst_hidden(facts, "dead")
    if not worst or worst[1] < MANY_DEAD:
        return None
    seen = f"{percent(worst[1])} of the units of layer {worst[0]} are dead"
    return FoundCause(Cause.DEAD_UNITS, worst[1], seen, "a lower learning rate, or prelu or elu in place of relu")


def saturated_units(facts: Facts) -> FoundCause | None:
    """Many units of a hidden layer backpropagate hardly any error."""
    worst = worst_hidden(facts, "saturated")
    if not worst or worst[1] < MANY_SATURATED:
        return None
    seen = f"{percent(worst[1])} of the units of layer {worst[0]} are saturated"
    return FoundCause(Cause.SATURATED_UNITS, worst[1], seen, "a lower learning rate, or an activation like relu")


def strong_regularizer(facts: Facts) -> FoundCause | None:
    """λ or δ is large."""
    if facts.dropout >= LARGE_DROPOUT:
        seen = f"dropout drops {percent(facts.dropout)} of the units (δ)"
        return FoundCause(Cause.STRONG_REGULARIZER, facts.dropout, seen, "a lower dropout ratio")
    name, weight = max(facts.penalties.items(), key=lambda pair: pair[1], default=("", 0.0))
    if weight < LARGE_PENALTY:
        return None
    return FoundCause(
        Cause.STRONG_REGULARIZER, weight, f"{name} has a large λ ({weight:g})", f"a lower weight for {name}"
    )


def few_parameters(facts: Facts) -> FoundCause | None:
    """The network is small compared with the number of training examples, or with the reference."""
    share = facts.parameters / facts.training_count
    larger = facts.reference_parameters
    if larger is not None and facts.parameters <= FEWER_PARAMETERS * larger:
        seen = f"{facts.parameters} parameters; the reference has {larger}"
        return FoundCause(Cause.FEW_PARAMETERS, share, seen, "a larger network")
    if share > FEW_PARAMETERS:
        return None
    return FoundCause(Cause.FEW_PARAMETERS, share, parameters_per_examples(facts), "a larger network")


def rose(facts: Facts) -> FoundCause | None:
    """From some epoch on E_v rose while E_t fell."""
    best = lowest(facts.e_v)
    risen = rise(facts.e_v)
    if best is None or risen <= RISEN or not facts.e_t[-1] < facts.e_t[best]:
        return None
    epoch = int(facts.numbers[best])
    seen = f"E_v rose by {percent(risen)} from epoch {epoch} on while E_t fell"
    return FoundCause(
        Cause.ROSE, float(epoch), seen, f"stopping earlier (best epoch {epoch}), e.g. with no_improvement"
    )


def many_parameters(facts: Facts) -> FoundCause | None:
    """The network has enough parameters to memorize its examples."""
    share = facts.parameters / facts.training_count
    if share < MANY_PARAMETERS:
        return None
    return FoundCause(
        Cause.MANY_PARAMETERS, share, parameters_per_examples(facts), "a smaller network, or more examples"
    )


def weak_regularizer(facts: Facts) -> FoundCause | None:
    """No regularizer, or only a weak one, restrains the weights."""
    if not facts.is_regularized:
        advice = "a regularizer such as l2 or dropout"
        return FoundCause(Cause.NO_REGULARIZER, 0.0, "no regularizer", advice)
    if facts.dropout >= LARGE_DROPOUT or max(facts.penalties.values(), default=0.0) >= LARGE_PENALTY:
        return None
    listed = [f"{name} with λ {weight:g}" for name, weight in facts.penalties.items()]
    listed += [f"dropout with δ {facts.dropout:g}"] if facts.dropout else []
    strength = max([*facts.penalties.values(), facts.dropout])
    return FoundCause(Cause.WEAK_REGULARIZER, strength, f"weak: {' and '.join(listed)}", "a stronger regularizer")


UNDERFITTING: tuple[Test, ...] = (
    constant_output,
    still_falling,
    not_falling,
    weights_near_zero,
    dead_units,
    saturated_units,
    strong_regularizer,
    few_parameters,
)
OVERFITTING: tuple[Test, ...] = (rose, many_parameters, weak_regularizer)


def late_epochs(count: int) -> int:
    """Length of the window of last epochs."""
    return min(count - 1, max(FEWEST_LATE, round(LATE_SHARE * count)))


def late_start(count: int) -> int:
    """The epoch before that window, with which the last epoch is compared."""
    return count - late_epochs(count)


def late_fall(errors: np.ndarray, epochs: np.ndarray) -> float:
    """The share of its value by which an error fell in the last epochs; negative if it rose."""
    position = int(np.searchsorted(epochs, late_start(int(epochs[-1])), side="right")) - 1
    before = float(errors[position])
    return 1 - float(errors[-1]) / before if before > 0 else 0.0


def lowest(errors: np.ndarray) -> int | None:
    """The index of the lowest error; None without errors."""
    return int(np.argmin(errors)) if len(errors) else None


def rise(errors: np.ndarray) -> float:
    """The share by which an error ended above its minimum."""
    if not len(errors) or not errors.min() > 0:
        return 0.0
    return float(errors[-1] / errors.min()) - 1


def worst_hidden(facts: Facts, what: str) -> tuple[int, float] | None:
    """The number (from 1) of the hidden layer with the largest share of `what` units, and that share."""
    shares = [(layer[what] / layer["units"], -number) for number, layer in enumerate(facts.layers[:-1], start=1)]
    if not shares:
        return None
    share, number = max(shares)
    return -number, share


def layer_name(number: int, count: int) -> str:
    return "the output layer" if number == count - 1 else f"layer {number + 1}"


def lower_penalty(facts: Facts) -> str:
    """Advice against vanished weights."""
    if facts.penalties:
        return f"a lower weight for {' and '.join(facts.penalties)}"
    return "another initializer or learning rate"


def parameters_per_examples(facts: Facts) -> str:
    return f"{facts.parameters} parameters for {facts.training_count} training examples"


def percent(share: float) -> str:
    """A share as a percentage, such as `12 %`."""
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else f"{100 * share:.1g} %"


def count_causes(found: Sequence[Sequence[FoundCause]]) -> Iterator[tuple[Cause, int, str]]:
    """Each cause, the number of trials that have it, and its most frequent advice; most frequent causes first."""
    by_cause: dict[Cause, list[str]] = {}
    for each in found:
        for one in each:
            by_cause.setdefault(one.cause, []).append(one.advice)
    for cause, advice in sorted(by_cause.items(), key=lambda pair: -len(pair[1])):
        yield cause, len(advice), max(set(advice), key=lambda text: (advice.count(text), text))
