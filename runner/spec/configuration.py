"""Configurations: one combination of alternatives each, with everything that training needs except data and repeat."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import Any, Self

from fitgap.core.activations import ACTIVATIONS, Sigmoid, Tanh
from fitgap.core.initializers import INITIALIZERS
from fitgap.core.layers import LAYERS
from fitgap.core.layers.shorthand import joined
from fitgap.core.losses import LOSSES
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.regularizers import REGULARIZERS
from fitgap.core.schedules import SCHEDULES
from fitgap.core.stopping import STOPPINGS
from fitgap.core.variants import ParameterError, Variant
from fitgap.runner.errors import SpecError, nearest

TABLES: dict[str, Mapping[str, type[Variant]]] = {
    "activation": ACTIVATIONS,
    "output_activation": ACTIVATIONS,
    "initializer": INITIALIZERS,
    "schedule": SCHEDULES,
    "stopping": STOPPINGS,
    "regularizers": REGULARIZERS,
    "optimizer": OPTIMIZERS,
    "loss": LOSSES,
}
# Later settings, which hashes leave out at these defaults.
LATER_DEFAULTS: dict[str, Any] = {"training_examples": None, "label_noise": 0.0, "preprocess": None}


@dataclass(frozen=True)
class Choice:
    """One variant of a table, with its name in the table."""

    name: str
    variant: Any

    @property
    def label(self) -> str:
        """The shorthand of this choice, such as `adam:rate=0.001`."""
        return self.variant.label(self.name)

    def canonical(self) -> dict[str, Any]:
        """The name and the settings, as plain data."""
        return {"name": self.name, **self.variant.stored_settings()}

    @classmethod
    def from_canonical(cls, stored: Mapping[str, Any], table: Mapping[str, type[Variant]]) -> Self:
        """The choice whose canonical form is `stored`. Raises SpecError if this version has no such variant."""
        settings = dict(stored)
        name = settings.pop("name")
        if name not in table:
            raise SpecError(f"the stored variant {name!r} does not exist in this version; {nearest(name, table)}")
        try:
            return cls(name, table[name].from_settings(settings))
        except ParameterError as error:
            raise SpecError(f"the stored variant {name!r} does not fit this version: {error}") from None


# A cache of restored choices: the configurations of a sweep share most of them, and checking one is slow.
KNOWN_CHOICES: dict[tuple[str, str], Choice] = {}
MOST_CHOICES = 10_000
# A hidden layer: the number of units of a dense one, or a choice of another kind.
HiddenLayer = int | Choice
RESTORED_FROM = {**TABLES, "architecture": LAYERS}


@dataclass(frozen=True)
class Configuration:
    """One combination of alternatives; its hash identifies it within a sweep.

    `activation` holds, for each hidden layer that has any, the functions among which its units are divided. Its last
    entry also applies to all further layers.
    """

    architecture: tuple[HiddenLayer, ...]
    activation: tuple[tuple[Choice, ...], ...]
    output_activation: tuple[Choice, ...]
    initializer: Choice
    regularizers: tuple[Choice, ...]
    optimizer: Choice
    schedule: Choice
    stopping: tuple[Choice, ...]
    loss: Choice
    batch_size: int
    epochs: int
    dtype: str
    # A count (int) or a share (float) of the training examples of a repeat; None for all.
    training_examples: float | int | None = None
    label_noise: float = 0.0
    # The scaling of the inputs; None for that of the sweep's data.
    preprocess: str | None = None

    def canonical(self) -> dict[str, Any]:
        """All settings as plain data; equal configurations give equal data.

        Settings added later are left out at their defaults, so that the hashes of earlier versions stay the same.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: plain(value) for name, value in values.items() if value != LATER_DEFAULTS.get(name, MISSING)}

    @classmethod
    def from_canonical(cls, stored: Mapping[str, Any]) -> Self:
        """The configuration whose canonical form is `stored`. Raises SpecError if this version cannot represent it."""
        return cls(**{name: restored(name, value) for name, value in stored.items()})

    @cached_property
    def hash(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the canonical form."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def architecture_label(self) -> str:
        """The hidden layers in shorthand: `64-32`, `conv8x3-pool2-32` or `none`."""
        return architecture_label(self.architecture)

    @property
    def activation_label(self) -> str:
        """The functions of the hidden layers in shorthand: `relu`, `relu+silu`, `relu/prelu:beta=0.05`."""
        return layers_label(self.activation)

    @property
    def regularizer_label(self) -> str:
        """The regularizers in shorthand: `l1:weight=0.0001+dropout:ratio=0.2` or `none`."""
        return combination_label(self.regularizers)

    @property
    def output_activation_label(self) -> str:
        """The functions of the output layer in shorthand."""
        return combination_label(self.output_activation)

    @property
    def stopping_label(self) -> str:
        """The stopping rules in shorthand, or `none`."""
        return combination_label(self.stopping)

    def functions(self, layer: int) -> tuple[Choice, ...]:
        """The functions of a layer, counted from 1 among the layers that have any; the output layer is last."""
        if layer > self.hidden_count:
            return self.output_activation
        return self.activation[min(layer, len(self.activation)) - 1]

    @property
    def hidden_count(self) -> int:
        """The number of hidden layers whose functions can be chosen: poolings have none, those of `gru` are fixed."""
        return hidden_count(self.architecture)

    @property
    def all_functions(self) -> tuple[tuple[Choice, ...], ...]:
        """The functions of all layers that have any, the output layer last."""
        return tuple(self.functions(layer) for layer in range(1, self.hidden_count + 2))


def combination_label(choices: tuple[Choice, ...]) -> str:
    """A combination of choices in shorthand: `relu+silu`, or `none`."""
    return "+".join(choice.label for choice in choices) or "none"


def layers_label(layers: Sequence[tuple[Choice, ...]]) -> str:
    """The functions of several layers in shorthand: `relu/silu`."""
    return "/".join(map(combination_label, layers))


def architecture_label(architecture: Sequence[HiddenLayer]) -> str:
    """Hidden layers in shorthand: `64-32`, `conv8x3-pool2-32` or `none`."""
    labels = [each.label if isinstance(each, Choice) else str(each) for each in architecture]
    around = [each.variant.goes_around if isinstance(each, Choice) else 0 for each in architecture]
    return joined(labels, around) or "none"


def hidden_count(architecture: Sequence[HiddenLayer]) -> int:
    """The number of hidden layers whose activation functions a configuration chooses."""
    return sum(not isinstance(each, Choice) or each.variant.has_functions for each in architecture)


def fixed_functions(architecture: Sequence[HiddenLayer]) -> tuple[tuple[Choice, ...], ...]:
    """The functions of the layers in which they are fixed, such as the gates of `gru`."""
    kinds = [each.variant for each in architecture if isinstance(each, Choice)]
    fixed = (Choice("sigmoid", Sigmoid()), Choice("tanh", Tanh()))
    return tuple(fixed for kind in kinds if kind.has_units and not kind.has_functions)


def plain(value: Any) -> Any:
    """A setting of a configuration as plain data."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value.canonical() if isinstance(value, Choice) else value


def restored(name: str, value: Any) -> Any:
    """The setting of this name from its plain data: choices, numbers such as the units of dense layers, or both."""
    if name not in RESTORED_FROM or isinstance(value, int):
        return value
    if isinstance(value, list):
        return tuple(restored(name, item) for item in value)
    # As text, because 1, 1.0 and True are equal, but not the same settings.
    key = name, repr(value)
    if key not in KNOWN_CHOICES:
        if len(KNOWN_CHOICES) >= MOST_CHOICES:
            KNOWN_CHOICES.clear()
        KNOWN_CHOICES[key] = Choice.from_canonical(value, RESTORED_FROM[name])
    return KNOWN_CHOICES[key]
