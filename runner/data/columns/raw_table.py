"""Columns of a table read from a file, and checks of their values."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.errors import DataError

# The column of row numbers.
ROW = "row"


@dataclass(frozen=True)
class Table:
    """Typed columns of the file `source`.

    `place` takes the number of a row, from 0, and returns its position in the file, such as "line 5" or "row 4".
    `numbers` (N,) are the row numbers in the file, from 0; None if no row was left out.
    """

    source: str
    frame: polars.DataFrame
    place: Callable[[int], str]
    numbers: np.ndarray | None = None


def plain_column(column: polars.Series) -> polars.Series:
    """The column with categories converted to text and empty text to missing values."""
    if column.dtype in (polars.Categorical, polars.Enum):
        column = column.cast(polars.String)
    return column.replace("", None) if column.dtype == polars.String else column


def is_missing(column: polars.Series) -> polars.Series:
    """Which values of a column from `plain_column` are missing: null or NaN."""
    if not column.dtype.is_float():
        return column.is_null()
    # Null becomes NaN. Each polars operation would build a query, which is slow for thousands of columns.
    return polars.Series(column.name, np.isnan(column.to_numpy()))


def check_present(table: Table, column: polars.Series, advice: str) -> None:
    """Raise DataError for the first missing value."""
    if (missing := is_missing(column)).any():
        raise cell_error(table, column, first(missing), f"the value is missing; {advice}")


def check_finite(table: Table, column: polars.Series) -> None:
    """Raise DataError for the first infinite value."""
    if column.dtype.is_float() and (infinite := np.isinf(column.to_numpy())).any():
        raise cell_error(table, column, int(infinite.argmax()), "the value is infinite; correct it or remove the row")


def check_number(table: Table, column: polars.Series) -> None:
    """Raise DataError unless the column holds numbers or booleans."""
    if not holds_numbers(column) and column.dtype != polars.Boolean:
        rule = f"column '{visible(column.name)}' holds {visible(column.dtype)}, but an input must hold numbers"
        raise file_error(table.source, f"{rule}; convert or remove it")


def holds_numbers(column: polars.Series) -> bool:
    return column.dtype.is_numeric()


def float_values(column: polars.Series) -> np.ndarray:
    """A column of numbers or booleans as float64; missing values become NaN."""
    return column.cast(polars.Float64).to_numpy()


def first(mask: polars.Series) -> int:
    """The position of the first true value; there must be one."""
    position = mask.arg_max()
    assert position is not None
    return position


def cell_error(table: Table, column: polars.Series, row: int, rule: str) -> DataError:
    return file_error(table.source, f"{table.place(row)}, column '{visible(column.name)}': {rule}")


def unnamed(number: int) -> str:
    """The name given to an unnamed column at this position, counted from 1."""
    return f"(unnamed {number})"


def with_row_numbers(table: Table) -> Table:
    """The table with the number of each row in the file, from 1, as a column in front."""
    if ROW in table.frame.columns:
        return table
    return replace(table, frame=table.frame.select(polars.Series(ROW, numbers_of(table) + 1), polars.all()))


def numbers_of(table: Table) -> np.ndarray:
    """The numbers (N,) of the rows in the file, from 0."""
    return np.arange(table.frame.height) if table.numbers is None else table.numbers


def kept_rows(table: Table, keep: np.ndarray) -> Table:
    """The rows for which `keep` (N,) is true."""
    rows, place = np.flatnonzero(keep), table.place
    # The function must not hold on to the table with all rows.
    frame, numbers = table.frame.filter(keep), numbers_of(table)[keep]
    return Table(table.source, frame, lambda row: place(int(rows[row])), numbers)
