"""Configurations: one combination of alternatives each, with everything that training needs except data and repeat."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

from fitgap.core.activations import ACTIVATIONS
from fitgap.core.initializers import INITIALIZERS
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
        """The name and all settings, as plain data."""
        return {"name": self.name, **self.variant.settings()}

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


@dataclass(frozen=True)
class Configuration:
    """One combination of alternatives; its hash identifies it within a sweep.

    `activation` holds, for each hidden layer, the functions among which its units are divided. Its last entry also
    applies to all further layers.
    """

    architecture: tuple[int, ...]
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

    def canonical(self) -> dict[str, Any]:
        """All settings as plain data; equal configurations give equal data."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_canonical(cls, stored: Mapping[str, Any]) -> Self:
        """The configuration whose canonical form is `stored`. Raises SpecError if this version cannot represent it."""
        settings = {name: restored(TABLES.get(name), value) for name, value in stored.items()}
        return cls(**{**settings, "architecture": tuple(stored["architecture"])})

    @cached_property
    def hash(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the canonical form."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def architecture_label(self) -> str:
        """The hidden layers in shorthand: `64-32` or `none`."""
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
        """The functions of layer 1, 2, …, where the output layer follows the hidden layers."""
        if layer > len(self.architecture):
            return self.output_activation
        return self.activation[min(layer, len(self.activation)) - 1]


def combination_label(choices: tuple[Choice, ...]) -> str:
    """A combination of choices in shorthand: `relu+silu`, or `none`."""
    return "+".join(choice.label for choice in choices) or "none"


def layers_label(layers: Sequence[tuple[Choice, ...]]) -> str:
    """The functions of several layers in shorthand: `relu/silu`."""
    return "/".join(map(combination_label, layers))


def architecture_label(architecture: tuple[int, ...]) -> str:
    """Hidden layers in shorthand: `64-32` or `none`."""
    return "-".join(map(str, architecture)) or "none"


def plain(value: Any) -> Any:
    """A setting of a configuration as plain data."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value.canonical() if isinstance(value, Choice) else value


def restored(table: Mapping[str, type[Variant]] | None, value: Any) -> Any:
    """A setting of a configuration from its plain data; `table` is None if the setting is not a choice."""
    if table is None:
        return value
    if isinstance(value, list):
        return tuple(restored(table, item) for item in value)
    return Choice.from_canonical(value, table)
