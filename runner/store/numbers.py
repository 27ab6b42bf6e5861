"""Many numbers from the database as arrays: a row of each as an object would take a hundred times the memory."""

import itertools
from collections.abc import Iterable
from typing import cast

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from runner.store.postgresql import COPIED_INTO, CopiedOut

# Of PostgreSQL's binary stream: what stands before and after the rows. A row is the number of its columns, then of each
# the number of its bytes and these, the highest byte first.
HEAD_BYTES, TAIL_BYTES = 19, 2


def fetch_numbers(connection: Connection, query: sa.Select) -> list[np.ndarray]:
    """The columns of an answer of numbers alone, as doubles; NULL becomes NaN."""
    columns = [never_null(column) for column in query.selected_columns]
    read = copied_numbers if connection.dialect.name == "postgresql" else fetched_numbers
    numbers = read(connection, query.with_only_columns(*columns), len(columns))
    numbers[np.isinf(numbers)] = np.nan
    return list(numbers.T)


def fetched_numbers(connection: Connection, query: sa.Select, columns: int) -> np.ndarray:
    """The numbers (rows, columns) of a query, by rows of the driver: SQLAlchemy's would take as long again."""
    result = connection.execute(query)
    rows = cast(Iterable[Iterable[float]], result.cursor)
    numbers = np.fromiter(itertools.chain.from_iterable(rows), np.float64)
    result.close()
    return numbers.reshape(-1, columns)


def copied_numbers(connection: Connection, query: sa.Select, columns: int) -> np.ndarray:
    """The same from PostgreSQL's binary stream: without NULL every row has as many bytes, so no row is looked at."""
    doubles = query.with_only_columns(*(sa.cast(column, sa.Double) for column in query.selected_columns))
    stream: list[bytes] = []
    connection.execute(CopiedOut(doubles), execution_options={COPIED_INTO: stream})
    row = np.dtype([("columns", ">i2"), ("values", [("bytes", ">i4"), ("value", ">f8")], (columns,))])
    rows = np.frombuffer(b"".join(stream)[HEAD_BYTES:-TAIL_BYTES], row)
    return rows["values"]["value"].astype(np.float64)


def never_null(column: ColumnElement) -> ColumnElement:
    """The column with infinity, which the database never holds, where there is no number."""
    if isinstance(column, sa.Column) and not column.nullable:
        return column
    return sa.func.coalesce(sa.cast(column, sa.Double), sa.literal(np.inf, sa.Double))
