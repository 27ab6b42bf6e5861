"""Going back to a backup of an SQLite database: its content becomes the database's in one transaction.

The content is written *into* the database, never put in its place: a file that takes the place of a database would meet
the log of the old one, and whoever has it open would go on in a file that nobody sees. Whoever reads meanwhile sees the
old content or the new; whoever is killed leaves the old one. What was there is kept as a backup first, while the
database is locked for everybody else, so that nothing written before the restore is lost.
"""

import contextlib
import sqlite3
import stat
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.files.whole_files import workshop
from fitgap.runner.store.database.addresses import database_url, is_file
from fitgap.runner.store.database.connection import connect
from fitgap.runner.store.database.errors import DAMAGED, LOCKED, NO_DATABASE
from fitgap.runner.store.database.logs import beside, head_of, named, size_of
from fitgap.runner.store.database.sqlite import open_sqlite, outside_transactions, prepare_for_writing
from fitgap.runner.store.database.sqlite_files import READING, check_writable, path_of
from fitgap.runner.store.schema.backup import USE_PG_DUMP, copy, keep_copy, new_database, refuse_unknown, told_of
from fitgap.runner.store.schema.version import current_version, refuse_newer, stored_version
from fitgap.runner.store.write.drivers_at_work import refuse_drivers_of
from sqlalchemy.engine import URL, Engine

# After the first of these the database is locked, and after the last one everything is written at once. The smallest
# database of ours has several times as many.
PAGES_AT_A_TIME = 8
# Every size that SQLite has.
PAGE_SIZES = {2**power: "PRAGMA page_size = " + str(2**power) for power in range(9, 17)}
MOVE_AWAY = "move it, with its -wal and -shm, into a folder of its own, and restore again"


@dataclass(frozen=True)
class Restored:
    """What a restore has done: into which file, of which schema, and where what was there before is kept.

    A plain copy of a database with a log lacks what was in the log when it was made, if anything was.
    """

    path: Path
    version: str
    before: Path | None
    was_plain_copy: bool

    def __str__(self) -> str:
        kept = f"; {self.before} holds what was there before" if self.before else ""
        return f"restored {named(self.path)}, schema {self.version}{kept}"


def restore_database(backup: str, database: str | None) -> Restored:
    """Make a database hold what a backup holds; StoreError or BusyError where that cannot be done safely."""
    url, source = database_url(database), database_url(backup)
    if not (is_file(url) and is_file(source)):
        raise StoreError(USE_PG_DUMP)
    path, origin = path_of(url), path_of(source)
    if path.exists() and origin.exists() and path.samefile(origin):
        raise StoreError(f"{named(origin)} is the database itself; name a backup of it")
    if not origin.exists():
        raise StoreError(f"there is no file {named(origin)} to restore; `fitgap db backup` makes one")
    refuse_unknown(source)
    check_writable(path)
    is_plain = is_plain_copy(origin)
    if not size_of(path):
        return Restored(path, restore_new(origin, path), None, is_plain)
    with told_of(path), workshop(path) as folder:
        staged = folder / "restored"
        copy(origin, staged)
        version = version_of(staged, origin)
        return Restored(path, version, write_into(staged, url), is_plain)


def restore_new(origin: Path, path: Path) -> str:
    """Restore where there is no database; returns its schema."""
    if path.exists():
        raise StoreError(f"{named(path)} is an empty file; remove it and restore again, or name another with --db")
    with new_database(path, 0o600) as part:
        copy(origin, part)
        return version_of(part, origin)


def is_plain_copy(origin: Path) -> bool:
    """Whether a file had a log once that is not here. Backups of ours have none."""
    head = head_of(origin)
    return head is not None and head.has_log and not size_of(beside(origin, "-wal"))


def version_of(staged: Path, origin: Path) -> str:
    """The schema of a copied backup; StoreError where it is no whole database that this program knows."""
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
        raise StoreError(f"{named(origin)} is damaged, so it was not restored; use another backup")
    refuse_newer(version)
    assert version is not None
    return version


def write_into(staged: Path, url: URL) -> Path | None:
    """Let a database hold what a staged one holds, in one transaction; returns where its own content is kept."""
    engine = connect(url, read_only=False)
    try:
        stored = readable_version(engine)
        prepare_for_writing(engine)
        with outside_transactions(engine) as target:
            match_page_size(staged, target)
            keeping = Keeping(engine, staged, has_tables=stored is not None)
            # Once this has returned, no loss of power takes it back.
            target.execute("PRAGMA synchronous = FULL")
            with contextlib.closing(sqlite3.connect(f"{staged.absolute().as_uri()}?mode=ro", uri=True)) as reading:
                reading.backup(target, pages=PAGES_AT_A_TIME, progress=keeping, sleep=0.05)
            return keeping.kept
    finally:
        engine.dispose()


def readable_version(engine: Engine) -> str | None:
    """The schema of the database that is there; StoreError with the way out where it is damaged."""
    path = path_of(engine.url)
    try:
        return stored_version(engine)
    except StoreError as error:
        for failure in (DAMAGED, NO_DATABASE):
            if failure.what in str(error):
                raise StoreError(f"the database {named(path)} {failure.what}; {MOVE_AWAY}") from None
        raise


def match_page_size(staged: Path, target: sqlite3.Connection) -> None:
    """Give a staged database pages of the size of the target's, which cannot change any more."""
    (size,) = target.execute("PRAGMA page_size").fetchone()
    with contextlib.closing(sqlite3.connect(staged, isolation_level=None)) as connection:
        if connection.execute("PRAGMA page_size").fetchone() != (size,):
            # An assignment to a PRAGMA takes no parameters.
            connection.execute(PAGE_SIZES[size])
            connection.execute("VACUUM")


def narrow_rights(path: Path, staged: Path) -> None:
    """Let nobody read the database who may not read the backup."""
    mode, other = (stat.S_IMODE(each.stat().st_mode) for each in (path, staged))
    closed = sum(0o7 << shift for shift in (3, 0) if not other >> shift & 0o4)
    for each in (path, beside(path, "-wal"), beside(path, "-shm")) if mode & closed else ():
        each.chmod(mode & ~closed)


class Keeping:
    """Called by SQLite between the steps of a restore: at the first one, nobody else can write any more.

    Then it refuses to go on beside a driver that lives, and keeps what is there. Whatever it raises ends the restore
    with nothing changed.
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
        """Keep what is there as a backup of its own."""
        try:
            return keep_copy(path, path.with_name(f"{path.name}.before-restore"))
        except StoreError as error:
            raise StoreError(f"{error}; {MOVE_AWAY}") from None
