"""The table of axes: the settings that may have alternatives, with their readers and writers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from fitgap.core.activations import ACTIVATIONS
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.layers import LAYERS
from fitgap.core.losses import LOSSES
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.scaling import PREPROCESSINGS
from fitgap.core.schedules import SCHEDULES
from fitgap.core.stopping import STOPPINGS
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.architecture_ranges import is_architecture_range, read_architecture_range
from fitgap.runner.spec.architectures import (
    MOST_DIGITS,
    WIDEST_LAYER,
    check_layers_without_ranges,
    has_named_layers,
    layer_nodes,
    read_layer,
)
from fitgap.runner.spec.choices import read_choice, read_combination, read_mixture
from fitgap.runner.spec.configuration import Choice, architecture_label
from fitgap.runner.spec.lazy_values import Alternatives, either, listed, together
from fitgap.runner.spec.ranges import is_range, read_range
from fitgap.runner.spec.validation import SpecNode, is_number

LAYER = "layer_"
MOST_LAYERS = 64
LARGEST_COUNT = 1_000_000_000
AUTO = "auto"


@dataclass(frozen=True)
class Axis:
    """One setting that may have alternatives.

    `read` parses one written alternative into its values; `write` is the inverse for one value. `default` is in written
    form. `field` is the name in a configuration. `in_training` marks settings that the `training` section may give, as
    they are usually the same for all configurations. `is_optional` marks axes that a stored sweep leaves out if they
    have only their default.
    """

    field: str
    read: Callable[[SpecNode], Alternatives]
    write: Callable[[Any], Any]
    default: Any
    in_training: bool = False
    is_optional: bool = False


def read_axis(name: str, node: SpecNode) -> Alternatives:
    """All alternatives of an axis, from a single one or a list; nested lists are flattened."""
    return either([AXES[name].read(leaf) for leaf in node.leaves()])


def read_architecture(node: SpecNode) -> Alternatives:
    """Hidden layers, from `64-32`, `conv8x3-pool2-32`, `none`, an empty value, or ranges of their number and widths."""
    check_layers_without_ranges(node)
    if is_architecture_range(node.value):
        return read_architecture_range(node, (0, MOST_LAYERS), (1, WIDEST_LAYER))
    if node.value in (None, "none"):
        return listed([()])
    if is_number(node.value):
        return listed([(node.whole_number(1, WIDEST_LAYER),)])
    if has_named_layers(node.value):
        layers = layer_nodes(node)
        check_depth(node, len(layers))
        return together(list(map(read_layer, layers)), tuple)
    if not isinstance(node.value, str) or not re.fullmatch("[0-9]+(-[0-9]+)*", node.value):
        raise node.wrong("must be hidden layers such as 64-32, or none", architecture_advice(node.value))
    return listed([checked_architecture(node, tuple(int(width[:MOST_DIGITS]) for width in node.value.split("-")))])


def architecture_advice(value: object) -> str:
    """A suggestion for a value that is not an architecture; "" if there is none."""
    if isinstance(value, str) and re.search(r"\b(res|skip)[a-z]*\s*\(", value, re.IGNORECASE):
        return "did you mean res(…)? It adds the inputs of the layers in its parentheses to their outputs"
    if isinstance(value, str) and re.search("[A-Za-z]{2}", value):
        return f"layers that are not dense have these names: {', '.join(LAYERS)}"
    widths = re.findall("[0-9]+", value) if isinstance(value, str) else []
    is_short = 0 < len(widths) <= 8 and all(len(width) <= len(str(WIDEST_LAYER)) for width in widths)
    return f"write {'-'.join(widths)}" if is_short else ""


def checked_architecture(node: SpecNode, architecture: tuple[int, ...]) -> tuple[int, ...]:
    """The architecture; SpecError if it has too many layers, or too few or too many units in a layer."""
    if not all(1 <= width <= WIDEST_LAYER for width in architecture):
        raise node.wrong(f"must be layers of at least 1, at most {WIDEST_LAYER} units")
    check_depth(node, len(architecture))
    return architecture


def check_depth(node: SpecNode, layers: int) -> None:
    """Raise SpecError if a network would have too many layers."""
    if layers > MOST_LAYERS:
        raise SpecError(f"must have at most {MOST_LAYERS} layers, but has {layers:,}; remove some", node.path)


def read_activation(node: SpecNode) -> Alternatives:
    """The functions of the hidden layers: for each layer a tuple of the functions among which its units are divided.

    `relu` applies to all layers. `relu/silu` and `{layer_1: relu, layer_2: silu}` give each layer its own function; the
    last one also applies to further layers. `relu+silu` and `{relu: , silu: }` divide the units of a layer.
    """
    layers = [[read_mixture(leaf, ACTIVATIONS, "activation") for leaf in layer.leaves()] for layer in layers_of(node)]
    return together([either(alternatives) for alternatives in layers], tuple)


def layers_of(node: SpecNode) -> list[SpecNode]:
    """The nodes for the first layer, the second, …"""
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
    """A whole number above 0, or a range of them."""
    if is_range(node.value):
        return read_range(node, count, whole=True)
    return listed([count(node)])


def count(node: SpecNode) -> int:
    """A whole number above 0."""
    return node.whole_number(1, LARGEST_COUNT)


def read_training_examples(node: SpecNode) -> Alternatives:
    """How many training examples are used, or a range of counts or of shares."""
    if is_range(node.value):
        return read_range(node, amount, whole=not has_shares(node.value))
    return listed([amount(node)])


def has_shares(written: Any) -> bool:
    """Whether a written range is of shares, not of counts: an end has a decimal point."""
    if isinstance(written, str):
        return re.search(r"(?<![.])[.](?![.])", written) is not None
    return isinstance(written["range"], list) and any(isinstance(end, float) for end in written["range"])


def amount(node: SpecNode) -> float | int | None:
    """A number of training examples: a count (int), a share (float), or None for all."""
    value = node.value
    if value == "all" or (isinstance(value, float) and value == 1.0):
        return None
    if isinstance(value, float) and 0 < value < 1:
        return value
    if isinstance(value, int) and is_number(value) and 1 <= value <= LARGEST_COUNT:
        return value
    raise node.wrong("must be a whole number of training examples, a share such as 0.5 (1.0 for all), or all")


def write_training_examples(value: float | int | None) -> float | int | str:
    """A count, a share, or `all`."""
    return "all" if value is None else value


def read_label_noise(node: SpecNode) -> Alternatives:
    """The share of training labels that are replaced, or a range of shares."""
    if is_range(node.value):
        return read_range(node, noise_share, whole=False)
    return listed([noise_share(node)])


def noise_share(node: SpecNode) -> float:
    """A share of training labels."""
    if not is_number(node.value) or not 0 <= node.value <= 1:
        raise node.wrong("must be a share of the training labels, at least 0, at most 1")
    return float(node.value)


def read_preprocess(node: SpecNode) -> Alternatives:
    """The scaling of the inputs; None for `auto`, which is that of the sweep's data."""
    name = node.one_of((*PREPROCESSINGS, AUTO))
    return listed([None if name == AUTO else name])


