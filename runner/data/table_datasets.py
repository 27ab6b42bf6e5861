"""Conversion of tables of typed columns, read from CSV and Parquet files, into data sets.

The user names the target columns; all other columns are inputs.
"""

from collections.abc import Sequence

import numpy as np
import polars
from fitgap.core.datasets import Dataset
from fitgap.runner.data.bounds import INPUT_COPIES, VALUE_BYTES, check_memory
from fitgap.runner.data.columns.mistaken_numbers import are_numbers, has_both_marks, mistake_error
from fitgap.runner.data.columns.raw_table import (
    Table,
    check_finite,
    check_number,
    check_present,
    float_values,
    holds_numbers,
    is_missing,
    kept_rows,
)
from fitgap.runner.data.columns.targets import MOST_INTEGER_CLASSES, encode_targets
from fitgap.runner.data.columns.text_columns import (
    categories_of,
    check_text,
    input_names,
    one_hot_inputs,
)
from fitgap.runner.data.error_texts import file_error, nearest_column, visible
from fitgap.runner.data.handling import Handling, check_complete

FILL_OR_CHOOSE = "fill it in, remove the row, or choose with --missing or data.missing how to handle it"


def dataset_from_table(table: Table, target: Sequence[str], handling: Handling) -> Dataset:
    """The data set in a table. Raises DataError, with source and position, if it cannot be trained on."""
    check_size(table, target)
    check_columns(table, target, handling)
    if handling.drops:
        table = complete_rows(table, target)
    inputs = table.frame.drop(target)
    text_columns = categories_of(table.source, inputs)
    names = input_names(table.source, inputs.columns, text_columns)
    check_memory(table.source, INPUT_COPIES * VALUE_BYTES * inputs.height * len(names))
    values = {name: target_values(table, table.frame[name]) for name in target}
    targets = encode_targets(table.source, values, handling)
    return Dataset(
        name=table.source,
        inputs=one_hot_inputs(inputs, text_columns),
        targets=targets.values,
        target_kind=targets.kind,
        input_names=names,
        target_names=targets.names,
        class_names=targets.class_names,
        text_columns=text_columns,
    )


def check_target(table: Table, target: Sequence[str]) -> None:
    """Raise DataError unless `target` names columns of the table, each once."""
    source, columns = table.source, table.frame.columns
    if not target:
        rule = "name the target column with --target COLUMN or data.target"
        raise file_error(source, f"{rule}; columns: {visible(', '.join(map(visible, columns)), longest=400)}")
    for name in target:
        if name not in columns:
            raise file_error(source, f"there is no target column '{visible(name)}': {nearest_column(name, columns)}")
        if list(target).count(name) > 1:
            raise file_error(source, f"target column '{visible(name)}' is named twice; name it once")


def check_rows(table: Table) -> None:
    """Raise DataError if there are fewer than two rows."""
    if table.frame.height < 2:
        found = "only 1 row" if table.frame.height else "no rows"
        raise file_error(table.source, f"the file has {found}; at least 2 are needed, one to train and one to validate")


def check_size(table: Table, target: Sequence[str]) -> None:
    """Raise DataError if there are fewer than two rows, or no inputs."""
    check_rows(table)
    if table.frame.width == len(target):
        raise file_error(
            table.source, "no input column is left; the file needs at least one column that is not a target"
        )


def check_columns(table: Table, target: Sequence[str], handling: Handling) -> None:
    """Raise DataError for the first column with an unacceptable value."""
    for column in table.frame:
        if column.name in target:
            check_present(table, column, "fill it in or remove the row")
        elif handling.missing == "refuse":
            check_present(table, column, FILL_OR_CHOOSE)
        check_finite(table, column)
        if column.name in target and handling.checks and handling.target_kind != "classes":
            check_target_words(table, column)
    for column in table.frame.drop(target):
        if column.dtype == polars.String:
            check_text(table, column, handling)
        else:
            check_number(table, column)


def check_target_words(table: Table, column: polars.Series) -> None:
    """Raise DataError for a mistake in a target column of numbers.

    This is a mix of both decimal marks, or a word in a column with too many different values to be classes.
    """
    if column.dtype != polars.String:
        return
    is_many = column.n_unique() > MOST_INTEGER_CLASSES
    if has_both_marks(column) or (is_many and len(column) / 2 < are_numbers(column).sum() < len(column)):
        raise mistake_error(table, column)


def complete_rows(table: Table, target: Sequence[str]) -> Table:
    """The table without the rows with missing inputs; DataError if fewer than two rows are left."""
    complete = are_complete(table, target)
    check_complete(table.source, int(complete.sum()), len(complete))
    return kept_rows(table, complete)


def are_complete(table: Table, target: Sequence[str] = ()) -> np.ndarray:
    """Which rows (N,) have a value in all columns but the targets."""
    missing = [is_missing(column).to_numpy() for column in table.frame.drop(target)]
    return np.logical_not(np.any(missing, axis=0))


def target_values(table: Table, column: polars.Series) -> np.ndarray:
    """A target column as a NumPy array: text as objects, booleans and integers unchanged, other numbers as float64."""
    if column.dtype in (polars.String, polars.Boolean):
        return column.to_numpy()
    if not holds_numbers(column):
        rule = f"target column '{visible(column.name)}' holds {visible(column.dtype)}"
        raise file_error(table.source, f"{rule}, but must hold numbers, text or booleans; convert it")
    # Integers beyond int64 are certainly numbers, not classes.
    whole = column.cast(polars.Int64, strict=False)
    return whole.to_numpy() if column.dtype.is_integer() and not whole.has_nulls() else float_values(column)
