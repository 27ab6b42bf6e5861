"""Registry of the SQLite files that this process has open; nothing but SQLite may open them.

Under POSIX, closing a file once drops all locks of the process on it, even if it is still open elsewhere. So reading a
few bytes of a database could remove the locks of another thread's connection, and the database could be damaged.
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
    """The identity of a file, independent of its name."""
    found = os.stat(path)
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def counting() -> Iterator[Counter[Key]]:
    """The number of connections of this process per file, locked against other threads."""
    with _lock:
        yield _connections


@contextlib.contextmanager
def safe_to_open(path: Path) -> Iterator[bool]:
    """Yields whether no connection has the file open, so it may be opened and closed; blocks new ones meanwhile."""
    with _lock:
        yield not is_open(path)


def is_open(path: Path) -> bool:
    """Whether this process has the file open as a database."""
    with _lock:
        return os.path.exists(path) and _connections[key_of(path)] > 0
