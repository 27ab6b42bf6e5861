"""Many numbers from the database as arrays: a row of each as an object would take a hundred times the memory."""

import itertools
from collections.abc import Iterable
from typing import cast

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement


def fetch_numbers(connection: Connection, query: sa.Select) -> list[np.ndarray]:
    """The columns of an answer of numbers alone, as doubles; NULL becomes NaN."""
    columns = list(query.selected_columns)
    result = connection.execute(query.with_only_columns(*map(never_null, columns)))
    # The driver's own rows: numbers need no treatment by SQLAlchemy, which would take as long again.
    rows = cast(Iterable[Iterable[float]], result.cursor)
    numbers = np.fromiter(itertools.chain.from_iterable(rows), np.float64)
    result.close()
    numbers[np.isinf(numbers)] = np.nan
    return list(numbers.reshape(-1, len(columns)).T)


def never_null(column: ColumnElement) -> ColumnElement:
    """The column with infinity, which the database never holds, where there is no number."""
    if isinstance(column, sa.Column) and not column.nullable:
        return column
    return sa.func.coalesce(sa.cast(column, sa.Double), sa.literal(np.inf, sa.Double))
