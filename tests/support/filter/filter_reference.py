"""A reference implementation of filters in plain Python, which evaluates them on rows (mappings) without grammar or
SQL.

A filter is a tuple: `("and", one, other)`, `("<", ("name", "e_v"), ("number", 0.02))`. A condition is True, False, or
None for unknown. This module shares no code with the implementation it is compared with; it only follows
docs/reference/filters.md.
"""

import operator
import re

COMPARISONS = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
# Axes for which a configuration may have several variants, with their names in the settings.
LISTS = {"activation": "activation", "output_activation": "output_activation", "regularizer": "regularizers"}
LISTS["stopping"] = "stopping"
LARGEST, SMALLEST = 1e75, 1e-75


def holds(condition, row):
    """Whether a condition holds: True, False or None."""
    kind, *parts = condition
    if kind == "and":
        answers = [holds(part, row) for part in parts]
        return False if False in answers else None if None in answers else True
    if kind == "or":
        answers = [holds(part, row) for part in parts]
        return True if True in answers else None if None in answers else False
    if kind == "not":
        answer = holds(parts[0], row)
        return None if answer is None else not answer
    if kind in ("!=", "not in", "not like", "is not null"):
        return holds(("not", ({"!=": "=="}.get(kind) or kind.replace("not ", ""), *parts)), row)
    return tested(condition, row)


def tested(test, row):
    """The result of a test, combined over all values of a name that has several."""
    several = next((items(name, row) for name in names(test) if items(name, row) is not None), None)
    if test[0] == "is null":
        values = [value(test[1], row, item) for item in ([None] if several is None else several)]
        return all(each is None for each in values)
    if several is None:
        return plain_test(test, row, None)
    answers = [plain_test(test, row, item) for item in several]
    return True if True in answers else False if False in answers else None


def names(part):
    if part[0] == "name":
        return [part[1]]
    return [name for each in part[1:] if isinstance(each, tuple) for name in names(each)]


def plain_test(test, row, item):
    kind, *operands = test
    if kind == "flag":
        return value(operands[0], row, item)
    if kind == "chain":
        signs, values = operands[0], [value(each, row, item) for each in operands[1:]]
        answers = [compared(sign, *pair) for sign, *pair in zip(signs, values, values[1:], strict=False)]
        return False if False in answers else None if None in answers else True
    first = value(operands[0], row, item)
    if kind == "in":
        return None if first is None else first in [value(each, row, item) for each in operands[1:]]
    if kind == "like":
        return None if first is None else is_like(first, operands[1])
    return compared(kind, first, value(operands[1], row, item))


def compared(sign, left, right):
    return None if left is None or right is None else COMPARISONS[sign](left, right)


def is_like(text, pattern):
    translated = "".join({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(translated, text, re.DOTALL) is not None


def value(operand, row, item):
    """The value of an operand; `item` selects one of several values."""
    kind, *parts = operand
    if kind in ("number", "text", "flag"):
        return parts[0]
    if kind == "name":
        return looked_up(parts[0], row, item)
    numbers = [value(part, row, item) for part in parts]
    if None in numbers:
        return None
    numbers = [bounded(each) if part[0] == "name" else each for part, each in zip(parts, numbers, strict=True)]
    if len(numbers) == 1:
        return abs(numbers[0]) if kind == "abs" else -numbers[0]
    return None if kind == "/" and not numbers[1] else ARITHMETIC[kind](*numbers)


def bounded(number):
    if abs(number) < SMALLEST:
        return 0.0
    return max(-LARGEST, min(LARGEST, float(number)))


def items(name, row):
    """The settings in which a name with several values is looked up; None for a name with one value."""
    axis, *rest = name.split(".")
    if name in ("tag", "tags"):
        return row["tags"]
    if name == "architecture.width":
        return row["settings"]["architecture"]
    if axis not in LISTS or not rest:
        return None
    stored = row["settings"][LISTS[axis]]
    if axis == "activation":
        stored = [function for layer in stored for function in layer]
    elif len(rest) == 2:
        return None
    return [each for each in stored if len(rest) == 1 or each["name"] == rest[0]]


def looked_up(name, row, item):
    axis, *rest = name.split(".")
    if name in ("tag", "tags", "architecture.width"):
        return item
    if name == "architecture.depth":
        return len(row["settings"]["architecture"])
    if name == "dtype":
        return row["settings"]["dtype"]
    if not rest:
        return calculated_columns(row).get(name, row.get(name))
    if items(name, row) is not None:
        return item.get(rest[-1])
    stored = row["settings"][LISTS[axis]] if axis in LISTS else [row["settings"][axis]]
    return next((each.get(rest[-1]) for each in stored if len(rest) == 1 or each["name"] == rest[0]), None)


def calculated_columns(row):
    """The columns of a row that are computed as differences of others."""

    def difference(one, other):
        return None if row[one] is None or row[other] is None else row[one] - row[other]

    return {"gap": difference("e_v", "e_t"), "rise": difference("e_v", "best_e_v")}
