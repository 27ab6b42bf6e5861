"""Inputs of unseen examples, selected by the columns that a network was trained on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars
from fitgap.runner.data.bounds import INPUT_COPIES, VALUE_BYTES, check_memory
from fitgap.runner.data.columns.cell_values import CellRules, without
from fitgap.runner.data.columns.date_columns import date_inputs
from fitgap.runner.data.columns.mistaken_numbers import mistake, mistakes_in, other_mark
from fitgap.runner.data.columns.raw_table import (
    Table,
    cell_error,
    check_finite,
    check_number,
    check_present,
    first,
    float_values,
    holds_numbers,
    with_row_numbers,
)
from fitgap.runner.data.columns.text_columns import names_of, one_hot_inputs
from fitgap.runner.data.error_texts import file_error, nearest_column, visible
from fitgap.runner.data.file_tables import read_table, typed_table
from fitgap.runner.data.handling import Handling
from fitgap.runner.data.scaled_files import check_unscaled
from fitgap.runner.data.split_marks import column_of, ranks
from fitgap.runner.data.treatment import DateColumn, FileChoices, Treatment
from fitgap.runner.data.windowing import Windowing, ordered, shifted_targets
from fitgap.runner.errors import DataError


def unseen_inputs(
    source: str,
    content: bytes,
    kind: str,
    names: Sequence[str],
    text_columns: Mapping[str, Sequence[str]],
    handling: Handling,
    treatment: Treatment | None,
) -> np.ndarray:
    """The inputs (N, n_0) in a file that is not an NPZ file; see `read_inputs`."""
    table = unseen_table(source, content, kind, text_columns, treatment)
    check_unscaled(source, table.frame.columns, (*names, *(treatment.ignored if treatment else ())))
    return inputs_from_table(table, names, text_columns, handling, treatment.dates if treatment else {})


def unseen_windows(
    source: str, content: bytes, kind: str, handling: Handling, treatment: Treatment, windowing: Windowing
) -> np.ndarray:
    """The windows (N, n_0) over the rows of a file that is not an NPZ file; targets may be in the future."""
    table = unseen_table(source, content, kind, (), treatment)
    check_unscaled(source, table.frame.columns, (*windowing.channels, *treatment.ignored))
    rows = inputs_from_table(table, windowing.channels, {}, handling, treatment.dates)
    return windowing.windows(source, ordered(rows, ranks_of(table, windowing)), needed=0)


def targets_of_windows(table: Table, targets: np.ndarray, windowing: Windowing) -> np.ndarray:
    """The targets (N, m) of the windows over the rows of a table, from those of the rows; NaN if in the future."""
    return shifted_targets(windowing, ordered(targets, ranks_of(table, windowing)))


def ranks_of(table: Table, windowing: Windowing) -> np.ndarray | None:
    """The ranks (R,) of the rows in time; None for the order of the file."""
    if windowing.by is None:
        return None
    column = column_of(table, windowing.by, "to sort the rows by")
    check_present(table, column, "fill it in or remove the row")
    return ranks(table, column, FileChoices(dates={windowing.by: windowing.date_format}))


def unseen_table(source: str, content: bytes, kind: str, texts: Collection[str], treatment: Treatment | None) -> Table:
    """The typed table in a file, read as the training file was; `texts` are columns of text."""
    if treatment is None or treatment.strict:
        treatment = treatment or Treatment(strict=True)
        layout = treatment.layout
        chosen = FileChoices(True, separator=layout.separator, decimal=layout.decimal, encoding=layout.encoding)
        raw = read_table(source, content, kind, chosen, ())
        return typed_table(raw, treatment, {*texts, *treatment.dates})
    # The layout may differ from that of the training file, but the decimal mark is probably the same.
    choices, keeps_text = FileChoices(missing_values=treatment.words), bool(texts or treatment.dates)
    try:
        raw = read_table(source, content, kind, choices, (), keeps_text=keeps_text)
    except DataError:
        raw = read_table(source, content, kind, replace(choices, decimal=treatment.layout.decimal), ())
    table = typed_table(raw, replace(treatment, layout=raw.layout, ignored={}), {*texts, *treatment.dates})
    words = CellRules.usual(".", treatment.words).missing
    frame = table.frame.with_columns(
        without(table.frame[name].cast(polars.String), words)
        for name in (*texts, *treatment.dates)
        if name in table.frame.columns and (name in texts or table.frame[name].dtype == polars.String)
    )
    table = Table(source, frame, table.place)
    return with_row_numbers(table) if treatment.row_numbers else table


def targets_from_table(table: Table, names: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """The targets (N, m) in a table, with classes as numbers; NaN where they are missing."""
    for name in names:
        if name not in table.frame.columns:
            rule = f"there is no target column '{visible(name)}' to compare the predictions with"
            raise file_error(table.source, f"{rule}: {nearest_column(name, table.frame.columns)}")
    if not classes:
        return np.column_stack([float_values(as_numbers(table, table.frame[name])) for name in names])
    column = table.frame[names[0]].cast(polars.String)
    # Booleans are written in lower case, whole numbers without a decimal point.
    column = column.str.to_lowercase() if set(classes) <= {"true", "false"} else column
    unknown = column.is_not_null() & ~column.is_in(list(classes))
    if unknown.any():
        rule = f"'{visible(column[first(unknown)])}' is none of the classes the network was trained on"
        raise cell_error(table, column, first(unknown), f"{rule}; correct it or remove the row")
    numbers = {name: float(number) for number, name in enumerate(classes)}
    return column.replace_strict(numbers, default=None, return_dtype=polars.Float64).to_numpy()[:, np.newaxis]


def inputs_from_table(
    table: Table,
    names: Sequence[str],
    text_columns: Mapping[str, Sequence[str]],
    handling: Handling,
    dates: Mapping[str, DateColumn] = {},
) -> np.ndarray:
    """The inputs (N, n_0) with these names; see `read_inputs`. Other columns of the table are ignored."""
    check_dates(table, names, dates)
    table = with_date_inputs(table, dates)
    if table.frame.height == 0:
        raise file_error(table.source, "the file has no rows; at least 1 is needed")
    check_memory(table.source, INPUT_COPIES * VALUE_BYTES * table.frame.height * len(names))
    found = trained_columns(names, text_columns, set(table.frame.columns))
    columns = [trained_column(table, name, text_columns) for name in found]
    for column in columns:
        if not handling.fills:
            check_present(table, column, "fill it in or remove the row")
        check_finite(table, column)
    return one_hot_inputs(polars.DataFrame(columns), text_columns)


def check_dates(table: Table, names: Sequence[str], dates: Mapping[str, DateColumn]) -> None:
    """Raise DataError if a column of dates that inputs with these names are computed from is missing."""
    for name, date in dates.items():
        made = {f"{name}.{part}" for part in ("seconds", *date.parts)}
        # Files that `fitgap data` writes have the inputs instead of the dates.
        if name not in table.frame.columns and made & set(names) - set(table.frame.columns):
            rule = f"there is no column '{visible(name)}' of dates, which the network was trained on"
            raise file_error(table.source, f"{rule}: {nearest_column(name, table.frame.columns)}")


def with_date_inputs(table: Table, dates: Mapping[str, DateColumn]) -> Table:
    """The table, extended by the inputs computed from its dates."""
    found = [
        values
        for name, date in dates.items()
        if name in table.frame.columns
        for values in date_inputs(table, table.frame[name], date)
    ]
    return Table(table.source, table.frame.with_columns(found), table.place) if found else table


def trained_columns(
    names: Sequence[str], text_columns: Mapping[str, Sequence[str]], present: Collection[str]
) -> list[str]:
    """The columns that inputs with these names are computed from, in the order of the inputs.

    Files written by `fitgap data` have the one-hot inputs instead of a column of text. If the column is not `present`,
    but all inputs computed from it are, these are returned in its place.
    """
    made = {column: names_of(column, text_columns) for column in text_columns}
    column_of = {
        name: column
        for column, parts in made.items()
        for name in parts
        if column in present or not set(parts) <= set(present)
    }
    return list(dict.fromkeys(column_of.get(name, name) for name in names))


def trained_column(table: Table, name: str, text_columns: Mapping[str, Sequence[str]]) -> polars.Series:
    """One column of the table. Raises DataError if it is missing or has another type than in training."""
    if name not in table.frame.columns:
        rule = f"there is no column '{visible(name)}', which the network was trained on"
        raise file_error(table.source, f"{rule}: {nearest_column(name, table.frame.columns)}")
    column = table.frame[name]
    return as_text(table, column) if name in text_columns else as_numbers(table, column)


def as_numbers(table: Table, column: polars.Series) -> polars.Series:
    """The column as numbers or booleans; DataError if that is not possible."""
    if column.dtype not in (polars.String, polars.Null):
        check_number(table, column)
        return column
    numbers = column.cast(polars.Float64, strict=False)
    if (column.is_not_null() & numbers.is_null()).any():
        row = first(mistakes_in(column))
        advice = ", but the network was trained on numbers here; correct it"
        if other_mark(column, row):
            advice = "; write all with the same mark"
        raise cell_error(table, column, row, f"{mistake(column, row)}{advice}")
    return numbers


def as_text(table: Table, column: polars.Series) -> polars.Series:
    """The column as text, even if all values in this file happen to be numbers or booleans."""
    if column.dtype not in (polars.String, polars.Boolean, polars.Null) and not holds_numbers(column):
        rule = (
            f"column '{visible(column.name)}' holds {visible(column.dtype)}, but the network was trained on text here"
        )
        raise file_error(table.source, f"{rule}; convert it")
    return column.cast(polars.String)
