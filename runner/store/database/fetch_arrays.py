"""Many numbers from the database as arrays: a row of each as an object would take a hundred times the memory."""

import itertools
from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np
import sqlalchemy as sa
from fitgap.runner.store.database.postgresql import COPIED_INTO, CopiedOut
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# PostgreSQL's binary forms. A stream has 19 bytes before its first row; a row is the number of its columns, then of
# each the number of its bytes, -1 for NULL, and these. An array is five numbers, the fourth its length, then of each
# element the number of its bytes and these. The highest byte always comes first.
BEFORE_ROW, ARRAY_HEAD = 19 + 2, 5
NUMBER = np.dtype(">i4")
ELEMENT = np.dtype([("bytes", ">i4"), ("value", ">f8")])


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
    """The same from PostgreSQL's binary stream, in which every column is one array: no row is looked at by Python.

    The server keeps the order of the rows, which its manual promises for what has been sorted before it is aggregated.
    """
    doubles = [
        sa.cast(column, sa.Double).label(f"column_{place}") for place, column in enumerate(query.selected_columns)
    ]
    inner = query.with_only_columns(*doubles).subquery()
    stream: list[bytes] = []
    arrays = sa.select(*(sa.func.array_agg(column) for column in inner.columns))
    # Arrays of several processes would be put together by one of them, which takes longer than making them.
    connection.exec_driver_sql("SET LOCAL max_parallel_workers_per_gather = 0")
    connection.execute(CopiedOut(arrays), execution_options={COPIED_INTO: stream})
    return np.array(list(arrays_of(b"".join(stream), columns))).T


def arrays_of(stream: bytes, columns: int) -> Iterator[np.ndarray]:
    """The arrays in the only row of a stream; empty ones where they are NULL, for want of rows."""
    place = BEFORE_ROW
    for _ in range(columns):
        (length,) = np.frombuffer(stream, NUMBER, 1, place).tolist()
        place += NUMBER.itemsize
        if length < 0:
            yield np.empty(0)
            continue
        head = np.frombuffer(stream, NUMBER, ARRAY_HEAD, place)
        yield np.frombuffer(stream, ELEMENT, head[3], place + head.nbytes)["value"].astype(np.float64)
        place += length


def never_null(column: ColumnElement) -> ColumnElement:
    """The column with infinity, which the database never holds, where there is no number."""
    if isinstance(column, sa.Column) and not column.nullable:
        return column
    return sa.func.coalesce(sa.cast(column, sa.Double), sa.literal(np.inf, sa.Double))
