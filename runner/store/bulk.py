"""Epochs by the million: columns in blocks, straight from the database's driver into arrays."""

from collections.abc import Iterator

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.store import rows
from runner.store.tables import epoch

TRIALS_AT_A_TIME = 500
# Rows that become arrays at once: so few that the processor's cache still has them.
ROWS_AT_A_TIME = 1_000
WHOLE_NUMBERS = ("trial", "epoch")
KINDS = [np.int32 if name in WHOLE_NUMBERS else np.float64 for name in rows.EPOCH]

QUERY = (
    sa.select(*rows.labelled(rows.EPOCH))
    .where(epoch.c.trial_id.in_(sa.bindparam("numbers", expanding=True)))
    .order_by(epoch.c.trial_id, epoch.c.epoch)
)


def epoch_blocks(connection: Connection, numbers: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
    """The epochs of these trials (n,) in their order, with the keys of an epoch's row as columns (m,), block by block.

    Numbers of trials and epochs are whole; all others are doubles, with NaN for what is not known.
    """
    for start in range(0, len(numbers), TRIALS_AT_A_TIME):
        part = numbers[start : start + TRIALS_AT_A_TIME].tolist()
        pieces = list(pieces_of(connection, part))
        if pieces:
            columns = zip(rows.EPOCH, zip(*pieces, strict=True), strict=True)
            yield {name: np.concatenate(column) for name, column in columns}


def pieces_of(connection: Connection, numbers: list[int]) -> Iterator[list[np.ndarray]]:
    """The columns of some rows after another."""
    # The driver's own cursor: SQLAlchemy's rows would take three times as long.
    cursor = connection.execute(QUERY, {"numbers": numbers}).cursor
    while cursor is not None and (found := cursor.fetchmany(ROWS_AT_A_TIME)):
        yield [np.array(values, kind) for values, kind in zip(zip(*found, strict=True), KINDS, strict=True)]
