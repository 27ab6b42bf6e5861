"""Connections to SQLite files: opened, checked and prepared for one writer and many readers."""

import contextlib
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from fitgap.runner.files.open_databases import counting
from fitgap.runner.store.database.errors import DAMAGED, LOCKED, failure_of, translated_failures
from fitgap.runner.store.database.sqlite_files import (
    FROZEN,
    READING,
    WRITING,
    CountedConnection,
    changed,
    check_file,
    check_writable,
    is_ours,
    path_of,
    refuse_changed,
    refuse_network,
    way_to_read,
    way_without_files,
)
from fitgap.runner.store.database.sqlite_wal import head_of, side_file, size_of
from fitgap.runner.store.database.values import json_text
from sqlalchemy.engine import URL, Connection, Engine

# How long a writer waits for another one.
LOCK_TIMEOUT_SECONDS = 30
# The execution option that marks a connection as read-only.
ONLY_READS = "fitgap_only_reads"
# SQLITE_DBCONFIG_DEFENSIVE, which Python supports from 3.12 on.
DEFENSIVE = 1010
# Permissions of a file that everyone may read and write.
READABLE = 0o666

Answer = TypeVar("Answer")


def sqlite_engine(url: URL, *, read_only: bool) -> Engine:
    """An engine for the file; with `read_only`, its connections cannot write."""
    check_file(path_of(url), must_exist=read_only)
    if read_only:
        return reading_engine(url)
    refuse_network(path_of(url))
    check_writable(path_of(url))
    engine = engine_of(url, WRITING)
    sa.event.listen(engine, "begin", begin)
    return engine


def begin(connection: Connection) -> None:
    """Begin a transaction. Writers lock at the start: upgrading a read lock later could fail instead of waiting."""
    only_reads = connection.get_execution_options().get(ONLY_READS)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def reading_engine(url: URL) -> Engine:
    """An engine for reading an existing file. A file of another user is reopened for every query.

    How such a file can be read depends on whether another process is writing to it at the time.
    """
    if is_ours(path_of(url)):
        return engine_of(url, READING)
    absolute = absolute_url(url)
    return sa.create_engine(
        url,
        creator=lambda: open_sqlite(absolute, way_to_read(path_of(absolute))),
        poolclass=sa.NullPool,
        json_serializer=json_text,
    )


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read-only connection that does not block writers. Raises ChangedWhileReadError if reads are inconsistent."""
    with engine.connect() as connection:
        try:
            yield connection.execution_options(**{ONLY_READS: True})
        except Exception:
            refuse_changed(connection)
            raise
        refuse_changed(connection)


def unchanged(connection: Connection, query: Callable[[Connection], Answer]) -> Answer:
    """The result of a query; raises ChangedWhileReadError, like `reading`, if the file changed meanwhile."""
    answer = query(connection)
    refuse_changed(connection)
    return answer


def rights_of(engine: Engine) -> int:
    """The permissions of the database's file; for a server, those of a file that everyone may read and write."""
    if engine.dialect.name != "sqlite":
        return READABLE
    return stat.S_IMODE(path_of(engine.url).stat().st_mode) & READABLE | stat.S_IRUSR | stat.S_IWUSR


def inspecting_engine(url: URL) -> Engine:
    """An engine for finding out which program owns a file, without creating files next to it.

    Even SQLite's readers may create such files. If another process is writing to the database, or has died while doing
    so, the files exist already and are needed.
    """
    engine = engine_of(url, way_to_inspect(url))
    sa.event.listen(engine, "handle_error", translated_failures(url), retval=True)
    return engine


def way_to_inspect(url: URL) -> str:
    """The URI parameters for opening a file for inspection; StoreError if it is truncated."""
    path = path_of(url)
    # SQLite notices truncation only when it reads the end. Read the header first: a writer keeps its log until all
    # pages are in the file.
    head = head_of(path)
    is_cut = head is not None and size_of(path) < head.pages * head.page_size
    if size_of(side_file(path, "-journal")):
        return READING
    if size_of(side_file(path, "-wal")):
        return READING if is_ours(path) else way_without_files(path)
    if is_cut:
        raise DAMAGED.error(url)
    return FROZEN


