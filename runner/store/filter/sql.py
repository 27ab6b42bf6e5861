"""Translation of the syntax tree of a filter into an SQL expression, with all constants as bound parameters."""

import sqlalchemy as sa
from fitgap.runner.store.database.dialects import is_like, sortable
from fitgap.runner.store.filter import syntax_tree
from fitgap.runner.store.filter.class_keys import class_value
from fitgap.runner.store.filter.namespace import known_names
from fitgap.runner.store.filter.typecheck import COLUMN_REACH, names_in
from fitgap.runner.store.schema.tables import epoch, trial
from sqlalchemy.sql.elements import ColumnElement

# Operator precedence, in SQLAlchemy's numbers.
PRECEDENCE = {"+": 7, "-": 7, "*": 8, "/": 8}
LARGEST, SMALLEST = 10.0**COLUMN_REACH, 10.0**-COLUMN_REACH


def condition_of(condition: syntax_tree.Condition) -> ColumnElement[bool]:
    """The SQL expression of a checked condition."""
    match condition:
        case syntax_tree.All(_, conditions):
            return sa.and_(*map(condition_of, conditions))
        case syntax_tree.Either(_, conditions):
            return sa.or_(*map(condition_of, conditions))
        case syntax_tree.Not(_, inner):
            return sa.not_(condition_of(inner))
        case syntax_tree.IsNull(_, operand):
            return null_test(operand)
        case _:
            return true_for_any(condition, plain_test(condition))


def plain_test(
    test: syntax_tree.Comparison | syntax_tree.Membership | syntax_tree.Like | syntax_tree.Name,
) -> ColumnElement[bool]:
    """The SQL expression of a test in which every name has one value."""
    match test:
        case syntax_tree.Name():
            return value_of(test)
        case syntax_tree.Membership(_, operand, choices):
            return value_of(operand).in_([constant(each) for each in choices])
        case syntax_tree.Like(_, operand, pattern):
            return is_like(value_of(operand), pattern)
        case syntax_tree.Comparison(_, (name, syntax_tree.Flag(_, value)), _):
            return value_of(name) if value else sa.not_(value_of(name))
        case syntax_tree.Comparison(_, operands, signs):
            values = [sortable(value_of(each)) for each in operands]
            pairs = zip(signs, values, values[1:], strict=False)
            return sa.and_(*(compared(sign, left, right) for sign, left, right in pairs))


def compared(sign: str, left: ColumnElement, right: ColumnElement) -> ColumnElement[bool]:
    """The SQL expression of one comparison."""
    match sign:
        case "==":
            return left == right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right


def true_for_any(part: syntax_tree.Test | syntax_tree.Name, test: ColumnElement[bool]) -> ColumnElement[bool]:
    """A test of a name that may have several values: true if true for any of them, unknown if unknown for all."""
    several = several_of(part)
    if several is None:
        return test
    answers = sa.func.max(sa.case((test, 1), (sa.not_(test), 0)))
    return several.add_columns(answers).scalar_subquery() == 1


def several_of(part: syntax_tree.Operand | syntax_tree.Test) -> sa.Select | None:
    """The query for the values of the names in a test; None if each name has a single value."""
    found = [known_names()[name.name].several for name in names_in(part)]
    return next((each for each in found if each is not None), None)


def null_test(operand: syntax_tree.Operand) -> ColumnElement[bool]:
    """Whether an operand is null, or all of its several values are."""
    several = several_of(operand)
    if several is None:
        return value_of(operand).is_(None)
    return several.add_columns(sa.func.count(value_of(operand))).scalar_subquery() == 0


def value_of(operand: syntax_tree.Operand) -> ColumnElement:
    """The SQL expression of an operand."""
    match operand:
        case syntax_tree.Name(_, name):
            return known_names()[name].value
        case syntax_tree.EpochsTo():
            return first_epoch(operand)
        case syntax_tree.OfClass(_, measure, number):
            return class_value(measure, number)
        case syntax_tree.Negative() | syntax_tree.Absolute() | syntax_tree.Arithmetic():
            return calculated(operand)
        case _:
            return constant(operand)


def first_epoch(operand: syntax_tree.EpochsTo) -> ColumnElement:
    """The first stored epoch of a trial in which a measure is within its limit; null if there is none."""
    is_reached = compared(operand.sign, epoch.c[operand.measure], sa.literal(operand.value, sa.Double))
    of_trial = sa.select(sa.func.min(epoch.c.epoch)).where(epoch.c.trial_id == trial.c.id, is_reached)
    return of_trial.correlate(trial).scalar_subquery()


def constant(operand: syntax_tree.Operand) -> ColumnElement:
    """A bound parameter."""
    match operand:
        case syntax_tree.Number(_, value):
            return sa.literal(value, sa.Double)
        case syntax_tree.Negative(_, inner):
            return -constant(inner)
        case syntax_tree.Text(_, value):
            return sa.literal(value, sa.Text)
    raise AssertionError(operand)


def calculated(operand: syntax_tree.Operand) -> ColumnElement:
    """The SQL expression of an arithmetic operand: always doubles, and division by 0 gives null."""
    match operand:
        case syntax_tree.Name(_, name):
            known = known_names()[name]
            return sa.cast(known.value, sa.Double) if known.is_small else bounded(known.value)
        case syntax_tree.EpochsTo():
            return sa.cast(first_epoch(operand), sa.Double)
        case syntax_tree.OfClass(_, measure, number):
            return class_value(measure, number)
        case syntax_tree.Negative(_, inner):
            return -calculated(inner)
        case syntax_tree.Absolute(_, inner):
            return sa.func.abs(calculated(inner), type_=sa.Double)
        case syntax_tree.Arithmetic(_, "/", left, right):
            return joined("/", calculated(left), sa.func.nullif(calculated(right), 0.0, type_=sa.Double))
        case syntax_tree.Arithmetic(_, sign, left, right):
            return joined(sign, calculated(left), calculated(right))
        case _:
            return constant(operand)


def joined(sign: str, left: ColumnElement, right: ColumnElement) -> ColumnElement:
    """Two numbers joined by a sign. This keeps the grouping; SQLAlchemy's + turns a + (b + c) into (a + b) + c."""
    return left.op(sign, precedence=PRECEDENCE[sign], return_type=sa.Double())(right)


def bounded(value: ColumnElement) -> ColumnElement:
    """A column clipped for arithmetic, so that no product leaves the range of doubles."""
    return sa.case(
        (value > LARGEST, LARGEST),
        (value < -LARGEST, -LARGEST),
        (sa.and_(value > -SMALLEST, value < SMALLEST), 0.0),
        else_=value,
    )
