"""Remedies applied to a configuration: for each, the setting that it changes, the direction, and how far."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Any

from fitgap.core.activations import ELU, ReLU
from fitgap.core.fit_facts import FoundCause
from fitgap.core.fit_remedies import Remedy
from fitgap.core.initializers import Auto, HeNormal
from fitgap.core.optimizers import Adam
from fitgap.core.regularizers import L2, Dropout, Penalty
from fitgap.core.stopping import AcceptableError, NoImprovement
from fitgap.runner.spec import Choice, Configuration
from fitgap.runner.spec.architectures import with_widths

# Factors by which a rate is lowered or raised, and multiples of the optimizer's default rate: an upper bound of the
# lowered rate and a lower bound of the raised one.
RATE_DOWN, RATE_UP, HIGHEST_DEFAULT, LOWEST_DEFAULT = 10, 10, 10, 1
# The width of every layer is multiplied or divided by the first number. The others are the minimum widths of enlarged
# and reduced layers.
WIDTH_FACTOR, NARROWEST_LARGER, NARROWEST_SMALLER = 4, 16, 2
NEW_HIDDEN = (16,)
# Epochs are multiplied by the first number. If there are at most FEW_EPOCHS, they are multiplied by the second instead,
# to at least LEAST_EPOCHS.
EPOCHS_UP, FEW_EPOCHS_UP, FEW_EPOCHS, LEAST_EPOCHS = 3, 10, 10, 30
# Patience is multiplied by the first, to at least the second; an acceptable error is divided by the third.
PATIENCE_UP, LEAST_PATIENCE, ACCEPTABLE_DOWN = 3, 20, 10
# λ and δ are divided or multiplied by these.
PENALTY_DOWN, DROPOUT_DOWN, PENALTY_UP, DROPOUT_UP = 30, 4, 10, 2
NEW_WEIGHT, LEAST_DROPOUT, MOST_DROPOUT = 0.03, 0.3, 0.5
BATCH_DOWN = 4
# The norm to which gradients are clipped.
LARGEST_NORM = 1.0


class Direction(StrEnum):
    """The direction in which to change a setting; the values are part of the JSON output."""

    HIGHER = "higher"
    LOWER = "lower"
    OTHER = "other"
    ADD = "add"


Applied = Configuration | None
Apply = Callable[[Configuration, FoundCause], Applied]


def default_rate(choice: Choice) -> float:
    rate = type(choice.variant).parameters()["rate"].default
    return float(rate) if isinstance(rate, int | float) else float(choice.variant.rate)


def with_rate(configuration: Configuration, rate: float) -> Configuration:
    optimizer = configuration.optimizer
    changed = Choice(optimizer.name, replace(optimizer.variant, rate=tidy(rate)))
    return replace(configuration, optimizer=changed)


def lower_rate(configuration: Configuration, found: FoundCause) -> Applied:
    optimizer = configuration.optimizer
    if "rate" not in type(optimizer.variant).parameters():
        return None
    highest = HIGHEST_DEFAULT * default_rate(optimizer)
    return with_rate(configuration, min(optimizer.variant.rate / RATE_DOWN, highest))


def higher_rate(configuration: Configuration, found: FoundCause) -> Applied:
    optimizer = configuration.optimizer
    if "rate" not in type(optimizer.variant).parameters():
        return None
    lowest = LOWEST_DEFAULT * default_rate(optimizer)
    return with_rate(configuration, max(optimizer.variant.rate * RATE_UP, lowest))


def other_optimizer(configuration: Configuration, found: FoundCause) -> Applied:
    if configuration.optimizer.name in ("adam", "adamw"):
        return None
    return replace(configuration, optimizer=Choice("adam", Adam()))


def more_epochs(configuration: Configuration, found: FoundCause) -> Applied:
    epochs = configuration.epochs
    more = max(LEAST_EPOCHS, FEW_EPOCHS_UP * epochs) if epochs <= FEW_EPOCHS else EPOCHS_UP * epochs
    return replace(configuration, epochs=more)


def later_stopping(configuration: Configuration, found: FoundCause) -> Applied:
    """More patience, and a smaller acceptable error."""

    def later(each: Choice) -> Choice:
        rule = each.variant
        if isinstance(rule, NoImprovement):
            return Choice(each.name, replace(rule, epochs=max(LEAST_PATIENCE, PATIENCE_UP * rule.epochs)))
        if isinstance(rule, AcceptableError):
            return Choice(each.name, replace(rule, error=tidy(rule.error / ACCEPTABLE_DOWN)))
        return each

    return replace(configuration, stopping=tuple(later(each) for each in configuration.stopping))


def fewer_epochs(configuration: Configuration, found: FoundCause) -> Applied:
    """Train only until the best epoch, `found.value`."""
    if found.value is None or not 1 <= found.value < configuration.epochs:
        return None
    return replace(configuration, epochs=int(found.value))


def hidden_layer(configuration: Configuration, found: FoundCause) -> Applied:
    if configuration.architecture:
        return rectifier(configuration, found)
    activation = configuration.activation
    if all(choice.name == "identity" for layer in activation for choice in layer):
        activation = ((Choice("relu", ReLU()),),)
    return replace(configuration, architecture=NEW_HIDDEN, activation=activation)


def larger_network(configuration: Configuration, found: FoundCause) -> Applied:
    if not configuration.architecture:
        return hidden_layer(configuration, found)
    return with_widths(configuration, lambda width: max(NARROWEST_LARGER, WIDTH_FACTOR * width))


def smaller_network(configuration: Configuration, found: FoundCause) -> Applied:
    return with_widths(configuration, lambda width: max(min(width, NARROWEST_SMALLER), width // WIDTH_FACTOR))


def rectifier(configuration: Configuration, found: FoundCause) -> Applied:
    if configuration.architecture and not configuration.hidden_count:
        # No layer has functions that can be chosen; those of gates are fixed.
        return None
    names = {choice.name for layer in configuration.activation for choice in layer}
    if names == {"relu"}:
        return replace(configuration, activation=((Choice("elu", ELU()),),))
    return replace(configuration, activation=((Choice("relu", ReLU()),),))


def other_initializer(configuration: Configuration, found: FoundCause) -> Applied:
    """Change to `auto`, or from `auto` to he_normal, which gives sigmoid and tanh layers larger weights."""
    if configuration.initializer.name != "auto":
        return replace(configuration, initializer=Choice("auto", Auto()))
    return replace(configuration, initializer=Choice("he_normal", HeNormal()))


def with_regularizers(configuration: Configuration, change: Callable[[Choice], Any], *kinds: type) -> Applied:
    """The configuration with its regularizers of these kinds changed."""
    changed = [
        Choice(each.name, change(each)) if isinstance(each.variant, kinds) else each
        for each in configuration.regularizers
    ]
    return replace(configuration, regularizers=tuple(changed))


def weaker_penalty(configuration: Configuration, found: FoundCause) -> Applied:
    return with_regularizers(
        configuration, lambda each: replace(each.variant, weight=tidy(each.variant.weight / PENALTY_DOWN)), Penalty
    )


def weaker_dropout(configuration: Configuration, found: FoundCause) -> Applied:
    return with_regularizers(
        configuration, lambda each: replace(each.variant, ratio=tidy(each.variant.ratio / DROPOUT_DOWN)), Dropout
    )


def stronger_regularizer(configuration: Configuration, found: FoundCause) -> Applied:
    def stronger(each: Choice) -> Any:
        if isinstance(each.variant, Penalty):
            return replace(each.variant, weight=tidy(max(each.variant.weight * PENALTY_UP, NEW_WEIGHT)))
        return replace(each.variant, ratio=max(each.variant.ratio, tidy(stronger_ratio(each.variant.ratio))))

    return with_regularizers(configuration, stronger, Penalty, Dropout)


def stronger_ratio(ratio: float) -> float:
    return min(MOST_DROPOUT, max(LEAST_DROPOUT, DROPOUT_UP * ratio))


def new_penalty(configuration: Configuration, found: FoundCause) -> Applied:
    if configuration.regularizers:
        return None
    # Penalties on many layers add up.
    weight = NEW_WEIGHT if configuration.hidden_count <= 2 else NEW_WEIGHT / 10
    return replace(configuration, regularizers=(Choice("l2", L2(weight=weight)),))


def smaller_batch(configuration: Configuration, found: FoundCause) -> Applied:
    return replace(configuration, batch_size=max(1, configuration.batch_size // BATCH_DOWN))


def clipped_gradient(configuration: Configuration, found: FoundCause) -> Applied:
    optimizer = configuration.optimizer
    if "clip" not in type(optimizer.variant).parameters() or optimizer.variant.clip:
        return None
    return replace(configuration, optimizer=Choice(optimizer.name, replace(optimizer.variant, clip=LARGEST_NORM)))


def tidy(value: float) -> float:
    """A number with at most two significant digits."""
    return float(f"{value:.2g}")


# For each remedy: the setting that it changes, the direction, and how.
APPLIED: dict[Remedy, tuple[str, Direction, Apply]] = {
    Remedy.LOWER_RATE: ("optimizer.rate", Direction.LOWER, lower_rate),
    Remedy.HIGHER_RATE: ("optimizer.rate", Direction.HIGHER, higher_rate),
    Remedy.OTHER_OPTIMIZER: ("optimizer", Direction.OTHER, other_optimizer),
    Remedy.MORE_EPOCHS: ("epochs", Direction.HIGHER, more_epochs),
    Remedy.FEWER_EPOCHS: ("epochs", Direction.LOWER, fewer_epochs),
    Remedy.LATER_STOPPING: ("stopping", Direction.OTHER, later_stopping),
    Remedy.HIDDEN_LAYER: ("architecture", Direction.HIGHER, hidden_layer),
    Remedy.LARGER_NETWORK: ("architecture", Direction.HIGHER, larger_network),
    Remedy.SMALLER_NETWORK: ("architecture", Direction.LOWER, smaller_network),
    Remedy.RECTIFIER: ("activation", Direction.OTHER, rectifier),
    Remedy.OTHER_INITIALIZER: ("initializer", Direction.OTHER, other_initializer),
    Remedy.WEAKER_PENALTY: ("regularizer.weight", Direction.LOWER, weaker_penalty),
    Remedy.WEAKER_DROPOUT: ("regularizer.ratio", Direction.LOWER, weaker_dropout),
    Remedy.NEW_PENALTY: ("regularizer", Direction.ADD, new_penalty),
    Remedy.STRONGER_REGULARIZER: ("regularizer", Direction.HIGHER, stronger_regularizer),
    Remedy.SMALLER_BATCH: ("batch_size", Direction.LOWER, smaller_batch),
    Remedy.CLIPPED_GRADIENT: ("optimizer.clip", Direction.ADD, clipped_gradient),
}
