"""The tree of a filter: what its text means, before any name in it is looked up.

An operand is a number, a text or a flag. A condition holds, does not hold, or is unknown since something in it is null.
"""

from dataclasses import dataclass
from typing import TypeAlias

from fitgap.runner.store.filter.lexer import Place


@dataclass(frozen=True)
class FilterNode:
    """Base of all nodes: where it stands."""

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
class Arithmetic(FilterNode):
    """Two operands joined by `+`, `-`, `*` or `/`."""

    sign: str
    left: "Operand"
    right: "Operand"


@dataclass(frozen=True)
class Comparison(FilterNode):
    """Operands with a sign between each and the next: `0.01 < e_v <= 0.02`."""

    operands: "tuple[Operand, ...]"
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Membership(FilterNode):
    """Whether an operand is among some constants."""

    operand: "Operand"
    choices: "tuple[Operand, ...]"


@dataclass(frozen=True)
class Like(FilterNode):
    """Whether text is as a pattern says, in which `*` is any text and `?` any character."""

    operand: "Operand"
    pattern: str


@dataclass(frozen=True)
class IsNull(FilterNode):
    """Whether an operand has no value; never unknown."""

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


Operand: TypeAlias = Number | Text | Flag | Name | Negative | Absolute | Arithmetic
Test: TypeAlias = Comparison | Membership | Like | IsNull
# A name stands for a condition where it is a flag, such as `regularizer.biases`.
Condition: TypeAlias = Test | Name | Not | All | Either
