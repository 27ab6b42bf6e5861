"""Likely causes of underfitting, each with the test that finds it."""

import numpy as np
from fitgap.core.error_curves import late_epochs, late_fall, late_start, rise, smoothed
from fitgap.core.fit_facts import (
    HARDLY_FELL,
    LARGE_DROPOUT,
    LARGE_PENALTY,
    Cause,
    Facts,
    FoundCause,
    Test,
    parameters_per_examples,
    percent,
    times,
)
from fitgap.core.fit_remedies import Remedy

# E_t is still falling if it fell by at least the first share of its value in the late window and E_v did not rise by
# more than the second share. It is slow if it fell by less, but at least by the third share, and in at least the fourth
# share of the epochs.
STILL_FALLING, RISEN, CREEPING, STEADILY = 0.01, 0.05, 0.001, 0.8
# Shares of a layer's weights or units from which a cause is reported.
MANY_NEAR_ZERO, MANY_DEAD, MANY_SATURATED = 0.5, 0.3, 0.5
# Weights have grown if their root mean square is above this multiple of its initial value.
GROWN = 5.0
# Gradients vanish in networks with at least this many hidden layers of these functions, if E_t did not fall to this
# share of its first value.
MANY_LAYERS, SATURATING, STUCK = 3, frozenset({"sigmoid", "tanh"}), 0.5
# Few parameters per training example.
FEW_PARAMETERS = 0.1


def stopped_early(facts: Facts) -> FoundCause | None:
    """A stopping rule ended the trial while E_t was falling: too little patience, or too large an acceptable error."""
    if not facts.stopped:
        return None
    count = int(facts.numbers[-1])
    start = max(1, min(late_start(count), count - facts.patience))
    if count > 1 and (fall := late_fall(facts.e_t, facts.numbers, start)) >= STILL_FALLING:
        seen = (
            f"stopped after epoch {count}, since {facts.stopped}; E_t still fell by {percent(fall)} from epoch {start}"
        )
        return FoundCause(Cause.STOPPED_EARLY, fall, f"{seen} on", (Remedy.LATER_STOPPING, Remedy.HIGHER_RATE))
    if count > 1:
        return None
    seen = f"stopped after its first epoch, since {facts.stopped}"
    return FoundCause(Cause.STOPPED_EARLY, None, seen, (Remedy.LATER_STOPPING,))


def still_falling(facts: Facts) -> FoundCause | None:
    """E_t was still falling over the late window and E_v did not rise: too few epochs."""
    if facts.stopped:
        return None
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
    return FoundCause(Cause.SLOW, fallen, seen, (Remedy.HIGHER_RATE, Remedy.OTHER_OPTIMIZER, longer(facts)))


def creeping(facts: Facts) -> FoundCause | None:
    """E_t falls steadily over the late window, but too slowly to count as still falling."""
    if len(facts.e_t) < 2:
        return None
    fall, count = late_fall(facts.e_t, facts.numbers), int(facts.numbers[-1])
    late = facts.e_t[facts.numbers >= late_start(count)]
    if not CREEPING <= fall < STILL_FALLING or np.mean(np.diff(late) < 0) < STEADILY:
        return None
    seen = f"E_t falls steadily but slowly: by {percent(fall)} in the last {late_epochs(count)} of {count} epochs"
    return FoundCause(Cause.SLOW, fall, seen, (Remedy.HIGHER_RATE, Remedy.OTHER_OPTIMIZER, longer(facts)))


def longer(facts: Facts) -> Remedy:
    """How to train longer: more epochs change nothing if a stopping rule ended the trial."""
    return Remedy.LATER_STOPPING if facts.stopped else Remedy.MORE_EPOCHS


def grown(facts: Facts) -> FoundCause | None:
    """The weights of a layer are many times as large as at the start."""
    if facts.growth < GROWN:
        return None
    ratios = [layer["rms"] / layer["rms_start"] if layer["rms_start"] > 0 else 0.0 for layer in facts.layers]
    where = facts.layer_name(ratios.index(facts.growth) + 1)
    seen = f"the weights of {where} have grown to {times(facts.growth)} their size at the start"
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
    """Many layers of functions with small slopes, and the network has learned little."""
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
        where = facts.layer_name(shares.index(max(shares)) + 1)
        seen = f"{percent(max(shares))} of the weights of {where} are near zero"
        return FoundCause(Cause.WEIGHTS_NEAR_ZERO, max(shares), seen, (Remedy.WEAKER_PENALTY,))
    if not facts.has_shrunk:
        return None
    shrunk = max(layer["rms"] / layer["rms_start"] for layer in facts.layers if layer["rms_start"] > 0)
    seen = f"all weights have shrunk to {percent(shrunk)} of their size at the start, or less"
    return FoundCause(Cause.WEIGHTS_NEAR_ZERO, shrunk, seen, (Remedy.WEAKER_PENALTY,))


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
    seen = f"{percent(worst[1])} of the units of {facts.layer_name(worst[0])} are dead"
    return FoundCause(Cause.DEAD_UNITS, worst[1], seen, (Remedy.LOWER_RATE, Remedy.RECTIFIER))


def saturated_units(facts: Facts) -> FoundCause | None:
    """Many units of a hidden layer backpropagate hardly any error."""
    worst = worst_hidden(facts, "saturated")
    if not worst or worst[1] < MANY_SATURATED:
        return None
    seen = f"{percent(worst[1])} of the units of {facts.layer_name(worst[0])} are saturated"
    return FoundCause(Cause.SATURATED_UNITS, worst[1], seen, (Remedy.LOWER_RATE, Remedy.RECTIFIER))


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


def few_parameters(facts: Facts) -> FoundCause | None:
    """The network is small compared with the number of training examples, or with the reference."""
    if facts.is_linear:
        return None
    share = facts.parameters / facts.training_count
    if facts.is_smaller_than_reference:
        seen = f"{facts.parameters} parameters; the reference has {facts.reference_parameters}"
        return FoundCause(Cause.FEW_PARAMETERS, share, seen, (Remedy.LARGER_NETWORK,))
    if share > FEW_PARAMETERS:
        return None
    return FoundCause(Cause.FEW_PARAMETERS, share, parameters_per_examples(facts), (Remedy.LARGER_NETWORK,))


UNDERFITTING: tuple[Test, ...] = (
    weights_near_zero,
    strong_dropout,
    vanishing_gradients,
    slow,
    stopped_early,
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


def worst_hidden(facts: Facts, what: str) -> tuple[int, float] | None:
    """The number (from 1) of the hidden layer with the largest share of `what` units, and that share."""
    shares = [(layer[what] / layer["units"], -number) for number, layer in enumerate(facts.layers[:-1], start=1)]
    if not shares:
        return None
    share, number = max(shares)
    return -number, share
