"""A second process that reads epochs of an SQLite file in parallel, since converting rows to arrays occupies a core.

A thread would not help, since creating Python objects for the rows holds the interpreter's lock. A faster library in
this process would be unsafe, because two copies of SQLite in one process cancel each other's locks.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np
from fitgap.runner.store.database.sqlite import reading, reading_engine
from fitgap.runner.store.read.epoch_columns import KINDS, Columns, epoch_columns
from fitgap.runner.system.child_processes import start_child
from sqlalchemy.engine import URL

NUMBER = np.dtype(np.int64)


class ReaderProcess:
    """Reads the epochs of some parts of a list of trials, one part ahead of the caller."""

    def __init__(self, file: str, parts: Sequence[np.ndarray]):
        self.process = start_child(
            __name__, "send_epochs", file, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdin and self.process.stdout
        self._answers = self.process.stdout
        # If the process has died, `next_part` notices. The process sends nothing before it has received all parts.
        with contextlib.suppress(OSError), self.process.stdin as orders:
            for part in parts:
                orders.write(NUMBER.type(len(part)).tobytes() + part.astype(NUMBER).tobytes())

    def next_part(self) -> Columns | None:
        """The columns of the next part; None if the process is gone."""
        try:
            (count,) = read_array(self._answers, 1, NUMBER)
            return {name: read_array(self._answers, count, kind) for name, kind in KINDS.items()}
        except EOFError:
            return None

    def close(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.wait()
        self._answers.close()


def read_array(stream: IO[bytes], count: int, kind: np.dtype) -> np.ndarray:
    """Read an array (count,) from a stream; EOFError if the stream ends too early."""
    content = stream.read(count * kind.itemsize)
    if len(content) < count * kind.itemsize:
        raise EOFError
    return np.frombuffer(content, kind)


def send_epochs(file: str) -> None:
    """The task of the process: read the trial numbers from standard input and write their epochs, part by part."""
    parts = list(parts_of(sys.stdin.buffer))
    engine = reading_engine(URL.create("sqlite", database=file))
    for part in parts:
        # If the file changes while it is read, this process fails, and its parent reads the rest.
        with reading(engine) as connection:
            columns = epoch_columns(connection, part)
        sys.stdout.buffer.write(NUMBER.type(len(columns["trial"])).tobytes())
        for column in columns.values():
            sys.stdout.buffer.write(column.tobytes())
        sys.stdout.buffer.flush()


def parts_of(orders: IO[bytes]) -> Iterator[np.ndarray]:
    """The trial numbers of each part, until the end of the stream."""
    with contextlib.suppress(EOFError):
        while True:
            (count,) = read_array(orders, 1, NUMBER)
            yield read_array(orders, count, NUMBER)
