"""Settings of columns and cells of a data file: names, dates, separators and words for missing values."""

from collections.abc import Mapping
from math import isnan
from typing import Literal

from fitgap.runner.spec.shorthand import scalar
from fitgap.runner.spec.validation import SpecNode, is_number

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blanks": " "}


def read_target(node: SpecNode) -> tuple[str, ...]:
    """The names of the target columns, from a string or a list of strings."""
    return read_names(node)


def read_names(node: SpecNode) -> tuple[str, ...]:
    """Names or patterns of columns, from a string or a list of strings."""
    if isinstance(node.value, list):
        return tuple(node.child(position).text() for position in range(len(node.value)))
    return (node.text(),)


def read_dates(node: SpecNode) -> dict[str, str | None]:
    """Columns of dates, from names, or from a mapping of names to formats."""
    if isinstance(node.value, dict):
        return {str(name): node.child(name).text() if node.value[name] is not None else None for name in node.value}
    named = (name.partition("=") for name in read_names(node))
    return {name: date_format or None for name, _, date_format in named}


def read_shape(node: SpecNode) -> tuple[int, ...]:
    """The axes of the inputs of an example: [steps, channels] or [height, width, channels]."""
    axes = node.value
    if (
        not isinstance(axes, list)
        or len(axes) not in (2, 3)
        or not all(type(each) is int and each >= 1 for each in axes)
    ):
        raise node.wrong("must be [steps, channels] or [height, width, channels], such as [8, 8, 1]")
    return tuple(axes)


def read_lengths(node: SpecNode) -> str:
    """The name of an array, or nan, which YAML may read as a number."""
    if isinstance(node.value, float) and isnan(node.value):
        return "nan"
    return node.text()


def read_class_weight(node: SpecNode) -> "Literal['balanced'] | dict[str, float]":
    """The word `balanced`, or weights of at least 0 by class name; in a flag, `rare=5,common=1`."""
    value = node.value
    if value == "balanced":
        return "balanced"
    if isinstance(value, str) and "=" in value:
        # The name of a class may contain anything but commas.
        pairs = [each.rpartition("=") for each in value.split(",")]
        value = {name.strip(): scalar(number.strip()) for name, _, number in pairs}
    rule = "must be balanced, or weights from 0 by class, such as {yes: 5, no: 1}"
    if not isinstance(value, Mapping) or not value:
        raise node.wrong(rule)
    if not all(is_number(number) and 0 <= number < float("inf") for number in value.values()):
        raise node.wrong(rule)
    if not any(value.values()):
        raise node.wrong("must have a weight above 0 for at least one class")
    return {str(name): float(number) for name, number in value.items()}


def read_separator(node: SpecNode) -> str:
    """A separator of cells, as a character or by its name."""
    found = SEPARATORS.get(str(node.value), node.value)
    if found not in SEPARATORS.values():
        raise node.wrong(f"must be one of {', '.join(SEPARATORS)}, or the character itself")
    return str(found)


def read_words(node: SpecNode) -> tuple[str, ...]:
    """Words for missing values, which may look like numbers."""
    values = node.value if isinstance(node.value, list) else [node.value]
    if not all(isinstance(value, (str, int, float)) and not isinstance(value, bool) for value in values):
        raise node.wrong("must be words for missing values, such as [NA, -999]")
    return tuple(str(value) for value in values)


def read_truth(node: SpecNode) -> bool:
    """True or false."""
    if not isinstance(node.value, bool):
        raise node.wrong("must be true or false")
    return node.value
