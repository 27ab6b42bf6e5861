"""Streaming of many epochs: columns in blocks, with a second process that helps if there are many."""

import contextlib
import time
from collections.abc import Iterator, Sequence

import numpy as np
import sqlalchemy as sa
from fitgap.runner.store.read.epoch_columns import Columns, epoch_columns
from fitgap.runner.store.read.reader_process import ReaderProcess
from fitgap.runner.system.cores import usable_cores
from sqlalchemy.engine import Connection

TRIALS_AT_A_TIME = 500
# The second process is started after this time if much is left to read; starting it takes about half a second.
SECONDS_BEFORE_HELP = 1.0


def epoch_blocks(connection: Connection, numbers: np.ndarray) -> Iterator[Columns]:
    """Yield the epochs of these trials (n,), in order, in blocks of columns (m,) by key of an epoch's row.

    Trial and epoch numbers are integers; all other columns are doubles, with NaN for unknown values. Each block is a
    consistent snapshot, but different blocks are read at different times.
    """
    parts = [numbers[start : start + TRIALS_AT_A_TIME] for start in range(0, len(numbers), TRIALS_AT_A_TIME)]
    helper: ReaderProcess | None = None
    helped = range(0)
    begin = time.monotonic()
    with contextlib.ExitStack() as opened:
        for place, part in enumerate(parts):
            columns = helper.next_part() if helper and place in helped else None
            if columns is None:
                columns = epoch_columns(connection, part)
            if len(columns["trial"]):
                yield columns
            if (
                helper is None
                and time.monotonic() - begin > SECONDS_BEFORE_HELP
                and needs_help(connection, place, parts)
            ):
                # The helper reads every second part, starting where this process will be once it is ready.
                helped = range(2 * place + 1, len(parts), 2)
                # If no process can be started, this process reads all parts.
                with contextlib.suppress(OSError):
                    helper = ReaderProcess(file_of(connection), [parts[each] for each in helped])
                    opened.callback(helper.close)


def needs_help(connection: Connection, place: int, parts: Sequence[np.ndarray]) -> bool:
    """Whether another process would save time: not with a database server, nor if little is left to read."""
    return connection.dialect.name == "sqlite" and 3 * (place + 1) < len(parts) and usable_cores() > 1


def file_of(connection: Connection) -> str:
    """The absolute path of an SQLite database; the current folder may have changed since it was opened."""
    return connection.execute(sa.text("PRAGMA database_list")).one().file
