"""Variants: the named choices for a setting (activation, optimizer, …) with their parameters.

A variant is a frozen dataclass whose fields are created with `parameter`. A table for each setting maps names to such
classes. The sweep file, the flags and `fitgap list` take names, defaults and domains from there, so a new variant is
added in one place.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

REQUIRED: Any = dataclasses.MISSING


class ParameterError(ValueError):
    """A parameter of a variant is unknown, missing or outside its domain.

    `parameter` is its name, `rule` the condition that was violated, `value` the value received.
    """

    def __init__(self, parameter: str, rule: str, value: object = None):
        super().__init__(f"{parameter}: {rule}")
        self.parameter = parameter
        self.rule = rule
        self.value = value


@dataclasses.dataclass(frozen=True)
class Domain:
    """The values that a parameter may take: an interval of numbers, a list of words, or true and false."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    choices: tuple[str, ...] = ()
    whole: bool = False
    flag: bool = False

    def describe(self) -> str:
        """The rule in words, such as `a number, at least 0, below 1`."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.flag:
            return "true or false"
        bounds = [
            f"{word} {bound:g}"
            for word, bound in (
                ("above", self.above),
                ("at least", self.at_least),
                ("below", self.below),
                ("at most", self.at_most),
            )
            if bound is not None
        ]
        return ", ".join(["a whole number" if self.whole else "a number", *bounds])

    def accept(self, value: object) -> Any:
        """`value` converted to the parameter's type; ValueError if it is outside the domain."""
        if self.choices:
            if value not in self.choices:
                raise ValueError(self.describe())
            return value
        if self.flag:
            return read_flag(value, self.describe())
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(self.describe())
        if not self.holds(value) or (self.whole and value != int(value)):
            raise ValueError(self.describe())
        # Members train in float32 by default, which rounds 1 − 1e-9 to 1 and 1e-46 to 0.
        with np.errstate(over="ignore"):
            rounded = float(np.float32(value))
        if not math.isfinite(rounded) or not self.holds(rounded):
            raise ValueError(f"{self.describe()}, also when rounded to float32")
        return int(value) if self.whole else float(value)

    def holds(self, value: float) -> bool:
        """Whether a number is within the bounds."""
        return (
            (self.above is None or value > self.above)
            and (self.at_least is None or value >= self.at_least)
            and (self.below is None or value < self.below)
            and (self.at_most is None or value <= self.at_most)
        )


def parameter(
    default: Any = REQUIRED, *, headline: bool = False, description: str = "", later: bool = False, **domain: Any
) -> Any:
    """A field of a variant. `domain` holds the arguments of `Domain`.

    A headline parameter is always part of the variant's label; any other only if it differs from its default. A
    parameter added `later` than its variant is not stored if it has its default, so that hashes from earlier versions
    stay valid.
    """
    metadata = {"domain": Domain(**domain), "headline": headline, "description": description, "later": later}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Variant:
    """Base of all variants: validates the parameters and provides labels and settings."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            domain, value = field.metadata["domain"], getattr(self, field.name)
            try:
                object.__setattr__(self, field.name, domain.accept(value))
            except ValueError as error:
                raise ParameterError(field.name, f"must be {error}", value) from None

    @classmethod
    def parameters(cls) -> dict[str, dataclasses.Field]:
        """The fields of this variant by name, in declaration order."""
        return {field.name: field for field in dataclasses.fields(cls)}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """The variant with these settings; defaults apply to the others.

        Raises ParameterError for an unknown name, a missing required parameter, or a value outside its domain.
        """
        known = cls.parameters()
        for name, value in settings.items():
            if name not in known:
                raise ParameterError(name, "is not a parameter here", value)
        for name, field in known.items():
            if field.default is REQUIRED and name not in settings:
                raise ParameterError(name, "must be given")
        return cls(**settings)

    def settings(self) -> dict[str, Any]:
        """All parameters with their values, as plain data."""
        return dataclasses.asdict(self)

    def stored_settings(self) -> dict[str, Any]:
        """The same without parameters that were added later and have their defaults."""
        later = {name for name, field in self.parameters().items() if field.metadata["later"]}
        return {
            name: value
            for name, value in self.settings().items()
            if name not in later or value != self.parameters()[name].default
        }

    @classmethod
    def number_names(cls) -> tuple[str, ...]:
        """The names of the numeric parameters, in declaration order."""
        domains = {name: field.metadata["domain"] for name, field in cls.parameters().items()}
        return tuple(name for name, domain in domains.items() if not domain.choices and not domain.flag)

    def kind(self) -> tuple[Any, ...]:
        """The class and all non-numeric parameters; variants of equal kind can be computed together."""
        numbers = self.number_names()
        return (type(self).__name__, *(getattr(self, name) for name in self.parameters() if name not in numbers))

    def label(self, name: str) -> str:
        """The shorthand of this variant: `name`, its headline parameters and those that differ from their defaults."""
        shown = [
            f"{field.name}={format_number(getattr(self, field.name))}"
            for field in dataclasses.fields(self)
            if field.metadata["headline"] or getattr(self, field.name) != field.default
        ]
        return f"{name}:{','.join(shown)}" if shown else name


def read_flag(value: object, rule: str) -> bool:
    """A boolean, also from the words "true" and "false" as used in shorthand."""
    known = {True: True, False: False, "true": True, "false": False}
    if not isinstance(value, (bool, str)) or value not in known:
        raise ValueError(rule)
    return known[value]


def format_number(value: Any) -> str:
    """The shortest text that reads back as the same value: `0.001`, `2`, `1e-05`, `true`."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
