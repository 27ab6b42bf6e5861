"""Restore of an SQLite database from a backup: the content of the backup is written into the database atomically.

The database file is never replaced: SQLite would apply the log of the old file to a new one, and programs that have the
database open would keep using the old file, which no longer has a name. Concurrent readers see either the old or the
new content, and a killed restore leaves the old content. First the old content is backed up, while the database is
locked for other writers, so that nothing written before the restore is lost.
"""

import contextlib
import sqlite3
import stat
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.files.atomic_files import staging_folder
from fitgap.runner.store.database.addresses import database_url, is_file
from fitgap.runner.store.database.connection import connect
from fitgap.runner.store.database.errors import DAMAGED, LOCKED, NO_DATABASE
from fitgap.runner.store.database.sqlite import open_sqlite, outside_transactions, prepare_for_writing
from fitgap.runner.store.database.sqlite_files import READING, check_writable, path_of
from fitgap.runner.store.database.sqlite_wal import head_of, shown_path, side_file, size_of
from fitgap.runner.store.schema.backup import (
    USE_PG_DUMP,
    copy,
    keep_copy,
    new_database,
    refuse_unknown,
    translated_file_errors,
)
from fitgap.runner.store.schema.version import current_version, refuse_newer, stored_version
from fitgap.runner.store.write.drivers_at_work import refuse_drivers_of
from sqlalchemy.engine import URL, Engine

# SQLite copies in steps of this many pages. After the first step the database is locked; the last step commits. Even
# the smallest database takes several steps.
PAGES_AT_A_TIME = 8
# All page sizes that SQLite supports.
PAGE_SIZES = {2**power: "PRAGMA page_size = " + str(2**power) for power in range(9, 17)}
MOVE_AWAY = "move it, with its -wal and -shm, into a folder of its own, and restore again"


@dataclass(frozen=True)
class Restored:
    """The result of a restore: the database file, its schema, and the backup of the previous content, if any.

    `was_plain_copy` means that the backup was made with a plain file copy and lacks whatever was in the log then.
    """

    path: Path
    version: str
    before: Path | None
    was_plain_copy: bool

    def __str__(self) -> str:
        kept = f"; the previous content is in {self.before}" if self.before else ""
        return f"restored {shown_path(self.path)}, schema {self.version}{kept}"


def restore_database(backup: str, database: str | None) -> Restored:
    """Restore a database from a backup. Raises StoreError or BusyError if that is not possible or not safe."""
    url, source = database_url(database), database_url(backup)
    if not (is_file(url) and is_file(source)):
        raise StoreError(USE_PG_DUMP)
    path, origin = path_of(url), path_of(source)
    if path.exists() and origin.exists() and path.samefile(origin):
        raise StoreError(f"{shown_path(origin)} is the database itself; name a backup of it")
    if not origin.exists():
        raise StoreError(f"there is no file {shown_path(origin)} to restore; `fitgap db backup` creates one")
    refuse_unknown(source)
    check_writable(path)
    is_plain = is_plain_copy(origin)
    if not size_of(path):
        return Restored(path, restore_new(origin, path), None, is_plain)
    with translated_file_errors(path), staging_folder(path) as folder:
        staged = folder / "restored"
        copy(origin, staged)
        version = version_of(staged, origin)
        return Restored(path, version, write_into(staged, url), is_plain)


def restore_new(origin: Path, path: Path) -> str:
    """Restore into a new database file; returns its schema."""
    if path.exists():
        raise StoreError(f"{shown_path(path)} is an empty file; remove it and restore again, or name another with --db")
    with new_database(path, 0o600) as part:
        copy(origin, part)
        return version_of(part, origin)


def is_plain_copy(origin: Path) -> bool:
    """Whether a file had a log that is missing now. Backups by `fitgap db backup` have none."""
    head = head_of(origin)
    return head is not None and head.has_log and not size_of(side_file(origin, "-wal"))


