"""One-hot encoding of text columns: one input per category, named `column=category`."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars
from fitgap.runner.data.columns.mistaken_numbers import are_numbers, has_both_marks, mistake_error
from fitgap.runner.data.columns.raw_table import Table, cell_error, first, float_values
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.data.handling import Handling

MOST_CATEGORIES = 1000


def check_text(table: Table, column: polars.Series, handling: Handling) -> None:
    """Raise DataError if text is refused, or if the column is probably not meant to be text.

    If most cells are numbers, the first of the others is probably a typing mistake.
    """
    is_number = are_numbers(column)
    others = column.is_not_null() & ~is_number
    if column.null_count() == len(column):
        raise file_error(table.source, f"column '{visible(column.name)}' has no values; remove it")
    is_mistaken = is_number.sum() > others.sum() > 0 or has_both_marks(column)
    if is_mistaken and column.name not in handling.categories:
        raise mistake_error(table, column)
    if handling.text == "refuse":
        row = first(others if others.any() else is_number)
        rule = f"'{visible(column[row])}' is text, but inputs must be numbers"
        raise cell_error(table, column, row, f"{rule}; remove the column, or choose one_hot with --text or data.text")


def categories_of(source: str, inputs: polars.DataFrame) -> dict[str, tuple[str, ...]]:
    """The sorted categories of each text column. Raises DataError if there are too many."""
    text = [column for column in inputs if column.dtype == polars.String]
    found = {column.name: tuple(sorted(column.drop_nulls().unique())) for column in text}
    total = sum(map(len, found.values()))
    if total > MOST_CATEGORIES:
        name = max(found, key=lambda name: len(found[name]))
        rule = f"the text columns have {total} categories, but may have at most {MOST_CATEGORIES}"
        raise file_error(source, f"{rule}; '{visible(name)}' alone has {len(found[name])}: remove it or group them")
    return found


def input_names(source: str, columns: Sequence[str], text_columns: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The names of all inputs, in the order of the columns. Raises DataError if two would be equal."""
    names = [name for column in columns for name in names_of(column, text_columns)]
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        rule = f"{count} inputs would be named '{visible(name)}' (a column, or a column and its category)"
        raise file_error(source, f"{rule}; rename a column")
    return tuple(names)


def names_of(column: str, text_columns: Mapping[str, Sequence[str]]) -> list[str]:
    """The names of the inputs that a column is turned into."""
    if column not in text_columns:
        return [column]
    return [f"{column}={category}" for category in text_columns[column]]


def one_hot_inputs(inputs: polars.DataFrame, text_columns: Mapping[str, Sequence[str]]) -> np.ndarray:
    """All inputs (N, n_0) in the order of the columns; missing values are NaN."""
    found = np.empty((inputs.height, sum(len(names_of(name, text_columns)) for name in inputs.columns)))
    place = 0
    # One column at a time, so that not all of them are in memory twice.
    for column in inputs:
        for values in encoded(column, text_columns):
            found[:, place] = values
            place += 1
    return found


def encoded(column: polars.Series, text_columns: Mapping[str, Sequence[str]]) -> Iterable[np.ndarray]:
    """The inputs, each (N,), that a column is turned into; text of an unknown category gives 0 in all of them."""
    if column.name not in text_columns:
        return [float_values(column)]
    return (float_values(column == category) for category in text_columns[column.name])
