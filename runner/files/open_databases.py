"""The SQLite files that this process has open: they are not to be opened by anything but SQLite.

A process loses all its locks on a file when it closes the file once, however often it has it open (POSIX). So reading a
few bytes of a database would leave a connection of another thread without its locks, and the database could be damaged.
"""

import contextlib
import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

Key = tuple[int, int]

_lock = threading.RLock()
_connections: Counter[Key] = Counter()


def key_of(path: Path) -> Key:
    """What tells a file from all others, whatever it is called."""
    found = os.stat(path)
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def counting() -> Iterator[Counter[Key]]:
    """How many connections of this process each file has; nobody else changes or asks it meanwhile."""
    with _lock:
        yield _connections


@contextlib.contextmanager
def only_ours(path: Path) -> Iterator[bool]:
    """Whether the file may be opened and closed: no connection has it open, and none is opened within the block."""
    with _lock:
        yield not is_open(path)


def is_open(path: Path) -> bool:
    """Whether this process has the file open as a database."""
    with _lock:
        return os.path.exists(path) and _connections[key_of(path)] > 0