def write_preprocess(value: str | None) -> str:
    """The name of a scaling, or `auto`."""
    return value or AUTO


def write_choice(choice: Choice) -> dict[str, Any]:
    """A choice in sweep-file form, with all its settings."""
    return {choice.name: choice.variant.stored_settings()}


def write_combination(choices: tuple[Choice, ...]) -> Any:
    """A combination in sweep-file form."""
    return {choice.name: choice.variant.stored_settings() for choice in choices} or "none"


def write_layers(layers: tuple[tuple[Choice, ...], ...]) -> Any:
    """The functions of several layers in sweep-file form."""
    return {f"{LAYER}{number}": write_combination(functions) for number, functions in enumerate(layers, start=1)}


def unchanged(value: Any) -> Any:
    """The value itself: numbers are written as they are."""
    return value


read_output_activation = partial(read_mixture, table=ACTIVATIONS, noun="activation")
read_initializer = partial(read_choice, table=INITIALIZERS, noun="initializer")
read_optimizer = partial(read_choice, table=OPTIMIZERS, noun="optimizer")
read_schedule = partial(read_choice, table=SCHEDULES, noun="schedule")
read_stopping = partial(read_combination, table=STOPPINGS, noun="stopping rule")
read_loss = partial(read_choice, table=LOSSES, noun="loss")
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
    "batch_size": Axis("batch_size", read_count, unchanged, 32, in_training=True),
    "epochs": Axis("epochs", read_count, unchanged, 30, in_training=True),
    "training_examples": Axis(
        "training_examples",
        read_training_examples,
        write_training_examples,
        "all",
        in_training=True,
        is_optional=True,
    ),
    "preprocess": Axis("preprocess", read_preprocess, write_preprocess, AUTO, is_optional=True),
    # A single loss is stored among the training settings.
    "loss": Axis("loss", read_loss, write_choice, "half_squared_error", in_training=True, is_optional=True),
    "label_noise": Axis("label_noise", read_label_noise, unchanged, 0, in_training=True, is_optional=True),
}
