"""Why a trial underfits or overfits, as far as its curves, units and weights tell, and what to try.

A cause has a name for programs. Its words are for people and name what was seen.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from fitgap.core.diagnosis import Verdict

# The last tenth of the epochs, and at least three, tell whether an error still falls.
LATE_SHARE, FEWEST_LATE = 0.1, 3
# It does where it fell so much more of its value in that time.
STILL_FALLING = 0.01
# E_v rose where it ended so much above its lowest.
RISEN = 0.05
# From such shares of a layer on its weights or units are worth naming.
MANY_NEAR_ZERO, MANY_DEAD, MANY_SATURATED = 0.5, 0.3, 0.5
# Weights of this part of their size at the start have shrunk.
SHRUNK = 0.5
# Parameters beside training examples, and beside those of the reference.
MANY_PARAMETERS, FEW_PARAMETERS, FEWER_PARAMETERS = 1.0, 0.1, 0.5
# A λ or a δ from which on a penalty is a likely reason for underfitting.
LARGE_PENALTY, LARGE_DROPOUT = 1e-2, 0.4


class Cause(StrEnum):
    """What the notes name as reasons, by the names that programs read."""

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
class Found:
    """A cause, the number that tells of it, and words: what was seen and what to try."""

    cause: Cause
    value: float | None
    seen: str
    advice: str


@dataclass(frozen=True)
class Facts:
    """What is known of one trial. Curves (n,) are of its `epochs`, which are all of them where None; `layers` as
    `core.layer_statistics` tells them, empty where not known. `penalties` are the λ of its regularizers by their names,
    `dropout` is the largest share δ of units left out. `reference_parameters` are those of the configuration that it
    was held against.
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
        """The epochs (n,) that the curves are of."""
        return np.arange(1, len(self.e_t) + 1) if self.epochs is None else self.epochs

    @property
    def is_regularized(self) -> bool:
        return bool(self.penalties) or self.dropout > 0


Test = Callable[[Facts], Found | None]


def causes(verdict: Verdict, facts: Facts) -> list[Found]:
    """The likely causes of a verdict, the most telling first; those of an unclear one are those of both kinds."""
    tests: list[Test] = []
    if verdict in (Verdict.UNDERFIT, Verdict.BOTH, Verdict.UNCLEAR):
        tests += UNDERFITTING
    if verdict in (Verdict.OVERFIT, Verdict.BOTH, Verdict.UNCLEAR):
        tests += OVERFITTING
    return [found for test in tests if (found := test(facts))]


def still_falling(facts: Facts) -> Found | None:
    """E_t fell clearly in the last epochs, and E_v did not rise: too few epochs."""
    if len(facts.e_t) < 2:
        return Found(Cause.STILL_FALLING, None, "trained for one epoch only", "more epochs")
    fall, count = late_fall(facts.e_t, facts.numbers), int(facts.numbers[-1])
    if fall < STILL_FALLING or rise(facts.e_v) > RISEN:
        return None
    seen = f"E_t still fell by {percent(fall)} in the last {late_epochs(count)} of {count} epochs"
    return Found(Cause.STILL_FALLING, fall, seen, "more epochs, or a higher learning rate")


def not_falling(facts: Facts) -> Found | None:
    """E_t is no lower at the end than after the first epoch."""
    if len(facts.e_t) < 2 or facts.e_t[-1] < 0.95 * facts.e_t[0]:
        return None
    change = float(facts.e_t[-1] / facts.e_t[0] - 1) if facts.e_t[0] else 0.0
    return Found(Cause.NOT_FALLING, change, "E_t hardly fell after the first epoch", "another learning rate")


def weights_near_zero(facts: Facts) -> Found | None:
    """Most weights of a layer have vanished, or all have shrunk together: the penalty outweighs the error."""
    shares = [layer["near_zero"] / layer["weights"] for layer in facts.layers if layer["weights"]]
    if shares and max(shares) >= MANY_NEAR_ZERO:
        where = layer_name(shares.index(max(shares)), len(shares))
        seen = f"{percent(max(shares))} of the weights of {where} are near zero"
        return Found(Cause.WEIGHTS_NEAR_ZERO, max(shares), seen, lower_penalty(facts))
    shrunk = [layer["rms"] / layer["rms_start"] for layer in facts.layers if layer["rms_start"] > 0]
    if shrunk and max(shrunk) < SHRUNK:
        seen = f"all weights have shrunk to {percent(max(shrunk))} of their size at the start, or less"
        return Found(Cause.WEIGHTS_NEAR_ZERO, max(shrunk), seen, lower_penalty(facts))
    return None


def constant_output(facts: Facts) -> Found | None:
    """All outputs are the same for every example."""
    if not facts.layers or facts.layers[-1]["dead"] < facts.layers[-1]["units"]:
        return None
    return Found(Cause.CONSTANT_OUTPUT, 1.0, "the outputs are the same for every example", "a lower learning rate")


def dead_units(facts: Facts) -> Found | None:
    """Many units of a hidden layer answer the same to every example."""
    worst = worst_hidden(facts, "dead")
    if not worst or worst[1] < MANY_DEAD:
        return None
    seen = f"{percent(worst[1])} of the units of layer {worst[0]} are dead"
    return Found(Cause.DEAD_UNITS, worst[1], seen, "a lower learning rate, or prelu or elu in place of relu")