def absolute_url(url: URL) -> URL:
    """The address with an absolute path: the current folder may change before the connection is opened."""
    return url.set(database=str(path_of(url).absolute()))


def engine_of(url: URL, how: str) -> Engine:
    """An engine with a single connection that stays open and is shared by all threads in turn.

    This way a driver's loop and its heartbeat never write at the same time. SQLite before 3.51.3 may, very rarely,
    damage the file if they do.
    """
    absolute = absolute_url(url)
    return sa.create_engine(
        url,
        creator=lambda: open_sqlite(absolute, how),
        poolclass=sa.QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=2 * LOCK_TIMEOUT_SECONDS,
        json_serializer=json_text,
    )


def counted_connection(path: Path, how: str) -> CountedConnection:
    """A new connection, counted before anything else in this process can open the file."""
    with counting():
        connection = sqlite3.connect(
            f"{path.as_uri()}?{how}",
            uri=True,
            timeout=LOCK_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=CountedConnection,
        )
        connection.count(path)
    return connection


def open_sqlite(url: URL, how: str) -> sqlite3.Connection:
    """A connection in autocommit mode; SQLAlchemy begins and ends the transactions."""
    path, connection = path_of(url).absolute(), None
    try:
        connection = counted_connection(path, how)
        if how == FROZEN:
            connection.freeze(path)
        connection.execute("PRAGMA foreign_keys = ON")
        # A malicious schema must not call functions with side effects.
        connection.execute("PRAGMA trusted_schema = OFF")
        if hasattr(connection, "setconfig"):
            connection.setconfig(DEFENSIVE, True)
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.DatabaseError as error:
        has_changed = connection is not None and connection.has_changed
        if connection is not None:
            connection.close()
        if has_changed:
            raise changed(url) from None
        failure = failure_of(error)
        if failure is None:
            raise
        raise failure.error(url) from None
    return connection


@contextlib.contextmanager
def outside_transactions(engine: Engine) -> Iterator[sqlite3.Connection]:
    """The engine's raw SQLite connection, for operations that cannot run inside a transaction."""
    borrowed = engine.raw_connection()
    try:
        assert isinstance(borrowed.dbapi_connection, sqlite3.Connection)
        yield borrowed.dbapi_connection
    finally:
        borrowed.close()


@contextlib.contextmanager
def without_foreign_keys(engine: Engine) -> Iterator[None]:
    """Suspend foreign key checks; the caller must check the references afterwards."""
    # Borrow the connection twice, because the engine has only one, which is needed in between.
    with outside_transactions(engine) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        with outside_transactions(engine) as connection:
            connection.execute("PRAGMA foreign_keys = ON")


def prepare_for_writing(engine: Engine) -> None:
    """Switch to SQLite's WAL mode: readers are not blocked by the writer, and a killed process loses no committed row.

    Only for a database known to be fitgap's or empty, because the mode is stored in the file.
    """
    with outside_transactions(engine) as connection, translated_errors(engine.url):
        connection.execute("PRAGMA synchronous = NORMAL")
        deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
        while not switched_to_wal(connection):
            if time.monotonic() > deadline:
                raise LOCKED.error(engine.url)
            time.sleep(0.02)


@contextlib.contextmanager
def translated_errors(url: URL) -> Iterator[None]:
    """Context manager that turns SQLite's own errors into StoreError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        failure = failure_of(error)
        if failure is None:
            raise
        raise failure.error(url) from None


def switched_to_wal(connection: sqlite3.Connection) -> bool:
    """Whether the database is in WAL mode now. Unlike other statements, switching does not wait for locks."""
    try:
        return connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal"
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise
