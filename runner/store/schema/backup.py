"""Backups of SQLite files, including the automatic ones before an upgrade.

A copy is built in a private folder next to its destination with SQLite's backup API, which takes a consistent snapshot
and does not block writers. The copy is checked, and gets its final name only when it is complete and on disk. It is a
single file without a log, and has the permissions of the database from its first byte on.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from fitgap.runner.errors import StoreError
from fitgap.runner.files.atomic_files import give_rights, publish, publish_free, staging_folder
from fitgap.runner.store.database.addresses import database_url, is_file
from fitgap.runner.store.database.connection import connect
from fitgap.runner.store.database.sqlite import open_sqlite
from fitgap.runner.store.database.sqlite_files import CountedConnection, changed, check_file, path_of, way_to_read
from fitgap.runner.store.database.sqlite_wal import refuse_stray_log, shown_path, side_file, size_of
from fitgap.runner.store.schema.version import stored_version
from sqlalchemy.engine import URL

# Pages copied per step; signals such as Ctrl-C are handled between steps.
PAGES_AT_A_TIME = 4_000
USE_PG_DUMP = "fitgap backs up SQLite files only; for a database on a server use pg_dump and pg_restore"


def back_up(path: Path, version: str) -> Path:
    """Copy the file before its upgrade to `NAME.VERSION.backup` next to it, or to the next free name.

    The caller must hold the write lock.
    """
    try:
        return keep_copy(path, path.with_name(f"{path.name}.{version}.backup"))
    except (OSError, sqlite3.Error) as error:
        name = shown_path(path)
        raise StoreError(f"{name} was not upgraded, because it cannot be backed up first: {error}") from None


def keep_copy(path: Path, wanted: Path) -> Path:
    """Copy a database to `wanted`, or to the first free name of wanted-2, wanted-3, …; returns the path."""
    with staging_folder(wanted) as folder:
        part = folder / "copy"
        copy(path, part)
        return publish_free(part, wanted)


def back_up_database(database: str | None, target: str | None) -> Path:
    """Back up an SQLite database, even while it is being used; returns the path of the backup.

    Raises StoreError if it is damaged or not a fitgap database, or if the target exists.
    """
    url = database_url(database)
    if not is_file(url):
        raise StoreError(USE_PG_DUMP)
    refuse_unknown(url)
    path, wanted = path_of(url), wanted_file(target)
    if wanted is None:
        with translated_file_errors(path.with_name(f"{path.name}.backup")):
            return keep_copy(path, path.with_name(f"{path.name}.backup"))
    with new_database(wanted, 0o600) as part:
        copy(path, part)
    return wanted


def refuse_unknown(url: URL) -> None:
    """Raise StoreError if the database does not exist, is empty or not fitgap's. Any schema version is accepted."""
    engine = connect(url, read_only=True)
    try:
        if stored_version(engine) is None:
            raise StoreError(f"{shown_path(path_of(url))} is an empty database; there is nothing to copy")
    finally:
        engine.dispose()


def wanted_file(given: str | None) -> Path | None:
    """The file for the backup, if one is given."""
    if given is None:
        return None
    url = database_url(given)
    if not is_file(url):
        raise StoreError("a backup must be a file; name one, or omit the name")
    return path_of(url)


@contextlib.contextmanager
def new_database(path: Path, rights: int | None = None) -> Iterator[Path]:
    """Context manager with a temporary path at which to build a new database; at the end it is renamed to `path`.

    Raises StoreError if `path` exists, or if there is a log of an earlier database.
    """
    with translated_file_errors(path):
        refuse_taken(path)
        with staging_folder(path) as folder:
            part = folder / "new"
            make_private(part, rights)
            yield part
            refuse_open_log(part)
            refuse_taken(path)
            publish(part, path)


def make_private(part: Path, rights: int | None) -> None:
    """Create an empty file with these permissions (default: those of new files)."""
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if rights is None else 0o600))
    if rights is not None:
        part.chmod(rights)


def refuse_open_log(part: Path) -> None:
    """Raise StoreError if the last rows of the new database are still in its log instead of the file."""
    if size_of(side_file(part, "-wal")):
        raise StoreError("the new database could not be completed; try again")


def refuse_taken(path: Path) -> None:
    """Raise StoreError if the name is taken, or if there is a log of an earlier database with this name."""
    check_file(path, must_exist=False)
    if os.path.lexists(path):
        raise StoreError(f"{shown_path(path)} already exists and is never overwritten; name another file")
    refuse_stray_log(path)


@contextlib.contextmanager
def translated_file_errors(path: Path) -> Iterator[None]:
    """Context manager that turns system errors about a new file into StoreError."""
    try:
        yield
    except FileExistsError:
        raise StoreError(f"{shown_path(path)} was created by another program meanwhile; name another file") from None
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(
            f"{shown_path(path)} cannot be written: {reason}; check its folder and the free space"
        ) from None
    except sqlite3.Error as error:
        raise StoreError(
            f"{shown_path(path)} cannot be written: {error}; check its folder and the free space"
        ) from None


def copy(source: Path, target: Path) -> None:
    """Copy a database that may be in use, and check the copy. It has the same permissions and no log.

    `target` must be in a private folder. Raises StoreError if the database is damaged, or if it changes while it is
    read without locks.
    """
    if not target.exists():
        make_private(target, 0o600)
    give_rights(target, source)
    how = way_to_read(source)
    with (
        contextlib.closing(open_sqlite(URL.create("sqlite", database=str(source)), how)) as reading,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as writing,
    ):
        # One transaction, so that the copy is a consistent snapshot.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master")
        reading.backup(writing, pages=PAGES_AT_A_TIME, sleep=0.05)
        refuse_change(reading)
        writing.execute("PRAGMA journal_mode = DELETE")
        if writing.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise StoreError(f"the database {shown_path(source)} is damaged, so it cannot be copied completely")


def refuse_change(reading: sqlite3.Connection) -> None:
    """Raise StoreError if a file changed while it was read without locks."""
    if isinstance(reading, CountedConnection) and reading.frozen and reading.has_changed:
        raise changed(URL.create("sqlite", database=str(reading.frozen[0])))
