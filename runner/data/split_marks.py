"""Marks of examples, from the columns and files that split rules name."""

from collections.abc import Sequence

import numpy as np
import polars
from fitgap.core.example_weights import WEIGHT
from fitgap.runner.data.columns.cell_values import CellRules, stored_column, typed_column
from fitgap.runner.data.columns.date_columns import as_moments, find_format, is_temporal
from fitgap.runner.data.columns.raw_table import (
    Table,
    cell_error,
    check_finite,
    check_present,
    first,
    float_values,
    holds_numbers,
)
from fitgap.runner.data.error_texts import file_error, nearest_column, visible
from fitgap.runner.data.file_tables import RawTable
from fitgap.runner.data.split_rules import WORDS, SplitRule, is_marked
from fitgap.runner.data.treatment import FileChoices
from fitgap.runner.errors import DataError

FIX = "fill it in, remove the row, or choose another column"


def marks_of(raw: RawTable, origins: np.ndarray, choices: FileChoices) -> dict[str, np.ndarray]:
    """The marks (N,) of each use, `validation` or `test`; `origins` (N,) is the file number of every row, from 0."""
    files = files_of(choices)
    found = {}
    for use, rule in choices.splits.items():
        if rule.file is not None:
            found[use] = origins == files.index(rule.file) + 1
        elif rule.column is None:
            found[use] = np.arange(raw.table.frame.height)
        else:
            found[use] = column_marks(raw.table, column_of(raw.table, rule.column), rule, use, choices)
    return found if choices.weight is None else {**found, WEIGHT: weights(raw, choices.weight, choices)}


def weights(raw: RawTable, name: str, choices: FileChoices) -> np.ndarray:
    """The weights (N,) in a column. DataError for a cell that is not a number of at least 0, or if all are 0."""
    table = raw.table
    column = column_of(table, name, "with the weights of the examples")
    rules = CellRules.usual(raw.layout.decimal or ".", choices.missing_values)
    typed = typed_column(column, rules) if column.dtype == polars.String else stored_column(column, rules)
    if typed.dtype == polars.String:
        row = first(typed.cast(polars.Float64, strict=False).is_null() & typed.is_not_null())
        raise cell_error(
            table, typed, row, f"the weight '{visible(typed[row])}' is not a number; use non-negative numbers"
        )
    if not holds_numbers(typed):
        rule = f"column '{visible(name)}' holds {visible(typed.dtype)}, but weights must be non-negative numbers"
        raise file_error(table.source, f"{rule}; choose another column")
    check_present(table, typed, FIX)
    check_finite(table, typed)
    values = float_values(typed)
    if (values < 0).any():
        row = int(np.flatnonzero(values < 0)[0])
        raise cell_error(table, typed, row, f"the weight {values[row]:g} is negative; use 0 or more")
    if not values.any():
        raise file_error(table.source, f"all weights in column '{visible(name)}' are 0; at least one must be above 0")
    return values


def files_of(choices: FileChoices) -> list[str]:
    """The other files whose rows belong to the data, in the order in which they are appended."""
    return list(dict.fromkeys(rule.file for rule in choices.splits.values() if rule.file is not None))


def column_of(table: Table, name: str, use: str = "to split the examples by") -> polars.Series:
    """The column that a rule names."""
    if name not in table.frame.columns:
        rule = f"there is no column '{visible(name)}' {use}"
        raise file_error(table.source, f"{rule}: {nearest_column(name, table.frame.columns)}")
    return table.frame[name]


def column_marks(table: Table, column: polars.Series, rule: SplitRule, use: str, choices: FileChoices) -> np.ndarray:
    """The marks (N,) of all examples from a column."""
    check_present(table, column, FIX)
    if rule.kind == "group":
        if column.dtype.is_nested() or column.dtype == polars.Binary:
            raise unusable(table, column)
        return column.rank("dense").cast(polars.Int64).to_numpy()
    if rule.kind == "last":
        return ranks(table, column, choices)
    return word_marks(table, column, use, choices)


def word_marks(table: Table, column: polars.Series, use: str, choices: FileChoices) -> np.ndarray:
    """Which examples a column marks by words such as `validation`."""
    text = column.cast(polars.String, strict=False).str.strip_chars().str.to_lowercase()
    fault = f"column '{visible(column.name)}'"
    if text.has_nulls() or not text.is_in(list(WORDS)).all():
        wrong = column.filter(~text.is_in(list(WORDS)).fill_null(False))[0]
        rule = f"{fault} has '{visible(wrong)}', but must say train or validation"
        raise file_error(table.source, f"{rule} (or test, 0 or 1, true or false) in every row")
    is_shared = len([rule for rule in choices.splits.values() if rule.column == column.name]) > 1
    try:
        return is_marked(text.to_list(), use, is_shared=is_shared)
    except ValueError:
        rule = f"{fault} marks test examples, too; add --test column={visible(column.name)} (data.test)"
        raise file_error(table.source, rule) from None


def unusable(table: Table, column: polars.Series) -> DataError:
    return file_error(
        table.source, f"column '{visible(column.name)}' holds {visible(column.dtype)}; choose another one"
    )


def ranks(table: Table, column: polars.Series, choices: FileChoices) -> np.ndarray:
    """The ranks (N,) of the numbers or dates in a column, from 1."""
    rules = CellRules.usual(choices.decimal or ".", choices.missing_values)
    typed = typed_column(column, rules) if column.dtype == polars.String else stored_column(column, rules)
    if typed.dtype == polars.String:
        date_format = choices.dates.get(column.name) or find_format(table, typed)
        if date_format is None:
            rule_text = f"column '{visible(column.name)}' holds text that is neither numbers nor dates"
            raise file_error(table.source, f"{rule_text}; name its format with --dates (data.dates)")
        typed = as_moments(table, typed, date_format)
    if not (holds_numbers(typed) or is_temporal(typed) or typed.dtype.is_temporal()):
        raise unusable(table, column)
    check_present(table, typed, FIX)
    return typed.rank("ordinal").cast(polars.Int64).to_numpy()


def joined(first: RawTable, others: Sequence[RawTable]) -> tuple[RawTable, np.ndarray]:
    """The rows of several files as one table, and the file number of every row."""
    if not others:
        return first, np.zeros(first.table.frame.height, int)
    names = first.table.frame.columns
    for other in others:
        for name in names:
            if name not in other.table.frame.columns:
                rule = f"there is no column '{visible(name)}', but {visible(first.table.source)} has one"
                raise file_error(other.table.source, rule)
    frames = [each.table.frame.select(names) for each in (first, *others)]
    if len({tuple(frame.dtypes) for frame in frames}) > 1:
        frames = [frame.select(polars.all().cast(polars.String, strict=False)) for frame in frames]
    sizes = [frame.height for frame in frames]
    starts = np.cumsum([0, *sizes])

    def place(row: int) -> str:
        number = int(np.searchsorted(starts, row, side="right")) - 1
        table = (first, *others)[number].table
        where = table.place(row - int(starts[number]))
        return f"{visible(table.source)}, {where}" if number else where

    frame = polars.concat(frames)
    table = Table(first.table.source, frame, place)
    return RawTable(table, first.kind, first.layout), np.repeat(np.arange(len(frames)), sizes)
