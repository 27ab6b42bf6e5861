"""Imports of packages that set environment variables of their own; the user's process is left as it was."""

import contextlib
import os
import threading
from collections.abc import Iterator

# Set by threadpoolctl and by Polars when they are imported, and read only by what they load then.
SET_BY_IMPORTS = ("KMP_DUPLICATE_LIB_OK", "_RJEM_MALLOC_CONF")

_LOCK = threading.Lock()
_blocks = 0
_before: dict[str, str | None] = {}


@contextlib.contextmanager
def environment_kept() -> Iterator[None]:
    """Take back what an import within the block has set.

    Blocks of several threads overlap: the first one in notes the values and the last one out restores them. A thread
    with notes of its own would note, and bring back, what an import of another thread had just set.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _blocks, _before
    with _LOCK:
        if _blocks == 0:
            _before = {name: os.environ.get(name) for name in SET_BY_IMPORTS}
        _blocks += 1


def _leave() -> None:
    global _blocks
    with _LOCK:
        _blocks -= 1
        if _blocks:
            return
        for name, value in _before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
