"""The table of axes: which settings may have alternatives, and how each is read and written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from fitgap.core.activations import ACTIVATIONS
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.schedules import SCHEDULES
from fitgap.core.stopping import STOPPINGS
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.alternatives import Alternatives, either, listed, together
from fitgap.runner.spec.choices import read_choice, read_combination, read_mixture
from fitgap.runner.spec.configuration import Choice, architecture_label
from fitgap.runner.spec.nodes import SpecNode, is_number

LAYER = "layer_"
MOST_LAYERS = 64
WIDEST_LAYER = 100_000
LARGEST_COUNT = 1_000_000_000


@dataclass(frozen=True)
class Axis:
    """One setting that may have alternatives.

    `read` turns one alternative as written into its values and `write` one value into what reads back as it; `default`
    is written. `field` is its name in a configuration. In `training` stands a setting that is usually the same for all.
    """

    field: str
    read: Callable[[SpecNode], Alternatives]
    write: Callable[[Any], Any]
    default: Any
    in_training: bool = False


def read_axis(name: str, node: SpecNode) -> Alternatives:
    """All alternatives of an axis, from a list (lists in it are flattened) or from a single one."""
    return either([AXES[name].read(leaf) for leaf in node.leaves()])


def read_architecture(node: SpecNode) -> Alternatives:
    """Hidden layers from 16, `64-32`, `none` or nothing."""
    if node.value in (None, "none"):
        return listed([()])
    if is_number(node.value):
        return listed([(node.whole_number(1, WIDEST_LAYER),)])
    if not isinstance(node.value, str) or not re.fullmatch("[0-9]{1,9}(-[0-9]{1,9})*", node.value):
        raise node.wrong("must be hidden layers such as 64-32, or none", architecture_advice(node.value))
    return listed([checked_architecture(node, tuple(map(int, node.value.split("-"))))])


def architecture_advice(value: object) -> str:
    """What was probably meant by something that is no architecture."""
    widths = re.findall("[0-9]{1,9}", value) if isinstance(value, str) else []
    return f"write {'-'.join(widths)}" if 0 < len(widths) <= 8 else ""


def checked_architecture(node: SpecNode, architecture: tuple[int, ...]) -> tuple[int, ...]:
    """The architecture, when its numbers of layers and units are inside the bounds."""
    if not all(1 <= width <= WIDEST_LAYER for width in architecture):
        raise node.wrong(f"must be layers of at least 1, at most {WIDEST_LAYER} units")
    check_depth(node, len(architecture))
    return architecture


def check_depth(node: SpecNode, layers: int) -> None:
    """Raises SpecError for more layers than a network may have."""
    if layers > MOST_LAYERS:
        raise SpecError(f"must have at most {MOST_LAYERS} layers, but has {layers:,}; leave some out", node.path)


def read_activation(node: SpecNode) -> Alternatives:
    """Functions of the hidden layers: a tuple for every layer, of one function or of several that share its units.

    `relu` is for all layers, `relu/silu` and `{layer_1: relu, layer_2: silu}` give each its own (the last one also to
    the layers that follow), `relu+silu` and `{relu: , silu: }` share the units of a layer.
    """
    layers = [[read_mixture(leaf, ACTIVATIONS, "activation") for leaf in layer.leaves()] for layer in layers_of(node)]
    return together([either(alternatives) for alternatives in layers], tuple)


def layers_of(node: SpecNode) -> list[SpecNode]:
    """What is written for the first layer, the second, …"""
    if isinstance(node.value, str):
        parts = node.value.split("/")
        check_depth(node, len(parts))
        return [SpecNode(part.strip(), node.path) for part in parts]
    if not isinstance(node.value, dict) or not any(str(key).startswith(LAYER) for key in node.value):
        return [node]
    check_depth(node, len(node.value))
    expected = [f"{LAYER}{number}" for number in range(1, len(node.value) + 1)]
    if list(node.value) != expected:
        raise SpecError(f"layers must be written in order, as {', '.join(expected)}", node.path)
    return [node.child(key) for key in expected]


def read_count(node: SpecNode) -> Alternatives:
    """A whole number above 0."""
    return listed([node.whole_number(1, LARGEST_COUNT)])


def write_choice(choice: Choice) -> dict[str, Any]:
    """A choice as a sweep file has it, with all its settings."""
    return {choice.name: choice.variant.settings()}


def write_combination(choices: tuple[Choice, ...]) -> Any:
    """A combination as a sweep file has it."""
    return {choice.name: choice.variant.settings() for choice in choices} or "none"


def write_layers(layers: tuple[tuple[Choice, ...], ...]) -> Any:
    """The functions of several layers as a sweep file has them."""
    return {f"{LAYER}{number}": write_combination(functions) for number, functions in enumerate(layers, start=1)}


def same(value: Any) -> Any:
    """A value that is written as it is."""
    return value


read_output_activation = partial(read_mixture, table=ACTIVATIONS, noun="activation")
read_initializer = partial(read_choice, table=INITIALIZERS, noun="initializer")
read_optimizer = partial(read_choice, table=OPTIMIZERS, noun="optimizer")
read_schedule = partial(read_choice, table=SCHEDULES, noun="schedule")
read_stopping = partial(read_combination, table=STOPPINGS, noun="stopping rule")
read_regularizers = partial(read_combination, table=REGULARIZERS, noun="regularizer")

AXES: dict[str, Axis] = {
    "architecture": Axis("architecture", read_architecture, architecture_label, "none"),
    "activation": Axis("activation", read_activation, write_layers, "relu"),
    "regularizer": Axis("regularizers", read_regularizers, write_combination, "none"),
    "optimizer": Axis("optimizer", read_optimizer, write_choice, "adam"),
    "schedule": Axis("schedule", read_schedule, write_choice, "constant", in_training=True),
    "stopping": Axis("stopping", read_stopping, write_combination, "none", in_training=True),
    "initializer": Axis("initializer", read_initializer, write_choice, "auto", in_training=True),
    "output_activation": Axis(
        "output_activation", read_output_activation, write_combination, "identity", in_training=True
    ),
    "batch_size": Axis("batch_size", read_count, same, 32, in_training=True),
    "epochs": Axis("epochs", read_count, same, 30, in_training=True),
}
