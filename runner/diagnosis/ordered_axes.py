"""Ordered axes: lines of configurations that differ in one number only, such as the learning rate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fitgap.core.regularizers import Dropout
from fitgap.runner.diagnosis.applied_remedies import tidy, with_rate
from fitgap.runner.spec import Choice, Configuration
from fitgap.runner.spec.architectures import have_same_layers, size, with_widths
from fitgap.runner.store import Row

Value = Callable[[Configuration], float | None]
Move = Callable[[Configuration, float], Configuration]


@dataclass(frozen=True)
class OrderedAxis:
    """An axis with an order: `value` places a configuration on it, `move` changes it by a factor.

    `highest` and `lowest` name its ends.
    """

    axis: str
    setting: str
    value: Value
    move: Move
    highest: str
    lowest: str


@dataclass(frozen=True)
class Point:
    """A configuration on a line: its value on the axis, its row and its settings."""

    value: float
    row: Row
    configuration: Configuration


def size_of(configuration: Configuration) -> float | None:
    return float(size(configuration.architecture))


def resized(configuration: Configuration, factor: float) -> Configuration:
    return with_widths(configuration, lambda width: max(1, round(width * factor)))


def rate(configuration: Configuration) -> float | None:
    variant = configuration.optimizer.variant
    return float(variant.rate) if "rate" in type(variant).parameters() else None


def strength(configuration: Configuration) -> float | None:
    """λ or δ of the only regularizer; None if there is none or several."""
    if len(configuration.regularizers) != 1:
        return None
    variant = configuration.regularizers[0].variant
    return float(variant.ratio if isinstance(variant, Dropout) else variant.weight)


def strengthened(configuration: Configuration, factor: float) -> Configuration:
    """The configuration with its only regularizer scaled; a dropout ratio becomes at most 0.9."""
    (only,) = configuration.regularizers
    if isinstance(only.variant, Dropout):
        changed = replace(only.variant, ratio=min(0.9, tidy(only.variant.ratio * factor)))
    else:
        changed = replace(only.variant, weight=tidy(only.variant.weight * factor))
    return replace(configuration, regularizers=(Choice(only.name, changed),))


ORDERED: tuple[OrderedAxis, ...] = (
    OrderedAxis("architecture", "architecture", size_of, resized, "the largest network", "the smallest network"),
    OrderedAxis(
        "optimizer",
        "optimizer.rate",
        rate,
        lambda each, factor: with_rate(each, each.optimizer.variant.rate * factor),
        "the highest learning rate",
        "the lowest learning rate",
    ),
    OrderedAxis(
        "regularizer", "regularizer", strength, strengthened, "the strongest regularizer", "the weakest regularizer"
    ),
    OrderedAxis(
        "epochs",
        "epochs",
        lambda each: float(each.epochs),
        lambda each, factor: replace(each, epochs=max(1, round(each.epochs * factor))),
        "the most epochs",
        "the fewest epochs",
    ),
    OrderedAxis(
        "batch_size",
        "batch_size",
        lambda each: float(each.batch_size),
        lambda each, factor: replace(each, batch_size=max(1, round(each.batch_size * factor))),
        "the largest batches",
        "the smallest batches",
    ),
)


def line(axis: OrderedAxis, own: Configuration, rows: Sequence[Row], settings: Mapping[str, Row]) -> list[Point]:
    """The points on the line through a configuration, in ascending order of value."""
    points = []
    for row in rows:
        configuration = Configuration.from_canonical(settings[row["configuration"]])
        value = axis.value(configuration)
        if value is not None and is_alike(axis, own, configuration):
            points.append(Point(value, row, configuration))
    return sorted(points, key=lambda point: point.value)


def is_alike(axis: OrderedAxis, own: Configuration, other: Configuration) -> bool:
    """Whether two configurations differ at most in the number on the axis."""
    if axis.axis == "architecture":
        return have_same_layers(own.architecture, other.architecture) or not (own.architecture and other.architecture)
    if axis.axis == "optimizer":
        return own.optimizer.name == other.optimizer.name and (
            replace(other.optimizer.variant, rate=own.optimizer.variant.rate) == own.optimizer.variant
        )
    if axis.axis == "regularizer":
        return [each.name for each in own.regularizers] == [each.name for each in other.regularizers]
    return True
