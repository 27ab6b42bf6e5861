"""Whole copies of an SQLite file: backups, and the copy that is made before its tables change.

A copy is built in a private folder beside its place by SQLite's own backup, which sees one moment of the database and
keeps nobody from writing. It is checked, and gets its name when it is whole and on disk. It has no log, so that one
file is all of it, and the mode of the database from its first byte on.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from fitgap.runner.errors import StoreError
from fitgap.runner.files.whole_files import give_rights, publish, publish_free, workshop
from fitgap.runner.store.database.addresses import database_url, is_file
from fitgap.runner.store.database.connection import connect
from fitgap.runner.store.database.logs import beside, named, refuse_stray_log, size_of
from fitgap.runner.store.database.sqlite import open_sqlite
from fitgap.runner.store.database.sqlite_files import CountedConnection, changed, check_file, path_of, way_to_read
from fitgap.runner.store.schema.version import stored_version
from sqlalchemy.engine import URL

# Pages that are copied before anybody is listened to again, such as Ctrl-C.
PAGES_AT_A_TIME = 4_000
USE_PG_DUMP = "a database on a server is backed up by PostgreSQL's own programs: pg_dump, and pg_restore to go back"


def back_up(path: Path, version: str) -> Path:
    """Copy the file before its upgrade to `NAME.VERSION.backup` beside it, or to the next name that is free.

    Whoever calls this holds the lock for writing.
    """
    try:
        return keep_copy(path, path.with_name(f"{path.name}.{version}.backup"))
    except (OSError, sqlite3.Error) as error:
        name = named(path)
        raise StoreError(f"{name} cannot be copied before its upgrade, and was left as it is: {error}") from None


def keep_copy(path: Path, wanted: Path) -> Path:
    """Copy a database to the wanted name, or to the first of wanted-2, wanted-3, … that is free; returns which."""
    with workshop(wanted) as folder:
        part = folder / "copy"
        copy(path, part)
        return publish_free(part, wanted)


def back_up_database(database: str | None, target: str | None) -> Path:
    """Back up an SQLite database, also while others read and write it; returns the new file, which holds all of it.

    StoreError for a database that is not ours or damaged, and where something is called like the new file already.
    """
    url = database_url(database)
    if not is_file(url):
        raise StoreError(USE_PG_DUMP)
    refuse_unknown(url)
    path, wanted = path_of(url), wanted_file(target)
    if wanted is None:
        with told_of(path.with_name(f"{path.name}.backup")):
            return keep_copy(path, path.with_name(f"{path.name}.backup"))
    with new_database(wanted, 0o600) as part:
        copy(path, part)
    return wanted


def refuse_unknown(url: URL) -> None:
    """StoreError for a database that is not there, empty or not ours. Any schema is welcome."""
    engine = connect(url, read_only=True)
    try:
        if stored_version(engine) is None:
            raise StoreError(f"{named(path_of(url))} is an empty database; there is nothing to copy")
    finally:
        engine.dispose()


def wanted_file(given: str | None) -> Path | None:
    """The file that a backup is to be, where one is named."""
    if given is None:
        return None
    url = database_url(given)
    if not is_file(url):
        raise StoreError("a backup is a file; name one, or leave it out")
    return path_of(url)


@contextlib.contextmanager
def new_database(path: Path, rights: int | None = None) -> Iterator[Path]:
    """A path at which a new database is built, which gets its name at the end.

    StoreError where something has this name by then, or where the log of an earlier database lies there.
    """
    with told_of(path):
        refuse_taken(path)
        with workshop(path) as folder:
            part = folder / "new"
            make_private(part, rights)
            yield part
            refuse_open_log(part)
            refuse_taken(path)
            publish(part, path)


def make_private(part: Path, rights: int | None) -> None:
    """An empty file with these rights; with those that new files have where none are given."""
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if rights is None else 0o600))
    if rights is not None:
        part.chmod(rights)


def refuse_open_log(part: Path) -> None:
    """StoreError where the last rows of a database that was built are not in its file, but in its log."""
    if size_of(beside(part, "-wal")):
        raise StoreError("the new database could not be completed; try again")


def refuse_taken(path: Path) -> None:
    """StoreError where a database cannot get this name: something has it, or the log of an earlier one lies there."""
    check_file(path, must_exist=False)
    if os.path.lexists(path):
        raise StoreError(f"{named(path)} is there already, and is never written over; name another file")
    refuse_stray_log(path)


@contextlib.contextmanager
def told_of(path: Path) -> Iterator[None]:
    """Turn what the system says about a new file into a StoreError."""
    try:
        yield
    except FileExistsError:
        raise StoreError(f"{named(path)} appeared meanwhile, and was left as it is; name another file") from None
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(f"{named(path)} cannot be written: {reason}; check its folder and the room there") from None
    except sqlite3.Error as error:
        raise StoreError(f"{named(path)} cannot be written: {error}; check its folder and the room there") from None


def copy(source: Path, target: Path) -> None:
    """A copy of a database that may be in use, checked, with its mode, and without a log.

    `target` is in a private folder. StoreError where the database is damaged or changes under a reader without locks.
    """
    if not target.exists():
        make_private(target, 0o600)
    give_rights(target, source)
    how = way_to_read(source)
    with (
        contextlib.closing(open_sqlite(URL.create("sqlite", database=str(source)), how)) as reading,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as writing,
    ):
        # All of it is of one moment.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master")
        reading.backup(writing, pages=PAGES_AT_A_TIME, sleep=0.05)
        refuse_change(reading)
        writing.execute("PRAGMA journal_mode = DELETE")
        if writing.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise StoreError(f"the database {named(source)} is damaged, so that no whole copy of it can be made")


def refuse_change(reading: sqlite3.Connection) -> None:
    """StoreError where a file changed while it was read without locks."""
    if isinstance(reading, CountedConnection) and reading.frozen and reading.has_changed:
        raise changed(URL.create("sqlite", database=str(reading.frozen[0])))
