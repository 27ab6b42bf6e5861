"""Targets of a data set: classes or numbers, distinguished by the type of the column.

- Text, categorical and boolean columns hold classes.
- Floating-point columns hold numbers, even when every value is whole: write 0.0 for a number, 0 for a class.
- An integer column holds classes when its values are exactly 0 and 1, or when it has at most 20 different values and
  these are fewer than a tenth of the rows; otherwise it holds numbers.
- Several target columns must all hold numbers; integers among them are numbers.

The user may decide instead (`target_kind`). Classes are numbered from 0 in sorted order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.datasets import TargetKind
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.data.handling import Handling
from fitgap.runner.errors import DataError

MOST_INTEGER_CLASSES = 20
# From this many rows on, a class should have more than one example on average.
LEAST_UNIQUE = 10
AS_VALUES = Handling()
MOST_CLASSES = 1000


@dataclass(frozen=True)
class Targets:
    """`values` (N, m) float64 with a name per column; for classes one column of class numbers, and class names."""

    values: np.ndarray
    kind: TargetKind
    names: tuple[str, ...]
    class_names: tuple[str, ...] = ()


def encode_targets(source: str, columns: Mapping[str, np.ndarray], handling: Handling = AS_VALUES) -> Targets:
    """Targets from the target columns, each (N,) of bool, integers, floats or text (as str or object array).

    Raises DataError if there is only one class or too many classes, or if one of several columns holds classes.
    """
    name, values = next(iter(columns.items()))
    kind = handling.target_kind
    if len(columns) == 1 and (kind == "classes" or (kind is None and holds_classes(values))):
        return encode_classes(source, name, values, handling)
    for name, values in columns.items():
        if values.dtype.kind not in "iuf" and not (kind == "numbers" and values.dtype.kind == "b"):
            raise not_numbers_error(source, name, len(columns))
    numbers = np.column_stack([values.astype(np.float64) for values in columns.values()])
    if handling.checks:
        check_varying(source, tuple(columns), numbers)
    return Targets(numbers, "numbers", tuple(columns))


def check_varying(source: str, names: Sequence[str], numbers: np.ndarray) -> None:
    """Raise DataError for a target that has the same value in every row."""
    for name, values in zip(names, numbers.T, strict=True):
        if (values == values[0]).all():
            rule = f"target column '{visible(name)}' is {values[0]:g} in every row, so there is nothing to learn"
            raise file_error(source, f"{rule}; name another column")


def not_numbers_error(source: str, name: str, count: int) -> DataError:
    """The error for a target column of classes where numbers are needed."""
    if count > 1:
        return several_targets_error(source, name)
    rule = f"target column '{visible(name)}' holds text or true and false, but target_kind is numbers"
    return file_error(source, f"{rule}; correct the column, or leave --target-kind (data.target_kind) out")


def several_targets_error(source: str, name: str) -> DataError:
    rule = (
        f"target column '{visible(name)}' holds classes; several target columns must all hold numbers, so name this one"
    )
    return file_error(source, f"{rule} alone or remove it")


def holds_classes(values: np.ndarray) -> bool:
    """Whether a single target column holds classes, by the rules at the top of this module."""
    if values.dtype.kind not in "iu":
        return values.dtype.kind != "f"
    distinct = np.unique(values)
    few = len(distinct) <= MOST_INTEGER_CLASSES and len(distinct) < len(values) / 10
    return few or distinct.tolist() == [0, 1]


def encode_classes(source: str, name: str, values: np.ndarray, handling: Handling = AS_VALUES) -> Targets:
    """Class numbers in the sorted order of the classes; DataError for one class or too many."""
    classes, class_numbers = np.unique(values, return_inverse=True)
    names = tuple(class_name(value) for value in classes.tolist())
    if len(names) == 1:
        rule = f"target column '{visible(name)}' has only one class, '{visible(names[0])}'; at least 2 are needed"
        raise file_error(source, rule)
    if len(names) > MOST_CLASSES:
        rule = f"target column '{visible(name)}' has {len(names)} classes, but may have at most {MOST_CLASSES}"
        raise file_error(source, f"{rule}; name another column, or store numbers as numbers")
    if handling.checks and len(values) >= LEAST_UNIQUE and len(names) > len(values) / 2:
        rule = f"target column '{visible(name)}' has {len(names)} classes in {len(values)} rows"
        raise file_error(source, f"{rule}, so most occur once and cannot be learned; name another column")
    return Targets(class_numbers.astype(np.float64)[:, np.newaxis], "classes", (name,), names)


def class_name(value: object) -> str:
    """The name of a class: its text; booleans become `true` and `false`, as in CSV files."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
