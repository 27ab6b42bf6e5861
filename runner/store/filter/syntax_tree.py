"""Nodes of the syntax tree of a filter, before its names are looked up.

An operand is a number, a text or a flag. A condition is true, false, or unknown because a value in it is null.
"""

from dataclasses import dataclass
from typing import TypeAlias

from fitgap.runner.store.filter.lexer import Place


@dataclass(frozen=True)
class FilterNode:
    """Base of all nodes, with their position in the filter."""

    place: Place


@dataclass(frozen=True)
class Number(FilterNode):
    value: float


@dataclass(frozen=True)
class Text(FilterNode):
    value: str


@dataclass(frozen=True)
class Flag(FilterNode):
    value: bool


@dataclass(frozen=True)
class Name(FilterNode):
    """A column or a setting, such as `e_v` or `optimizer.rate`."""

    name: str


@dataclass(frozen=True)
class Negative(FilterNode):
    operand: "Operand"


@dataclass(frozen=True)
class Absolute(FilterNode):
    operand: "Operand"


@dataclass(frozen=True)
class EpochsTo(FilterNode):
    """The first epoch of a trial in which a measure is below or above a number: `epochs_to(e_v < 0.15)`."""

    measure: str
    sign: str
    value: float


@dataclass(frozen=True)
class OfClass(FilterNode):
    """A measure of the class with a number: `recall_v.setosa`."""

    measure: str
    number: int


@dataclass(frozen=True)
class Arithmetic(FilterNode):
    """Two operands joined by `+`, `-`, `*` or `/`."""

    sign: str
    left: "Operand"
    right: "Operand"


@dataclass(frozen=True)
class Comparison(FilterNode):
    """A chain of operands with signs between them: `0.01 < e_v <= 0.02`."""

    operands: "tuple[Operand, ...]"
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Membership(FilterNode):
    """Whether an operand equals one of several constants."""

    operand: "Operand"
    choices: "tuple[Operand, ...]"


@dataclass(frozen=True)
class Like(FilterNode):
    """Whether text matches a pattern, in which `*` is any text and `?` any character."""

    operand: "Operand"
    pattern: str


@dataclass(frozen=True)
class IsNull(FilterNode):
    """Whether an operand is null; never unknown."""

    operand: "Operand"


@dataclass(frozen=True)
class Not(FilterNode):
    condition: "Condition"


@dataclass(frozen=True)
class All(FilterNode):
    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Either(FilterNode):
    """Whether at least one condition holds."""

    conditions: "tuple[Condition, ...]"


Operand: TypeAlias = Number | Text | Flag | Name | Negative | Absolute | EpochsTo | OfClass | Arithmetic
Test: TypeAlias = Comparison | Membership | Like | IsNull
# A name is a condition if it is a flag, such as `regularizer.biases`.
Condition: TypeAlias = Test | Name | Not | All | Either
