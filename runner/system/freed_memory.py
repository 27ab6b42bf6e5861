"""Return of freed memory to the system: a server runs for long and rarely needs as much as for its largest answers."""

import contextlib
import ctypes
import os
import sys

# Polars bundles the allocator jemalloc, which by default keeps freed memory, up to its peak. jemalloc reads this
# variable when Polars is loaded.
POLARS_VARIABLE, POLARS_SETTING = "_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0"
# M_ARENA_MAX of glibc. By default, each thread may get its own heap, each with its own fragmentation.
ARENA_MAX, ARENAS = -8, 2


def keep_little() -> None:
    """Make this process's allocators keep little memory. Call this before other threads start and Polars is loaded."""
    os.environ.setdefault(POLARS_VARIABLE, POLARS_SETTING)
    if sys.platform == "linux":
        # C libraries other than glibc have neither this function nor such heaps.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return the free memory of glibc's heaps to the system, which takes a few milliseconds."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
