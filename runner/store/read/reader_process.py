"""A second process that reads epochs of an SQLite file beside this one: turning rows into arrays takes a whole core.

A process and not a thread, since rows become objects of Python first; and not a quicker library in this one, since two
copies of SQLite in one process undo each other's locks.
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


class SecondReader:
    """Reads the epochs of some parts of a list of trials, one part ahead of whoever asks for them in turn."""

    def __init__(self, file: str, parts: Sequence[np.ndarray]):
        self.process = start_child(
            __name__, "read_aloud", file, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdin and self.process.stdout
        self._answers = self.process.stdout
        # Where it has died, whoever asks for its first part finds out. It answers nothing before it knows all parts.
        with contextlib.suppress(OSError), self.process.stdin as orders:
            for part in parts:
                orders.write(NUMBER.type(len(part)).tobytes() + part.astype(NUMBER).tobytes())

    def next_part(self) -> Columns | None:
        """The columns of the next part; None where the process is gone."""
        try:
            (count,) = read_array(self._answers, 1, NUMBER)
            return {name: read_array(self._answers, count, kind) for name, kind in KINDS.items()}
        except EOFError:
            return None

    def close(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        self._answers.close()


def read_array(stream: IO[bytes], count: int, kind: np.dtype) -> np.ndarray:
    """An array (count,) from its bytes; EOFError where there are not so many."""
    content = stream.read(count * kind.itemsize)
    if len(content) < count * kind.itemsize:
        raise EOFError
    return np.frombuffer(content, kind)


def read_aloud(file: str) -> None:
    """What the process does: it takes in which trials are meant and sends their epochs, part by part."""
    parts = list(parts_of(sys.stdin.buffer))
    engine = reading_engine(URL.create("sqlite", database=file))
    for part in parts:
        # What changed while it was read ends this process, and whoever waits for it reads the rest alone.
        with reading(engine) as connection:
            columns = epoch_columns(connection, part)
        sys.stdout.buffer.write(NUMBER.type(len(columns["trial"])).tobytes())
        for column in columns.values():
            sys.stdout.buffer.write(column.tobytes())
        sys.stdout.buffer.flush()


def parts_of(orders: IO[bytes]) -> Iterator[np.ndarray]:
    """The numbers of trials, part by part, until there are no more."""
    with contextlib.suppress(EOFError):
        while True:
            (count,) = read_array(orders, 1, NUMBER)
            yield read_array(orders, count, NUMBER)
