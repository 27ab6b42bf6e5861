"""Checking a filter before it is asked: that its names exist, and that numbers, texts and flags meet their like.

So every filter that passes is answered, and alike by every database.
"""

import difflib
import math
from collections.abc import Iterable, Iterator

from fitgap.runner.errors import FilterError
from fitgap.runner.store.filter import syntax_tree
from fitgap.runner.store.filter.namespace import Known, ValueKind, advice, known_names

# Columns count in arithmetic as if nearer to 0 than 10^-75 were 0 and beyond 10^75 were 10^75, so that no product of a
# few of them leaves the range of doubles: that is an error in PostgreSQL.
COLUMN_REACH = 75
SMALL_REACH = 10
LARGEST_REACH, SMALLEST_REACH = 305, -300
# A difference of two doubles can be so many times smaller than they are, as a power of ten.
DIGITS = 17
LONGEST_SHOWN = 40

# Powers of ten between which the size of a number lies, unless it is 0.
Reach = tuple[float, float]


def check(condition: syntax_tree.Condition) -> None:
    """FilterError for a condition that means nothing."""
    match condition:
        case syntax_tree.All(_, conditions) | syntax_tree.Either(_, conditions):
            for each in conditions:
                check(each)
        case syntax_tree.Not(_, inner):
            check(inner)
        case syntax_tree.Name():
            if kind_of(condition) is not ValueKind.FLAG:
                raise condition.place.error(f"expected a comparison, such as {condition.name} == {example(condition)}")
        case syntax_tree.Comparison() | syntax_tree.Membership() | syntax_tree.Like() | syntax_tree.IsNull():
            check_test(condition)


def example(name: syntax_tree.Name) -> str:
    return "0.5" if kind_of(name) is ValueKind.NUMBER else "'…'"


def check_test(test: syntax_tree.Test) -> None:
    """FilterError for a test whose operands do not go together."""
    check_collections(test)
    match test:
        case syntax_tree.Comparison(_, operands, signs):
            check_alike(operands)
            if kind_of(operands[0]) is ValueKind.FLAG:
                check_flags(operands, signs)
            if "==" in signs:
                check_choices(operands)
        case syntax_tree.Membership(_, operand, choices):
            check_alike((operand, *choices))
            check_choices((operand, *choices))
        case syntax_tree.Like(_, operand, _):
            if kind_of(operand) is not ValueKind.TEXT:
                raise operand.place.error(f"{shown(operand)} is {kind_of(operand).value}; only text is like a pattern")
        case syntax_tree.IsNull(_, operand):
            kind_of(operand)


def check_collections(test: syntax_tree.Test) -> None:
    """FilterError for two names that have several values each, and not the same ones."""
    several = [name for name in names_in(test) if known(name).several is not None]
    for name in several[1:]:
        if known(name).several is not known(several[0]).several:
            raise name.place.error(
                f"{several[0].name!r} and {name.name!r} may both have several values; compare each with a constant"
            )


def names_in(part: syntax_tree.Operand | syntax_tree.Test) -> Iterator[syntax_tree.Name]:
    """The names in an operand or a test, in the order they are written."""
    match part:
        case syntax_tree.Name():
            yield part
        case syntax_tree.Negative(_, inner) | syntax_tree.Absolute(_, inner) | syntax_tree.IsNull(_, inner):
            yield from names_in(inner)
        case syntax_tree.Like(_, inner, _) | syntax_tree.Membership(_, inner, _):
            yield from names_in(inner)
        case syntax_tree.Arithmetic(_, _, left, right):
            yield from names_in(left)
            yield from names_in(right)
        case syntax_tree.Comparison(_, operands, _):
            for each in operands:
                yield from names_in(each)


def known(name: syntax_tree.Name) -> Known:
    """What a name stands for; FilterError with the nearest where there is none such."""
    found = known_names().get(name.name)
    if found is None:
        quotes = "" if "." in name.name else f"; a text stands in quotes: '{name.name}'"
        raise name.place.error(f"there is no column or setting {name.name!r}{quotes}; {advice(name.name)}")
    return found


