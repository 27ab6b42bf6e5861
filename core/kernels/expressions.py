"""Formulas of compiled passes: expressions over the numbers at one position of the operands.

`+`, `-`, `*`, `/` and the functions below build an expression instead of computing. Each operation is rounded once, to
the type of the operands, as in NumPy. So a formula must have the same order of operations as its NumPy counterpart.
"""

from dataclasses import dataclass
from typing import Union

Term = Union["Expression", float]


class Expression:
    """A number that a pass reads or computes."""

    def __add__(self, other: Term) -> "Expression":
        return Operation("add", (self, expression(other)))

    def __radd__(self, other: Term) -> "Expression":
        return Operation("add", (expression(other), self))

    def __sub__(self, other: Term) -> "Expression":
        return Operation("subtract", (self, expression(other)))

    def __rsub__(self, other: Term) -> "Expression":
        return Operation("subtract", (expression(other), self))

    def __mul__(self, other: Term) -> "Expression":
        return Operation("multiply", (self, expression(other)))

    def __rmul__(self, other: Term) -> "Expression":
        return Operation("multiply", (expression(other), self))

    def __truediv__(self, other: Term) -> "Expression":
        return Operation("divide", (self, expression(other)))

    def __rtruediv__(self, other: Term) -> "Expression":
        return Operation("divide", (expression(other), self))

    def __neg__(self) -> "Expression":
        return Operation("negate", (self,))


@dataclass(frozen=True, eq=False)
class Operand(Expression):
    """The value of an operand at the current position."""

    name: str


@dataclass(frozen=True, eq=False)
class Constant(Expression):
    """A number that is the same everywhere, rounded to the type of the operands."""

    value: float


@dataclass(frozen=True, eq=False)
class Operation(Expression):
    """The result of an operation; `kind` is a name in `machine_code.OPERATIONS`."""

    kind: str
    terms: tuple[Expression, ...]


@dataclass(frozen=True, eq=False)
class Choice(Expression):
    """`chosen` where `left` is greater than `right` (or at least as large, with `or_equal`), else `otherwise`.

    A comparison with NaN is false.
    """

    left: Expression
    right: Expression
    chosen: Expression
    otherwise: Expression
    or_equal: bool = False


def expression(term: Term) -> Expression:
    """The term itself, or a constant."""
    return term if isinstance(term, Expression) else Constant(term)


def square_root(term: Term) -> Expression:
    return Operation("square_root", (expression(term),))


def magnitude(term: Term) -> Expression:
    """|x|."""
    return Operation("magnitude", (expression(term),))


def where_greater(left: Term, right: Term, chosen: Term, otherwise: Term) -> Expression:
    """`chosen` where left > right, else `otherwise`."""
    return Choice(expression(left), expression(right), expression(chosen), expression(otherwise))


def where_at_least(left: Term, right: Term, chosen: Term, otherwise: Term) -> Expression:
    """`chosen` where left ≥ right, else `otherwise`."""
    return Choice(expression(left), expression(right), expression(chosen), expression(otherwise), or_equal=True)


def positive_part(term: Term) -> Expression:
    """max(x, 0), and NaN for NaN: what `np.maximum(x, 0)` gives."""
    return where_at_least(0.0, term, 0.0, term)


def negative_part(term: Term) -> Expression:
    """min(x, 0), and NaN for NaN: what `np.minimum(x, 0)` gives."""
    return where_at_least(term, 0.0, 0.0, term)


def sign(term: Term) -> Expression:
    """−1, 0 or 1, and NaN for NaN: what `np.sign` gives."""
    # Used for ±0, which becomes +0, and for NaN, which stays NaN.
    zero_or_nan = where_at_least(term, 0.0, 0.0, term)
    return where_greater(term, 0.0, 1.0, where_greater(0.0, term, -1.0, zero_or_nan))
