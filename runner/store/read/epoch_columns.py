"""Epochs of trials as columns, read directly from the database driver into arrays."""

from collections.abc import Iterator, Mapping

import numpy as np
import sqlalchemy as sa
from fitgap.runner.store.database.fetch_arrays import fetch_numbers
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import epoch
from sqlalchemy.engine import Connection

Columns = dict[str, np.ndarray]
# Rows converted at once, few enough to stay in the processor's cache.
ROWS_AT_A_TIME = 1_000
WHOLE_NUMBERS = ("trial", "epoch")
KINDS: Mapping[str, np.dtype] = {
    name: np.dtype(np.int32 if name in WHOLE_NUMBERS else np.float64) for name in result_keys.EPOCH
}

QUERY = (
    sa.select(*result_keys.labelled(result_keys.EPOCH))
    .where(epoch.c.trial_id.in_(sa.bindparam("numbers", expanding=True)))
    .order_by(epoch.c.trial_id, epoch.c.epoch)
)


def epoch_columns(connection: Connection, trials: np.ndarray) -> Columns:
    """The epochs of these trials (n,), in order, as arrays (m,) by key of an epoch's row; NULL becomes NaN."""
    if connection.dialect.name == "postgresql":
        columns = fetch_numbers(connection, QUERY.params(numbers=trials.tolist()))
        return {name: column.astype(kind) for (name, kind), column in zip(KINDS.items(), columns, strict=True)}
    pieces = list(pieces_of(connection, trials))
    if not pieces:
        return {name: np.empty(0, kind) for name, kind in KINDS.items()}
    return dict(zip(KINDS, map(np.concatenate, zip(*pieces, strict=True)), strict=True))


def pieces_of(connection: Connection, trials: np.ndarray) -> Iterator[list[np.ndarray]]:
    """The columns in pieces of some rows each."""
    # Use the database driver's own cursor: SQLAlchemy's rows take three times as long.
    cursor = connection.execute(QUERY, {"numbers": trials.tolist()}).cursor
    while cursor is not None and (found := cursor.fetchmany(ROWS_AT_A_TIME)):
        columns = zip(*found, strict=True)
        yield [np.array(values, kind) for values, kind in zip(columns, KINDS.values(), strict=True)]
