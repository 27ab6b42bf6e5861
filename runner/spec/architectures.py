"""Architectures: the hidden layers of a network, written in shorthand or as mappings.

A dense layer is given by its number of units, any other by a choice from the table `fitgap.core.layers.LAYERS`.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from fitgap.core.layers import LAYERS
from fitgap.core.layers.dense import Dense
from fitgap.core.layers.layer import Layer
from fitgap.core.layers.normalization import Normalization
from fitgap.core.layers.recurrent import Recurrent
from fitgap.core.layers.residual import Residual
from fitgap.core.layers.shorthand import layer_parts, separated
from fitgap.core.variants import REQUIRED
from fitgap.runner.amounts import counted
from fitgap.runner.errors import SpecError, nearest
from fitgap.runner.spec.choices import build, read_choice
from fitgap.runner.spec.configuration import Choice, Configuration, HiddenLayer
from fitgap.runner.spec.lazy_values import Alternatives, listed
from fitgap.runner.spec.shorthand import parse_settings
from fitgap.runner.spec.validation import SpecNode, is_number, shortened, shown

WIDEST_LAYER = 100_000
MOST_DIGITS = 12
# A layer normalization needs at least two values.
NARROWEST_NORMALIZED = 2
NUMBERED = re.compile(r"layer_[0-9]+")
# Such as `conv8x3:stride=2`: a name, numbers for the headline parameters, and further settings.
TOKEN = re.compile(r"(?P<name>[a-z]+)(?P<numbers>[0-9]{1,9}(?:x[0-9]{1,9})*)?(?::(?P<settings>.*))?")


def has_named_layers(value: Any) -> bool:
    """Whether an alternative of the architecture names layers that are not dense."""
    if isinstance(value, dict):
        return any(name in LAYERS or NUMBERED.fullmatch(str(name)) for name in value)
    return isinstance(value, str) and any(name_of(part) in LAYERS for part in layer_parts(value))


def check_layers_without_ranges(node: SpecNode) -> None:
    """Raise SpecError for `gru4..16` or `gru:units=4..16`: only mappings of layers may have ranges."""
    if not isinstance(node.value, str) or ".." not in node.value:
        return
    for part in layer_parts(node.value):
        name = name_of(part.strip())
        if name in LAYERS and ".." in part:
            setting, field = next(iter(LAYERS[name].parameters().items()))
            example = "4..16:log:3" if field.metadata["domain"].whole else "1e-5..0.1:log:3"
            rule = f"a layer in shorthand has no ranges, but {shown(node.value)} has one"
            advice = f"in the sweep file, write {{{name}: {{{setting}: {example}}}}} under axes: architecture"
            raise SpecError(f"{rule}; {advice}, or list the alternatives one by one", node.path)


def name_of(part: str) -> str:
    """The letters at the start of a layer in shorthand."""
    return part[: len(part) - len(part.lstrip("abcdefghijklmnopqrstuvwxyz"))]


def layer_nodes(node: SpecNode) -> list[SpecNode]:
    """The nodes of the layers in `conv8x3-pool2-32`, `res(32-32)`, `{conv: {channels: 8}}`, or
    `{layer_1: conv8x3, layer_2: 32}`.
    """
    if isinstance(node.value, str):
        try:
            return [SpecNode(part, node.path) for part in separated(node.value)]
        except ValueError as error:
            rule = f"must be layers such as res(conv8x3-conv8x3)-32, but in {shown(node.value)} {error}"
            raise SpecError(other_parentheses(node.value) or rule, node.path) from None
    if any(name in LAYERS for name in node.value):
        return [node]
    expected = [f"layer_{number}" for number in range(1, len(node.value) + 1)]
    if list(node.value) != expected:
        raise SpecError(f"layers must be written in order, as {', '.join(expected)}", node.path)
    return [node.child(key) for key in expected]


def other_parentheses(text: str) -> str | None:
    """The message if something other than `res`, which alone may have parentheses, has them; None if nothing does."""
    found = re.search(r"(?<![a-z0-9_])(?![a-z0-9_]*res\()([a-z0-9_]*)\(([^()]*)\)?", text)
    if not found:
        return None
    before = f"after {shortened(found[1])}" if found[1] else "without res"
    inside = shortened(found[2]) or "…"
    return f"only res has parentheses, but {shown(text)} has some {before}; did you mean res({inside})?"


def read_layer(node: SpecNode) -> Alternatives:
    """One layer: a number of units, shorthand, or a mapping of its name to its settings."""
    if isinstance(node.value, dict):
        return read_choice(node, LAYERS, "layer")
    if is_number(node.value):
        return listed([node.whole_number(1, WIDEST_LAYER)])
    if isinstance(node.value, str) and node.value.isdecimal():
        return listed([written_width(node)])
    return listed([read_token(node)])


def written_width(node: SpecNode) -> int:
    """The number of units of a dense layer, from any number of digits. Raises SpecError if it is out of bounds."""
    if len(node.value) > MOST_DIGITS:
        raise node.wrong(f"must be a whole number, at least 1, at most {WIDEST_LAYER}")
    return SpecNode(int(node.value), node.path).whole_number(1, WIDEST_LAYER)


def read_token(node: SpecNode) -> Choice:
    """A layer in shorthand. Raises SpecError."""
    found = TOKEN.fullmatch(node.value) if isinstance(node.value, str) else None
    if not found or found["name"] not in LAYERS:
        name = found["name"] if found else str(node.value)
        rule = f"must be layers such as conv8x3-pool2-32 or gru16, but {shown(node.value)} is not one"
        raise SpecError(f"{rule}; {nearest(name, LAYERS)}", node.path)
    kind = LAYERS[found["name"]]
    headline = [name for name, field in kind.parameters().items() if field.metadata["headline"]]
    numbers = [int(number) for number in (found["numbers"] or "").split("x") if number]
    if len(numbers) > len(headline):
        rule = f"{shown(node.value)} has {counted(len(numbers), 'number')}"
        advice = f"write {found['name']}{'x'.join(map(str, numbers[: len(headline)]))}"
        raise SpecError(f"{rule}, but {found['name']} has {', '.join(headline) or 'none'}; {advice}", node.path)
    try:
        settings = dict(zip(headline, numbers, strict=False)) | parse_settings(found["settings"] or "")
    except SpecError as error:
        raise SpecError(error.message, node.path) from None
    if kind is Residual and not settings.get("layers"):
        raise SpecError("res needs the layers that it bypasses, such as res(32-32)", node.path)
    return complete(found["name"], settings, node)


def complete(name: str, settings: dict[str, Any], node: SpecNode) -> Choice:
    """The layer with these settings. Raises SpecError if one is missing, unknown or outside its domain."""
    known = LAYERS[name].parameters()
    unknown = sorted(settings.keys() - known.keys())
    if unknown:
        raise SpecError(f"{name} has no {shown(unknown[0])}; {nearest(unknown[0], known)}", node.path)
    for key, field in known.items():
        if key not in settings and field.default is REQUIRED:
            raise SpecError(f"{key} must be given: {field.metadata['domain'].describe()}", node.path)
    return build(name, LAYERS[name], settings, node)


def layer_of(hidden: HiddenLayer) -> Layer:
    """The corresponding layer of `fitgap.core`."""
    return hidden.variant if isinstance(hidden, Choice) else Dense(hidden)


def is_dense(architecture: Sequence[HiddenLayer]) -> bool:
    """Whether all hidden layers are dense."""
    return not any(isinstance(each, Choice) for each in architecture)


def has_recurrent_layers(architecture: Sequence[HiddenLayer]) -> bool:
    """Whether a hidden layer is recurrent."""
    return any(isinstance(each, Choice) and isinstance(each.variant, Recurrent) for each in architecture)


def has_normalization(architecture: Sequence[HiddenLayer]) -> bool:
    """Whether a hidden layer is a layer normalization."""
    return any(isinstance(each, Choice) and isinstance(each.variant, Normalization) for each in architecture)


def widths(architecture: Sequence[HiddenLayer]) -> tuple[int, ...]:
    """The numbers of units or channels of the hidden layers that have any."""
    return tuple(
        each.variant.width if isinstance(each, Choice) else each
        for each in architecture
        if not isinstance(each, Choice) or each.variant.has_units
    )


def size(architecture: Sequence[HiddenLayer]) -> int:
    """The total number of weights between hidden layers and units or channels in them: enough to order networks by
    size.
    """
    found = widths(architecture)
    return sum(found) + sum(one * other for one, other in itertools.pairwise(found))


def layer_names(architecture: Sequence[HiddenLayer]) -> tuple[str, ...]:
    """The names of the hidden layers that have units, such as `conv8x3` and `dense 32`; none if all are dense."""
    if is_dense(architecture):
        return ()
    return tuple(
        each.label if isinstance(each, Choice) else f"dense {each}" for each in architecture if layer_of(each).has_units
    )


def with_widths(configuration: Configuration, change: Callable[[int], int]) -> Configuration:
    """The configuration with the numbers of units or channels of all hidden layers changed.

    It is returned unchanged if a residual connection adds to the inputs of the network, which fixes the width.
    """
    architecture = configuration.architecture
    if adds_inputs(architecture):
        return configuration
    narrowest = NARROWEST_NORMALIZED if has_normalization(architecture) else 1

    def changed(width: int) -> int:
        return max(narrowest, change(width))

    return replace(configuration, architecture=tuple(with_width(each, changed) for each in architecture))


def adds_inputs(architecture: Sequence[HiddenLayer]) -> bool:
    """Whether a residual connection starts before any layer with units, so that it has the width of the inputs."""
    layers = [layer_of(each) for each in architecture]
    starts = [number - layer.goes_around for number, layer in enumerate(layers) if layer.goes_around]
    return any(not any(layer.has_units for layer in layers[:start]) for start in starts)


def with_width(hidden: HiddenLayer, change: Callable[[int], int]) -> HiddenLayer:
    if not isinstance(hidden, Choice):
        return change(hidden)
    if not hidden.variant.has_units:
        return hidden
    return Choice(hidden.name, hidden.variant.with_width(change(hidden.variant.width)))


def have_same_layers(one: Sequence[HiddenLayer], other: Sequence[HiddenLayer]) -> bool:
    """Whether two architectures differ at most in the numbers of units and channels."""
    first, second = (tuple(with_width(each, lambda width: 1) for each in layers) for layers in (one, other))
    return first == second
