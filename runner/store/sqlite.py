"""SQLite: a file that is opened, checked and made ready for one writer and many readers."""

import contextlib
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from runner.errors import StoreError
from runner.file_systems import file_system_of, is_network
from runner.passwords import without_passwords
from runner.store.addresses import DEFAULT_FILE
from runner.store.failures import DAMAGED, LOCKED, failure_of
from runner.store.values import json_text

# How long a writer waits for another one.
LOCK_TIMEOUT_SECONDS = 30
# A page of SQLite has at least so many bytes.
SMALLEST_FILE = 512
MAGIC, HEAD_BYTES = b"SQLite format 3\0", 100
# The option of a connection that says so.
ONLY_READS = "fitgap_only_reads"
# How a file is opened. Looking at it leaves it and its folder as they are, but sees only what is in the file itself.
READING, WRITING, LOOKING = "mode=ro", "mode=rwc", "mode=ro&immutable=1"


def sqlite_engine(url: URL, *, read_only: bool) -> Engine:
    """An engine for the file. Connections that are read-only cannot write, whatever is asked of them."""
    check_file(path_of(url), must_exist=read_only)
    if read_only:
        return engine_of(url, READING)
    refuse_network(path_of(url))
    engine = engine_of(url, WRITING)
    sa.event.listen(engine, "begin", begin)
    return engine


def begin(connection: Connection) -> None:
    """Begin a transaction. One that reads and later writes can fail at once; one that locks from the start waits."""
    only_reads = connection.get_execution_options().get(ONLY_READS)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def looking_engine(url: URL) -> Engine:
    """An engine for finding out whose file it is. Even a reader of SQLite may write files beside it; this one does not.

    Where somebody is writing to the database, or has died in doing so, the files are there already and are needed.
    """
    path = path_of(url)
    beside = (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal"))
    if any(each.exists() and each.stat().st_size for each in beside):
        return engine_of(url, READING)
    if is_cut(path):
        raise DAMAGED.error(url)
    return engine_of(url, LOOKING)


def is_cut(path: Path) -> bool:
    """Whether a file that nobody writes to is shorter than its head says; SQLite notices only when it reads the end."""
    head = b""
    # A file that may not be read is refused when it is opened.
    with contextlib.suppress(PermissionError), path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    page_size, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    # A size of 65536 does not fit and is written as 1.
    return head[:16] == MAGIC and path.stat().st_size < pages * (65536 if page_size == 1 else page_size)


def engine_of(url: URL, how: str) -> Engine:
    """One connection that stays open, for all threads in turn.

    A driver's loop and its heartbeat never write at the same instant then, which is what SQLite before 3.51.3 very
    rarely answers with a damaged file.
    """
    # The current folder may be another one when the connection is made.
    absolute = url.set(database=str(path_of(url).absolute()))
    return sa.create_engine(
        url,
        creator=lambda: open_sqlite(absolute, how),
        poolclass=sa.QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=2 * LOCK_TIMEOUT_SECONDS,
        json_serializer=json_text,
    )


def path_of(url: URL) -> Path:
    """The file that an address of SQLite names."""
    return Path(url.database or DEFAULT_FILE)


def check_file(path: Path, *, must_exist: bool) -> None:
    """StoreError where the file cannot be the database."""
    name = without_passwords(str(path))
    try:
        found = path.stat()
    except FileNotFoundError:
        if must_exist:
            raise StoreError(f"there is no database {name}; `fitgap run` makes one, --db names another") from None
        if not path.parent.is_dir():
            raise StoreError(f"the folder of the database {name} does not exist; make it first") from None
        return
    except OSError as error:
        raise StoreError(f"the database {name} cannot be opened: {error.strerror}; check its name and rights") from None
    if stat.S_ISDIR(found.st_mode):
        raise StoreError(f"{name} is a folder; name the database file")
    # Opening a pipe would wait for ever; a file of one byte is an empty database to SQLite.
    if not stat.S_ISREG(found.st_mode) or 0 < found.st_size < SMALLEST_FILE:
        raise StoreError(f"{name} is no file that can hold a database; name another with --db")


def refuse_network(path: Path) -> None:
    """StoreError for a file that lies on another machine: two that write to it would damage it."""
    kind = file_system_of(path.parent)
    if kind and is_network(kind):
        raise StoreError(
            f"the database {without_passwords(str(path))} would lie on a network file system ({kind}), whose locks do "
            "not hold; name a file on a disk of this machine with --db, or use PostgreSQL"
        )


@contextlib.contextmanager
def removed_if_new(engine: Engine) -> Iterator[None]:
    """Where something fails, leave no file of a database that was not there before."""
    path = path_of(engine.url)
    is_new = engine.dialect.name == "sqlite" and not path.exists()
    try:
        yield
    except BaseException:
        for ending in ("", "-wal", "-shm") if is_new else ():
            path.with_name(path.name + ending).unlink(missing_ok=True)
        raise


def open_sqlite(url: URL, how: str) -> sqlite3.Connection:
    """A connection in autocommit mode; SQLAlchemy begins and ends the transactions."""
    address = f"{path_of(url).absolute().as_uri()}?{how}"
    try:
        connection = sqlite3.connect(
            address, uri=True, timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        failure = failure_of(error)
        if failure is None:
            raise
        raise failure.error(url) from None
    return connection


@contextlib.contextmanager
def outside_transactions(engine: Engine) -> Iterator[sqlite3.Connection]:
    """The connection of an engine as SQLite knows it, for what cannot be done inside a transaction."""
    borrowed = engine.raw_connection()
    try:
        assert isinstance(borrowed.dbapi_connection, sqlite3.Connection)
        yield borrowed.dbapi_connection
    finally:
        borrowed.close()


@contextlib.contextmanager
def without_foreign_keys(engine: Engine) -> Iterator[None]:
    """Let rows refer to what is not there for a while; whoever asks for this checks them afterwards."""
    # Each for itself: the only connection is needed in between.
    with outside_transactions(engine) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        with outside_transactions(engine) as connection:
            connection.execute("PRAGMA foreign_keys = ON")


def prepare_for_writing(engine: Engine) -> None:
    """Let readers go on while the driver writes, and lose no committed row to a killed process (SQLite's WAL).

    Only for a database that is known to be ours or empty: the mode is written into the file.
    """
    with outside_transactions(engine) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
        while not switched_to_wal(connection):
            if time.monotonic() > deadline:
                raise LOCKED.error(engine.url)
            time.sleep(0.02)


def switched_to_wal(connection: sqlite3.Connection) -> bool:
    """Whether the database is in WAL mode now. Unlike any other statement, switching does not wait for a lock."""
    try:
        return connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal"
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise
