"""What takes long to make and only depends on the program: made once for all processes that run the tests."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder `name` of this run of the tests, which the first process that needs it fills with `make(folder)`.

    Others wait meanwhile. All share it, so its files are for reading; whoever opens a database takes a copy.
    """
    parent = shared_parent(factory)
    folder = parent / name
    with locked(parent / f"{name}.lock"):
        if not folder.exists():
            # Under its name only when it is complete: `make` may fail.
            making = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
            make(making)
            making.rename(folder)
    return folder


def shared_parent(factory: pytest.TempPathFactory) -> Path:
    """The folder for temporary files of the whole run; with `-n`, each process has one of its own below it."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file for the time of the block."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
