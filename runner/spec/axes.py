"""The table of axes: which settings may have alternatives, and how each is read and written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.activations import ACTIVATIONS
from core.initializers import INITIALIZERS
from core.optimizers import OPTIMIZERS
from core.regularizers import REGULARIZERS
from runner.errors import SpecError
from runner.spec.alternatives import Alternatives, either, listed
from runner.spec.choices import read_choice, read_combination
from runner.spec.configuration import Choice, architecture_label
from runner.spec.nodes import Node, is_number

AUTO = "auto"
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
    read: Callable[[Node], Alternatives]
    write: Callable[[Any], Any]
    default: Any
    in_training: bool = False


def read_axis(name: str, node: Node) -> Alternatives:
    """All alternatives of an axis, from a list (lists in it are flattened) or from a single one."""
    return either([AXES[name].read(leaf) for leaf in node.leaves()])


def read_architecture(node: Node) -> Alternatives:
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


def checked_architecture(node: Node, architecture: tuple[int, ...]) -> tuple[int, ...]:
    """The architecture, when its numbers of layers and units are inside the bounds."""
    if not all(1 <= width <= WIDEST_LAYER for width in architecture):
        raise node.wrong(f"must be layers of at least 1, at most {WIDEST_LAYER} units")
    if len(architecture) > MOST_LAYERS:
        raise SpecError(f"must have at most {MOST_LAYERS} layers, but has {len(architecture)}", node.path)
    return architecture


def read_initializer(node: Node) -> Alternatives:
    """Initializers, or `auto`, which becomes one when the activation is known."""
    return listed([AUTO]) if node.value == AUTO else read_choice(node, INITIALIZERS, "initializer")


def read_count(node: Node) -> Alternatives:
    """A whole number above 0."""
    return listed([node.whole_number(1, LARGEST_COUNT)])


def write_choice(choice: Choice) -> dict[str, Any]:
    """A choice as a sweep file has it, with all its settings."""
    return {choice.name: choice.variant.settings()}


def write_combination(choices: tuple[Choice, ...]) -> Any:
    """A combination as a sweep file has it."""
    return {choice.name: choice.variant.settings() for choice in choices} or "none"


def write_initializer(value: Any) -> Any:
    """An initializer, or `auto`, as a sweep file has it."""
    return value if value == AUTO else write_choice(value)


def same(value: Any) -> Any:
    """A value that is written as it is."""
    return value


read_activation = partial(read_choice, table=ACTIVATIONS, noun="activation")
read_optimizer = partial(read_choice, table=OPTIMIZERS, noun="optimizer")
read_regularizers = partial(read_combination, table=REGULARIZERS, noun="regularizer")

AXES: dict[str, Axis] = {
    "architecture": Axis("architecture", read_architecture, architecture_label, "none"),
    "activation": Axis("activation", read_activation, write_choice, "relu"),
    "regularizer": Axis("regularizers", read_regularizers, write_combination, "none"),
    "optimizer": Axis("optimizer", read_optimizer, write_choice, "adam"),
    "initializer": Axis("initializer", read_initializer, write_initializer, AUTO, in_training=True),
    "output_activation": Axis("output_activation", read_activation, write_choice, "identity", in_training=True),
    "batch_size": Axis("batch_size", read_count, same, 32, in_training=True),
    "epochs": Axis("epochs", read_count, same, 30, in_training=True),
}
