"""Artifacts that are slow to make and depend only on the program: made once for all processes of a test run."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder `name` of this test run. The first process that needs it fills it with `make(folder)`; others wait
    meanwhile.

    All processes share it, so its files must not be changed: copy a database before opening it.
    """
    parent = shared_parent(factory)
    folder = parent / name
    with locked(parent / f"{name}.lock"):
        if not folder.exists():
            # Renamed only when it is complete, because `make` may fail.
            making = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
            make(making)
            making.rename(folder)
    return folder


def shared_parent(factory: pytest.TempPathFactory) -> Path:
    """The temporary folder of the whole test run; with `-n`, each process has a subfolder of its own."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file during the block."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
