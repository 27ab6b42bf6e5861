"""Tables of typed columns, as read from CSV and Parquet files, turned into data sets.

The target columns are named by the user; all other columns are inputs and must hold integers, floats or booleans.
"""

from collections.abc import Callable, Sequence

import numpy as np
import polars

from core.data import Dataset
from runner.errors import DataError
from runner.sources.targets import encode_targets
from runner.sources.wording import file_error, nearest_column, visible

# Tells people where a row, counted from 0, stands in the file: "line 5" or "row 4".
Place = Callable[[int], str]


def dataset_from_table(source: str, table: polars.DataFrame, target: Sequence[str], place: Place) -> Dataset:
    """The data set of a table; raises DataError, worded with `source` and `place`, when it cannot be trained on."""
    check_target(source, table.columns, target)
    check_size(source, table, target)
    table = table.select(plain_column(column) for column in table)
    for column in table:
        check_values(source, column, place)
    input_columns = [column for column in table if column.name not in target]
    for column in input_columns:
        check_input(source, column, place)
    targets = encode_targets(source, {name: target_values(source, table[name]) for name in target})
    inputs = np.column_stack([float_values(column) for column in input_columns])
    input_names = tuple(column.name for column in input_columns)
    return Dataset(source, inputs, targets.values, targets.kind, input_names, targets.names)


def check_target(source: str, columns: Sequence[str], target: Sequence[str]) -> None:
    """Raises DataError unless `target` names columns of the table, each once."""
    if not target:
        rule = "name the target column with --target COLUMN or data.target"
        raise file_error(source, f"{rule}; columns: {visible(', '.join(map(visible, columns)), longest=400)}")
    for name in target:
        if name not in columns:
            raise file_error(source, f"there is no target column '{visible(name)}': {nearest_column(name, columns)}")
        if list(target).count(name) > 1:
            raise file_error(source, f"target column '{visible(name)}' is named twice; name it once")


def check_size(source: str, table: polars.DataFrame, target: Sequence[str]) -> None:
    """Raises DataError when nothing is left to learn from or to measure on."""
    if table.height < 2:
        found = "only 1 row" if table.height else "no rows"
        raise file_error(source, f"the file has {found}; at least 2 are needed, one to train and one to validate")
    if table.width == len(target):
        raise file_error(source, "no input column is left; the file needs at least one column that is no target")


def plain_column(column: polars.Series) -> polars.Series:
    """The column with categories as text, which they are to people."""
    is_category = column.dtype in (polars.Categorical, polars.Enum)
    return column.cast(polars.String) if is_category else column


def check_values(source: str, column: polars.Series, place: Place) -> None:
    """Raises DataError at the first value that is missing (null, empty text, NaN) or infinite."""
    missing = column.is_null()
    if column.dtype == polars.String:
        missing = missing | (column == "")
    if column.dtype.is_float():
        missing = missing | column.is_nan()
    if missing.any():
        raise cell_error(source, column, place(first(missing)), "the value is missing; fill it in or remove the row")
    if column.dtype.is_float() and (infinite := column.is_infinite()).any():
        raise cell_error(source, column, place(first(infinite)), "the value is infinite; correct it or remove the row")


def check_input(source: str, column: polars.Series, place: Place) -> None:
    """Raises DataError unless the column can be used as an input."""
    if column.dtype == polars.String:
        raise text_input_error(source, column, place)
    if not holds_numbers(column) and column.dtype != polars.Boolean:
        rule = f"column '{visible(column.name)}' holds {visible(column.dtype)}, but an input must hold numbers"
        raise file_error(source, f"{rule}; convert or remove it")


def text_input_error(source: str, column: polars.Series, place: Place) -> DataError:
    """The error for an input of text: a mistyped number where most cells are numbers, otherwise a wrong column."""
    is_number = column.cast(polars.Float64, strict=False).is_not_null()
    row = first(~is_number)
    text = f"'{visible(column[row])}'"
    if is_number.sum() * 2 > len(column) and not is_number.all():
        return cell_error(source, column, place(row), f"{text} is no number; correct it or remove the row")
    return cell_error(
        source, column, place(row), f"{text} is text, but inputs must be numbers; recode or remove the column"
    )


def first(mask: polars.Series) -> int:
    """The position of the first true value of a mask that has one."""
    position = mask.arg_max()
    assert position is not None
    return position


def cell_error(source: str, column: polars.Series, place: str, rule: str) -> DataError:
    return file_error(source, f"{place}, column '{visible(column.name)}': {rule}")


def target_values(source: str, column: polars.Series) -> np.ndarray:
    """A target column as NumPy array: text as objects, booleans and integers as they are, other numbers as float64."""
    if column.dtype in (polars.String, polars.Boolean):
        return column.to_numpy()
    if not holds_numbers(column):
        rule = f"target column '{visible(column.name)}' holds {visible(column.dtype)}"
        raise file_error(source, f"{rule}, but must hold numbers, text or booleans; convert it")
    # Larger integers than int64 holds are certainly numbers, not classes.
    whole = column.cast(polars.Int64, strict=False)
    return whole.to_numpy() if column.dtype.is_integer() and not whole.has_nulls() else float_values(column)


def holds_numbers(column: polars.Series) -> bool:
    return column.dtype.is_numeric()


def float_values(column: polars.Series) -> np.ndarray:
    return column.cast(polars.Float64).to_numpy()
