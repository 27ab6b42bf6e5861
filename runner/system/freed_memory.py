"""Freed memory goes back to the machine: a server lives long, and what it needs for its largest answers is rare."""

import contextlib
import ctypes
import os
import sys

# Polars brings the allocator jemalloc, which would keep what it has freed, up to the most that was ever needed at once.
# It reads this when Polars is loaded.
POLARS_VARIABLE, POLARS_SETTING = "_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0"
# M_ARENA_MAX of glibc, of which each thread would otherwise have a heap of its own, with gaps of its own.
ARENA_MAX, ARENAS = -8, 2


def keep_little() -> None:
    """Set the allocators of a process up for this. To be called before other threads start and Polars is loaded."""
    os.environ.setdefault(POLARS_VARIABLE, POLARS_SETTING)
    if sys.platform == "linux":
        # Other C libraries than glibc have no such function, and no such heaps.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return the free memory of glibc's heaps to the machine, which takes a few milliseconds."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
