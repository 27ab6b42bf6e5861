"""Imports of packages that set environment variables, without leaving these in the user's process."""

import contextlib
import os
import threading
from collections.abc import Iterator

# threadpoolctl and Polars set these on import; only the libraries that they load then read them.
SET_BY_IMPORTS = ("KMP_DUPLICATE_LIB_OK", "_RJEM_MALLOC_CONF")

_LOCK = threading.Lock()
_blocks = 0
_before: dict[str, str | None] = {}


@contextlib.contextmanager
def environment_kept() -> Iterator[None]:
    """Context manager that restores the environment variables set by imports within the block.

    Blocks of several threads may overlap: the first one saves the values and the last one restores them. If every
    thread saved them, one could save and later restore a value that another thread's import had just set.
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
