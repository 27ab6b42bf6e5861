"""Type checks of a filter before it is executed: its names exist, and operands have compatible types.

So every filter that passes can be executed, with the same result in every database.
"""

import difflib
import math
from collections.abc import Iterable, Iterator

from fitgap.runner.errors import FilterError
from fitgap.runner.store.filter import syntax_tree
from fitgap.runner.store.filter.lexer import Place
from fitgap.runner.store.filter.namespace import VARIANTS, Known, ValueKind, advice, known_names
from fitgap.runner.store.filter.shown_settings import advice_on_shown, axis_of
from fitgap.runner.store.schema import result_keys

# In arithmetic, columns are clipped to 10^75, and values smaller than 10^-75 become 0. So no product of a few columns
# leaves the range of doubles, which is an error in PostgreSQL.
COLUMN_REACH = 75
SMALL_REACH = 10
LARGEST_REACH, SMALLEST_REACH = 305, -300
# A difference of two doubles can be smaller than the doubles by this power of ten.
DIGITS = 17
LONGEST_SHOWN = 40

# The lowest and the highest power of ten of a number's magnitude, unless it is 0.
Reach = tuple[float, float]


def check(condition: syntax_tree.Condition) -> None:
    """Raise FilterError for an invalid condition."""
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
    """Raise FilterError for a test whose operands are incompatible."""
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
                raise operand.place.error(
                    f"{shown(operand)} is {kind_of(operand).value}; only text can match a pattern"
                )
            check_shown(operand, test.pattern.rstrip("*"), test.place)
        case syntax_tree.IsNull(_, operand):
            kind_of(operand)


def check_collections(test: syntax_tree.Test) -> None:
    """Raise FilterError if two names have several values each, from different lists."""
    several = [name for name in names_in(test) if known(name).several is not None]
    for name in several[1:]:
        if known(name).several is not known(several[0]).several:
            raise name.place.error(
                f"{several[0].name!r} and {name.name!r} may both have several values; compare each with a constant"
            )


def names_in(part: syntax_tree.Operand | syntax_tree.Test) -> Iterator[syntax_tree.Name]:
    """The names in an operand or a test, in written order."""
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
    """The meaning of a name; FilterError with advice if it is unknown."""
    found = known_names().get(name.name)
    if found is None:
        axis = axis_of(name.name)
        if axis:
            raise name.place.error(
                f"there is no column or setting {name.name!r}; write text in quotes: '{name.name}', "
                f"as in {axis}.name == '{name.name}'"
            )
        is_text = "." not in name.name and name.name not in result_keys.TESTED
        quotes = f"; write text in quotes: '{name.name}'" if is_text else ""
        raise name.place.error(f"there is no column or setting {name.name!r}{quotes}; {advice(name.name)}")
    return found


def kind_of(operand: syntax_tree.Operand) -> ValueKind:
    """The type of an operand; FilterError for arithmetic with anything but numbers."""
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
    """The range of magnitudes of an operand; FilterError if it may leave the range of doubles."""
    match operand:
        case syntax_tree.Number(_, value):
            size = math.log10(abs(value)) if value else 0.0
            found = size, size
        case syntax_tree.Negative(_, inner) | syntax_tree.Absolute(_, inner):
            return reach_of(inner)
        case syntax_tree.Arithmetic(_, sign, left, right):
            found = combined_reach(sign, reach_of(left), reach_of(right))
        case syntax_tree.EpochsTo():
            found = 0, SMALL_REACH
        case syntax_tree.OfClass():
            found = -SMALL_REACH, 0
        case syntax_tree.Name() if known(operand).kind is ValueKind.NUMBER:
            found = (0, SMALL_REACH) if known(operand).is_small else (-COLUMN_REACH, COLUMN_REACH)
        case _:
            raise operand.place.error(f"{shown(operand)} is {kind_of(operand).value}; arithmetic needs numbers")
    if found[0] < SMALLEST_REACH or found[1] > LARGEST_REACH:
        raise operand.place.error(
            "the numbers in this expression could become too large or too small; use fewer products"
        )
    return found


def combined_reach(sign: str, left: Reach, right: Reach) -> Reach:
    if sign == "*":
        return left[0] + right[0], left[1] + right[1]
    if sign == "/":
        return left[0] - right[1], left[1] - right[0]
    return min(left[0], right[0]) - DIGITS, max(left[1], right[1]) + 1


def check_alike(operands: Iterable[syntax_tree.Operand]) -> None:
    """Raise FilterError for operands of different types."""
    first, *others = operands
    for other in others:
        one, two = kind_of(first), kind_of(other)
        if one is not two:
            raise other.place.error(
                f"{shown(first)} is {one.value}, but {shown(other)} is {two.value}{quoted_advice(first, other)}"
            )


def quoted_advice(first: syntax_tree.Operand, other: syntax_tree.Operand) -> str:
    """Advice for text written without quotes, or a number written with quotes."""
    if (
        isinstance(other, syntax_tree.Number | syntax_tree.Name | syntax_tree.Arithmetic)
        and kind_of(first) is ValueKind.TEXT
    ):
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
    """Raise FilterError for flags that are compared with anything but `true` or `false`."""
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
    """Raise FilterError for a text that the other operand can never equal."""
    operands = list(operands)
    for name in (each for each in operands if isinstance(each, syntax_tree.Name)):
        for text in (each for each in operands if isinstance(each, syntax_tree.Text)):
            check_choice(name, text)


def check_shown(operand: syntax_tree.Operand, text: str, place: Place) -> None:
    """Raise FilterError for a setting as tables show it, with spaces; no row of the database contains it."""
    if isinstance(operand, syntax_tree.Name) and operand.name in VARIANTS and " " in text.strip():
        written = advice_on_shown(text, operand.name)
        if written:
            raise place.error(
                f"{operand.name} is never {shortened(text)!r}, which is how tables show it; write {written}"
            )


def check_choice(name: syntax_tree.Name, text: syntax_tree.Text) -> None:
    choices, value = known(name).choices, text.value
    check_shown(name, value, text.place)
    if value in known(name).headlines:
        raise text.place.error(
            f"{name.name} is never just {value!r}, since it includes parameters; write {name.name}.name == '{value}', "
            f"or {name.name} like '{value}*'"
        )
    if choices and value not in choices:
        close = difflib.get_close_matches(value, choices, n=1)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise text.place.error(f"{name.name} is never {shortened(value)!r}; {hint}known: {', '.join(choices)}")


def shown(operand: syntax_tree.Operand) -> str:
    """An operand in the form used in messages: as written, truncated."""
    return shortened(operand.place.text)


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


__all__ = ["FilterError", "check", "names_in"]