def version_of(staged: Path, origin: Path) -> str:
    """The schema of a copied backup; StoreError if it is damaged or of a newer version."""
    engine = sa.create_engine(
        "sqlite://", creator=lambda: open_sqlite(URL.create("sqlite", database=str(staged)), READING)
    )
    try:
        with engine.connect() as connection:
            version = current_version(connection)
            problem = connection.execute(sa.text("PRAGMA integrity_check(1)")).scalar_one()
            broken = connection.execute(sa.text("PRAGMA foreign_key_check")).first()
    finally:
        engine.dispose()
    if problem != "ok" or broken is not None:
        raise StoreError(f"{shown_path(origin)} is damaged, so it was not restored; use another backup")
    refuse_newer(version)
    assert version is not None
    return version


def write_into(staged: Path, url: URL) -> Path | None:
    """Copy a staged database into a database, in one transaction; returns the backup of the previous content."""
    engine = connect(url, read_only=False)
    try:
        stored = readable_version(engine)
        prepare_for_writing(engine)
        with outside_transactions(engine) as target:
            match_page_size(staged, target)
            keeping = PreviousContentBackup(engine, staged, has_tables=stored is not None)
            # Make the result survive a power failure.
            target.execute("PRAGMA synchronous = FULL")
            with contextlib.closing(sqlite3.connect(f"{staged.absolute().as_uri()}?mode=ro", uri=True)) as reading:
                reading.backup(target, pages=PAGES_AT_A_TIME, progress=keeping, sleep=0.05)
            return keeping.kept
    finally:
        engine.dispose()


def readable_version(engine: Engine) -> str | None:
    """The schema of the existing database; StoreError with advice if it is damaged."""
    path = path_of(engine.url)
    try:
        return stored_version(engine)
    except StoreError as error:
        for failure in (DAMAGED, NO_DATABASE):
            if failure.what in str(error):
                raise StoreError(f"the database {shown_path(path)} {failure.what}; {MOVE_AWAY}") from None
        raise


def match_page_size(staged: Path, target: sqlite3.Connection) -> None:
    """Change the page size of the staged database to that of the target, which cannot be changed."""
    (size,) = target.execute("PRAGMA page_size").fetchone()
    with contextlib.closing(sqlite3.connect(staged, isolation_level=None)) as connection:
        if connection.execute("PRAGMA page_size").fetchone() != (size,):
            # A PRAGMA statement does not accept bound parameters.
            connection.execute(PAGE_SIZES[size])
            connection.execute("VACUUM")


def narrow_rights(path: Path, staged: Path) -> None:
    """Revoke the permissions of users who may not read the backup."""
    mode, other = (stat.S_IMODE(each.stat().st_mode) for each in (path, staged))
    closed = sum(0o7 << shift for shift in (3, 0) if not other >> shift & 0o4)
    for each in (path, side_file(path, "-wal"), side_file(path, "-shm")) if mode & closed else ():
        each.chmod(mode & ~closed)


class PreviousContentBackup:
    """Progress callback of a restore. At the first step, when the database is locked, it backs up the old content.

    It raises BusyError if a live driver uses the database. Any exception aborts the restore without changes.
    """

    def __init__(self, engine: Engine, staged: Path, *, has_tables: bool):
        self.engine, self.staged = engine, staged
        self.has_tables, self.is_done = has_tables, False
        self.kept: Path | None = None

    def __call__(self, status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise LOCKED.error(self.engine.url)
        if not self.is_done:
            path = path_of(self.engine.url)
            if self.has_tables:
                refuse_drivers_of(path)
                self.kept = self.keep(path)
            narrow_rights(path, self.staged)
            self.is_done = True

    def keep(self, path: Path) -> Path:
        """Back up the current content."""
        try:
            return keep_copy(path, path.with_name(f"{path.name}.before-restore"))
        except StoreError as error:
            raise StoreError(f"{error}; {MOVE_AWAY}") from None