def saturated_units(facts: Facts) -> Found | None:
    """Many units of a hidden layer pass hardly any error back."""
    worst = worst_hidden(facts, "saturated")
    if not worst or worst[1] < MANY_SATURATED:
        return None
    seen = f"{percent(worst[1])} of the units of layer {worst[0]} are saturated"
    return Found(Cause.SATURATED_UNITS, worst[1], seen, "a lower learning rate, or an activation like relu")


def strong_regularizer(facts: Facts) -> Found | None:
    """λ or δ is large."""
    if facts.dropout >= LARGE_DROPOUT:
        seen = f"dropout leaves out {percent(facts.dropout)} of the units (δ)"
        return Found(Cause.STRONG_REGULARIZER, facts.dropout, seen, "a smaller ratio of dropout")
    name, weight = max(facts.penalties.items(), key=lambda pair: pair[1], default=("", 0.0))
    if weight < LARGE_PENALTY:
        return None
    return Found(Cause.STRONG_REGULARIZER, weight, f"{name} has a large λ ({weight:g})", f"a smaller weight of {name}")


def few_parameters(facts: Facts) -> Found | None:
    """The network is small beside its training examples, or beside the reference."""
    share = facts.parameters / facts.training_count
    larger = facts.reference_parameters
    if larger is not None and facts.parameters <= FEWER_PARAMETERS * larger:
        seen = f"{facts.parameters} parameters, where the reference has {larger}"
        return Found(Cause.FEW_PARAMETERS, share, seen, "a larger network")
    if share > FEW_PARAMETERS:
        return None
    return Found(Cause.FEW_PARAMETERS, share, beside_examples(facts), "a larger network")


def rose(facts: Facts) -> Found | None:
    """From an epoch on E_v rose while E_t fell."""
    best = lowest(facts.e_v)
    risen = rise(facts.e_v)
    if best is None or risen <= RISEN or not facts.e_t[-1] < facts.e_t[best]:
        return None
    epoch = int(facts.numbers[best])
    seen = f"E_v rose by {percent(risen)} from epoch {epoch} on while E_t fell"
    return Found(Cause.ROSE, float(epoch), seen, f"to stop earlier (best epoch {epoch}), such as by no_improvement")


def many_parameters(facts: Facts) -> Found | None:
    """The network has parameters enough to learn its examples by heart."""
    share = facts.parameters / facts.training_count
    if share < MANY_PARAMETERS:
        return None
    return Found(Cause.MANY_PARAMETERS, share, beside_examples(facts), "a smaller network, or more examples")


def weak_regularizer(facts: Facts) -> Found | None:
    """Nothing, or little, holds the weights back."""
    if not facts.is_regularized:
        advice = "a regularizer such as l2 or dropout"
        return Found(Cause.NO_REGULARIZER, 0.0, "no regularizer", advice)
    if facts.dropout >= LARGE_DROPOUT or max(facts.penalties.values(), default=0.0) >= LARGE_PENALTY:
        return None
    told = [f"{name} with λ {weight:g}" for name, weight in facts.penalties.items()]
    told += [f"dropout with δ {facts.dropout:g}"] if facts.dropout else []
    strength = max([*facts.penalties.values(), facts.dropout])
    return Found(Cause.WEAK_REGULARIZER, strength, f"weak: {' and '.join(told)}", "a stronger regularizer")


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
    """How many of the last epochs are looked at."""
    return min(count - 1, max(FEWEST_LATE, round(LATE_SHARE * count)))


def late_start(count: int) -> int:
    """The epoch before these, which the last is held against."""
    return count - late_epochs(count)


def late_fall(errors: np.ndarray, epochs: np.ndarray) -> float:
    """By which share of its value an error fell in the last epochs; less than 0 where it rose."""
    position = int(np.searchsorted(epochs, late_start(int(epochs[-1])), side="right")) - 1
    before = float(errors[position])
    return 1 - float(errors[-1]) / before if before > 0 else 0.0


def lowest(errors: np.ndarray) -> int | None:
    """Where the lowest error stands."""
    return int(np.argmin(errors)) if len(errors) else None


def rise(errors: np.ndarray) -> float:
    """By which share an error ended above its lowest."""
    if not len(errors) or not errors.min() > 0:
        return 0.0
    return float(errors[-1] / errors.min()) - 1


def worst_hidden(facts: Facts, what: str) -> tuple[int, float] | None:
    """The hidden layer with the largest share of such units, counted from 1, and that share."""
    shares = [(layer[what] / layer["units"], -number) for number, layer in enumerate(facts.layers[:-1], start=1)]
    if not shares:
        return None
    share, number = max(shares)
    return -number, share


def layer_name(number: int, count: int) -> str:
    return "the output layer" if number == count - 1 else f"layer {number + 1}"


def lower_penalty(facts: Facts) -> str:
    """What to do about weights that have vanished."""
    if facts.penalties:
        return f"a smaller weight of {' and '.join(facts.penalties)}"
    return "another initializer or learning rate"


def beside_examples(facts: Facts) -> str:
    return f"{facts.parameters} parameters for {facts.training_count} training examples"


def percent(share: float) -> str:
    """Such as 12 %."""
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else f"{100 * share:.1g} %"


def count_causes(found: Sequence[Sequence[Found]]) -> Iterator[tuple[Cause, int, str]]:
    """Over many trials: each cause, how many trials have it, and the advice given most often; the commonest first."""
    by_cause: dict[Cause, list[str]] = {}
    for each in found:
        for one in each:
            by_cause.setdefault(one.cause, []).append(one.advice)
    for cause, advice in sorted(by_cause.items(), key=lambda pair: -len(pair[1])):
        yield cause, len(advice), max(set(advice), key=lambda text: (advice.count(text), text))
