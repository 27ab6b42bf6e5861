"""Facts about one column: its type, range, missing and distinct values, and how they are distributed."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars
from fitgap.runner.data.columns.raw_table import is_missing

BINS, FREQUENT = 8, 5
# A column is nearly constant if one value fills this share of its rows.
NEARLY = 0.99


@dataclass(frozen=True)
class ColumnFacts:
    """A column. `use` is what fitgap would do with it, `reason` why it would be ignored.

    Numbers and dates have `lowest`, `highest` and `histogram`, the counts in intervals of equal length. `frequent`
    lists the most frequent values with their counts.
    """

    name: str
    type: str
    use: str
    reason: str | None
    missing: int
    distinct: int
    lowest: float | str | None
    highest: float | str | None
    mean: float | None
    histogram: list[int]
    frequent: list[tuple[str, int]]
    warnings: list[str]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "frequent": [list(each) for each in self.frequent]}


def facts_of(column: polars.Series, use: str, reason: str | None) -> ColumnFacts:
    """The facts about a typed column."""
    missing = is_missing(column)
    present = column.filter(~missing)
    numbers = as_numbers(present)
    finite = numbers[np.isfinite(numbers)] if numbers is not None else np.zeros(0)
    text = present.cast(polars.String, strict=False) if not present.dtype.is_nested() else present.head(0)
    counted = text.value_counts(sort=True).head(FREQUENT)
    frequent = [(str(value), int(count)) for value, count in counted.iter_rows() if value is not None]
    distinct = text.n_unique()
    return ColumnFacts(
        name=column.name,
        type=type_of(column),
        use=use,
        reason=reason,
        missing=int(missing.sum()),
        distinct=distinct,
        lowest=bound(present, finite, "min"),
        highest=bound(present, finite, "max"),
        mean=float(finite.mean()) if len(finite) and not present.dtype.is_temporal() else None,
        histogram=histogram(finite),
        frequent=frequent,
        warnings=warnings(len(present), distinct, frequent, len(finite) if numbers is not None else None),
    )


def as_numbers(column: polars.Series) -> np.ndarray | None:
    """The values of a column of numbers, booleans or dates as floats; None for other types."""
    if column.dtype.is_temporal():
        return column.to_physical().cast(polars.Float64).to_numpy()
    if column.dtype.is_numeric() or column.dtype == polars.Boolean:
        return column.cast(polars.Float64).to_numpy()
    return None


def type_of(column: polars.Series) -> str:
    """The type of a column in words."""
    kind = column.dtype
    if kind == polars.Null or not len(column) or is_missing(column).all():
        return "empty"
    if kind == polars.Boolean:
        return "true/false"
    if kind == polars.String:
        return "text"
    if kind.is_temporal():
        return "date"
    if kind.is_integer():
        return "whole numbers"
    return "numbers" if kind.is_numeric() else "other"


def bound(present: polars.Series, finite: np.ndarray, which: str) -> float | str | None:
    """The lowest or highest value; dates as text."""
    if not len(finite):
        return None
    if present.dtype.is_temporal():
        return str(present.min() if which == "min" else present.max()).removesuffix(" 00:00:00")
    return float(finite.min() if which == "min" else finite.max())


def histogram(finite: np.ndarray) -> list[int]:
    """The counts in intervals of equal length between the lowest and the highest value."""
    if not len(finite) or not np.isfinite(float(finite.max()) - float(finite.min())):
        return []
    try:
        return [int(count) for count in np.histogram(finite, BINS)[0]]
    except ValueError:
        # Between adjacent floating-point numbers there is no room for intervals.
        return []


def warnings(present: int, distinct: int, frequent: list[tuple[str, int]], finite: int | None) -> list[str]:
    """What is unusual about the values."""
    found = []
    if distinct == 1:
        found.append("constant")
    elif present >= 1 / (1 - NEARLY) and frequent and frequent[0][1] >= NEARLY * present:
        found.append(f"nearly constant: {present - frequent[0][1]} of {present} rows differ from {frequent[0][0]}")
    if finite is not None and finite < present:
        found.append(f"{present - finite} infinite values")
    return found
