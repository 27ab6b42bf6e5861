"""Epochs by the million: columns in blocks, and a second process that helps to read them where there are many."""

import contextlib
import time
from collections.abc import Iterator, Sequence

import numpy as np
import sqlalchemy as sa
from fitgap.runner.store.read.epoch_columns import Columns, epoch_columns
from fitgap.runner.store.read.reader_process import SecondReader
from fitgap.runner.system.cores import usable_cores
from sqlalchemy.engine import Connection

TRIALS_AT_A_TIME = 500
# Who has read for so long without coming half way gets help, which itself needs about half a second to come.
SECONDS_ALONE = 1.0


def epoch_blocks(connection: Connection, numbers: np.ndarray) -> Iterator[Columns]:
    """The epochs of these trials (n,) in their order, with the keys of an epoch's row as columns (m,), block by block.

    Numbers of trials and epochs are whole; all others are doubles, with NaN for what is not known. A block is of the
    moment in which it is read.
    """
    parts = [numbers[start : start + TRIALS_AT_A_TIME] for start in range(0, len(numbers), TRIALS_AT_A_TIME)]
    helper: SecondReader | None = None
    helped = range(0)
    begin = time.monotonic()
    with contextlib.ExitStack() as opened:
        for place, part in enumerate(parts):
            columns = helper.next_part() if helper and place in helped else None
            if columns is None:
                columns = epoch_columns(connection, part)
            if len(columns["trial"]):
                yield columns
            if helper is None and time.monotonic() - begin > SECONDS_ALONE and needs_help(connection, place, parts):
                # Every second one, from where we shall be when the other process has started.
                helped = range(2 * place + 1, len(parts), 2)
                # Where no process can be started, it is done alone.
                with contextlib.suppress(OSError):
                    helper = SecondReader(file_of(connection), [parts[each] for each in helped])
                    opened.callback(helper.close)


def needs_help(connection: Connection, place: int, parts: Sequence[np.ndarray]) -> bool:
    """Whether another process would gain time: a server is one itself, and a short rest is read as quickly alone."""
    return connection.dialect.name == "sqlite" and 3 * (place + 1) < len(parts) and usable_cores() > 1


def file_of(connection: Connection) -> str:
    """The file of an SQLite database, wherever the current folder is by now."""
    return connection.execute(sa.text("PRAGMA database_list")).one().file
