"""The copy of an SQLite file that is made before its tables change."""

import contextlib
import itertools
import os
import sqlite3
from pathlib import Path

from runner.errors import StoreError
from runner.passwords import without_passwords


def back_up(path: Path, version: str) -> Path:
    """Copy the file, as last committed, to `NAME.VERSION.backup` beside it, or to the next name that is free.

    The copy has its name only when it is whole and on disk. Whoever calls this holds the lock for writing.
    """
    part = path.with_name(f"{path.name}.{version}.backup.part")
    try:
        remove(part)
        copy(path, part)
        target = free_name(path.with_name(f"{path.name}.{version}.backup"))
        part.rename(target)
    except (OSError, sqlite3.Error) as error:
        remove(part)
        name = without_passwords(str(path))
        raise StoreError(f"{name} cannot be copied before its upgrade, and was left as it is: {error}") from None
    return target


def copy(source: Path, target: Path) -> None:
    """A copy of a database that may be in use, on disk when this returns."""
    with (
        contextlib.closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as reading,
        contextlib.closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
    with target.open("rb") as written:
        os.fsync(written.fileno())


def free_name(wanted: Path) -> Path:
    """The wanted name, or the first of wanted-2, wanted-3, … that no file has."""
    names = itertools.chain([wanted], (wanted.with_name(f"{wanted.name}-{number}") for number in itertools.count(2)))
    return next(name for name in names if not name.exists())


def remove(part: Path) -> None:
    """Remove what an attempt that was killed may have left."""
    for ending in ("", "-journal", "-wal", "-shm"):
        part.with_name(part.name + ending).unlink(missing_ok=True)