def kind_of(operand: syntax_tree.Operand) -> ValueKind:
    """What the values of an operand are; FilterError for arithmetic with what is no number."""
    match operand:
        case syntax_tree.Name():
            return known(operand).kind
        case syntax_tree.Text():
            return ValueKind.TEXT
        case syntax_tree.Flag():
            return ValueKind.FLAG
        case syntax_tree.Negative() | syntax_tree.Absolute() | syntax_tree.Arithmetic():
            reach_of(operand)
    return ValueKind.NUMBER


def reach_of(operand: syntax_tree.Operand) -> Reach:
    """How large and how small the numbers of an operand can be; FilterError where that is too large or too small."""
    match operand:
        case syntax_tree.Number(_, value):
            size = math.log10(abs(value)) if value else 0.0
            found = size, size
        case syntax_tree.Negative(_, inner) | syntax_tree.Absolute(_, inner):
            return reach_of(inner)
        case syntax_tree.Arithmetic(_, sign, left, right):
            found = combined_reach(sign, reach_of(left), reach_of(right))
        case syntax_tree.Name() if known(operand).kind is ValueKind.NUMBER:
            found = (0, SMALL_REACH) if known(operand).is_small else (-COLUMN_REACH, COLUMN_REACH)
        case _:
            raise operand.place.error(
                f"{shown(operand)} is {kind_of(operand).value}; only numbers can be calculated with"
            )
    if found[0] < SMALLEST_REACH or found[1] > LARGEST_REACH:
        raise operand.place.error(
            "the numbers in this could become too large or too small; write it with fewer products"
        )
    return found


def combined_reach(sign: str, left: Reach, right: Reach) -> Reach:
    if sign == "*":
        return left[0] + right[0], left[1] + right[1]
    if sign == "/":
        return left[0] - right[1], left[1] - right[0]
    return min(left[0], right[0]) - DIGITS, max(left[1], right[1]) + 1


def check_alike(operands: Iterable[syntax_tree.Operand]) -> None:
    """FilterError for operands that are not of the same kind."""
    first, *others = operands
    for other in others:
        one, two = kind_of(first), kind_of(other)
        if one is not two:
            raise other.place.error(
                f"{shown(first)} is {one.value}, but {shown(other)} is {two.value}{quoted_advice(first, other)}"
            )


def quoted_advice(first: syntax_tree.Operand, other: syntax_tree.Operand) -> str:
    """Advice for a text that was written without quotes, or a number that has some."""
    if isinstance(other, syntax_tree.Number | syntax_tree.Name) and kind_of(first) is ValueKind.TEXT:
        return f"; write '{other.place.text}'"
    if isinstance(other, syntax_tree.Text) and kind_of(first) is ValueKind.NUMBER and is_number(other.value):
        return f"; write {other.value}"
    return ""


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def check_flags(operands: tuple[syntax_tree.Operand, ...], signs: tuple[str, ...]) -> None:
    """FilterError for flags that are held against anything but `true` or `false`."""
    if (
        signs != ("==",)
        or not isinstance(operands[1], syntax_tree.Flag)
        or not isinstance(operands[0], syntax_tree.Name)
    ):
        raise (
            operands[0]
            .place.to(operands[-1].place)
            .error(f"{shown(operands[0])} is true or false; write it alone, with `not`, or `== false`")
        )


def check_choices(operands: Iterable[syntax_tree.Operand]) -> None:
    """FilterError for a text that the name beside it can never be."""
    operands = list(operands)
    for name in (each for each in operands if isinstance(each, syntax_tree.Name)):
        for text in (each for each in operands if isinstance(each, syntax_tree.Text)):
            check_choice(name, text)


def check_choice(name: syntax_tree.Name, text: syntax_tree.Text) -> None:
    choices, value = known(name).choices, text.value
    if value in known(name).headlines:
        raise text.place.error(
            f"{name.name} is never {value!r} alone, but has its parameters; write {name.name}.name == '{value}', "
            f"or {name.name} like '{value}*'"
        )
    if choices and value not in choices:
        close = difflib.get_close_matches(value, choices, n=1)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise text.place.error(f"{name.name} is never {shortened(value)!r}; {hint}known: {', '.join(choices)}")


def shown(operand: syntax_tree.Operand) -> str:
    """An operand as messages show it: as it is written, on one line and not too long."""
    return shortened(operand.place.text)


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


__all__ = ["FilterError", "check", "names_in"]
