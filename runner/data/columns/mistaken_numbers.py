"""Mistakes among the numbers of a text column: words, and cells with the other decimal mark."""

import polars
from fitgap.runner.data.columns.cell_values import COMMA_DECIMAL, MISSING_AMONG_NUMBERS
from fitgap.runner.data.columns.raw_table import Table, cell_error, first
from fitgap.runner.data.error_texts import visible
from fitgap.runner.errors import DataError

COMMA_FRACTION = r"^[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)?,\d+([eE][+-]?\d+)?$"
POINT_FRACTION = r"^[+-]?\d*\.\d+([eE][+-]?\d+)?$"
# Several values in one cell, such as 1,2,3.
LIST = r",.*,"
MARKS = {",": "comma", ".": "point"}


def decimal_of(column: polars.Series) -> str:
    """The decimal mark with which most cells of a text column are numbers."""
    points = column.cast(polars.Float64, strict=False).is_not_null()
    commas = column.str.contains(COMMA_DECIMAL)
    return "." if commas.sum() <= points.sum() or column.str.contains(LIST).any() else ","


def are_numbers(column: polars.Series) -> polars.Series:
    """Which cells of a text column are numbers with the decimal mark that most of them have."""
    if decimal_of(column) == ",":
        return column.str.contains(COMMA_DECIMAL).fill_null(False)
    return column.cast(polars.Float64, strict=False).is_not_null()


def has_both_marks(column: polars.Series) -> bool:
    """Whether all cells of a text column are numbers, some with a decimal comma and some with a point."""
    commas = column.str.contains(COMMA_FRACTION).fill_null(False)
    points = column.str.contains(POINT_FRACTION).fill_null(False) & ~commas
    if not commas.any() or not points.any():
        return False
    present = column.is_not_null() & ~column.is_in(list(MISSING_AMONG_NUMBERS)).fill_null(False)
    whole = column.cast(polars.Float64, strict=False).is_not_null()
    return bool((commas | points | whole).filter(present).all())


def mistakes_in(column: polars.Series) -> polars.Series:
    """Which cells in a column of numbers are not numbers. Words for missing values count only if no others exist."""
    others = column.is_not_null() & ~are_numbers(column)
    wrong = others & ~column.is_in(list(MISSING_AMONG_NUMBERS)).fill_null(False)
    return wrong if wrong.any() else others


def mistake_error(table: Table, column: polars.Series) -> DataError:
    """The error for the first mistake in a column of numbers, with what to do about it."""
    row = first(mistakes_in(column))
    return cell_error(table, column, row, f"{mistake(column, row)}; {advice(column, row)}")


def mistake(column: polars.Series, row: int) -> str:
    """What is wrong with a cell that is not a number like the others."""
    if other := other_mark(column, row):
        own, most = (MARKS[mark] for mark in (other, decimal_of(column)))
        return f"'{visible(column[row])}' has a decimal {own}, but most numbers here have a decimal {most}"
    return f"'{visible(column[row])}' is not a number"


def advice(column: polars.Series, row: int) -> str:
    """What to do about a mistake."""
    if other_mark(column, row):
        return "write all with the same mark, or see --categorical"
    if row == len(column) - 1:
        return "if the last line holds totals, remove it, else correct it"
    return "correct it or remove the row, or see --missing-values and --categorical"


def other_mark(column: polars.Series, row: int) -> str | None:
    """The decimal mark of a cell if most numbers of the column have the other one."""
    commas, points = column.str.contains(COMMA_FRACTION), column.str.contains(POINT_FRACTION)
    if decimal_of(column) == ",":
        return "." if points[row] and commas.any() else None
    return "," if commas[row] and points.any() else None
