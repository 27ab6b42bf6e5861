"""Many numbers from the database as arrays, block by block: a row of each as an object would take a hundred times the memory."""

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

ROWS_PER_BLOCK = 20_000


def fetch_numbers(connection: Connection, query: sa.Select) -> list[np.ndarray]:
    """The columns of an answer of numbers alone, as doubles; NULL becomes NaN."""
    result = connection.execute(query)
    # The driver's own rows: numbers need no treatment by SQLAlchemy, which would take as long again.
    cursor = result.cursor
    blocks = [np.empty((len(result.keys()), 0))]
    while cursor and (rows := cursor.fetchmany(ROWS_PER_BLOCK)):
        blocks.append(np.array([np.array(column, float) for column in zip(*rows, strict=True)]))
    result.close()
    return list(np.concatenate(blocks, axis=1))
