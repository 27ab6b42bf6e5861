"""SQLite: a file that is opened, checked and made ready for one writer and many readers."""

import contextlib
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from fitgap.runner.files.open_databases import counting
from fitgap.runner.store.database.errors import DAMAGED, LOCKED, failure_of, tell_failures
from fitgap.runner.store.database.logs import beside, head_of, size_of
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
from fitgap.runner.store.database.values import json_text
from sqlalchemy.engine import URL, Connection, Engine

# How long a writer waits for another one.
LOCK_TIMEOUT_SECONDS = 30
# The option of a connection that says so.
ONLY_READS = "fitgap_only_reads"
# SQLITE_DBCONFIG_DEFENSIVE, which Python has from 3.12 on.
DEFENSIVE = 1010
# Rights of a file that is for everybody.
READABLE = 0o666

Answer = TypeVar("Answer")


def sqlite_engine(url: URL, *, read_only: bool) -> Engine:
    """An engine for the file. Connections that are read-only cannot write, whatever is asked of them."""
    check_file(path_of(url), must_exist=read_only)
    if read_only:
        return reading_engine(url)
    refuse_network(path_of(url))
    check_writable(path_of(url))
    engine = engine_of(url, WRITING)
    sa.event.listen(engine, "begin", begin)
    return engine


def begin(connection: Connection) -> None:
    """Begin a transaction. One that reads and later writes can fail at once; one that locks from the start waits."""
    only_reads = connection.get_execution_options().get(ONLY_READS)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def reading_engine(url: URL) -> Engine:
    """An engine for reading a file that is there. One that is not ours is opened anew for every question.

    How such a file can be read depends on whether somebody is writing to it just then.
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
    """A connection for a question, which keeps nobody from writing. What it read is of one moment, or it is refused."""
    with engine.connect() as connection:
        try:
            yield connection.execution_options(**{ONLY_READS: True})
        except Exception:
            refuse_changed(connection)
            raise
        refuse_changed(connection)


def unchanged(connection: Connection, question: Callable[[Connection], Answer]) -> Answer:
    """The answer to a question, refused like that of `reading` where the file changed meanwhile."""
    answer = question(connection)
    refuse_changed(connection)
    return answer


def rights_of(engine: Engine) -> int:
    """Who may read and write the database's file; everybody where it is no file."""
    if engine.dialect.name != "sqlite":
        return READABLE
    return stat.S_IMODE(path_of(engine.url).stat().st_mode) & READABLE | stat.S_IRUSR | stat.S_IWUSR


def looking_engine(url: URL) -> Engine:
    """An engine for finding out whose file it is. Even a reader of SQLite may write files beside it; this one does not.

    Where somebody is writing to the database, or has died in doing so, the files are there already and are needed.
    """
    engine = engine_of(url, way_to_look(url))
    sa.event.listen(engine, "handle_error", tell_failures(url), retval=True)
    return engine


def way_to_look(url: URL) -> str:
    path = path_of(url)
    # SQLite notices only when it reads the end. Asked first: who is writing has a log until all is in its place.
    head = head_of(path)
    is_cut = head is not None and size_of(path) < head.pages * head.page_size
    if size_of(beside(path, "-journal")):
        return READING
    if size_of(beside(path, "-wal")):
        return READING if is_ours(path) else way_without_files(path)
    if is_cut:
        raise DAMAGED.error(url)
    return FROZEN


def absolute_url(url: URL) -> URL:
    """The same with the whole path: the current folder may be another one when the connection is made."""
    return url.set(database=str(path_of(url).absolute()))


def engine_of(url: URL, how: str) -> Engine:
    """One connection that stays open, for all threads in turn.

    A driver's loop and its heartbeat never write at the same instant then, which is what SQLite before 3.51.3 very
    rarely answers with a damaged file.
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
    """A connection as SQLite makes it. Nothing else opens the file before it is counted."""
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
        # Nothing that somebody has planted in the schema runs a function with effects beyond its answer.
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
    with outside_transactions(engine) as connection, told(engine.url):
        connection.execute("PRAGMA synchronous = NORMAL")
        deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
        while not switched_to_wal(connection):
            if time.monotonic() > deadline:
                raise LOCKED.error(engine.url)
            time.sleep(0.02)


@contextlib.contextmanager
def told(url: URL) -> Iterator[None]:
    """Turn what SQLite itself says about a file into a StoreError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        failure = failure_of(error)
        if failure is None:
            raise
        raise failure.error(url) from None


def switched_to_wal(connection: sqlite3.Connection) -> bool:
    """Whether the database is in WAL mode now. Unlike any other statement, switching does not wait for a lock."""
    try:
        return connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal"
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise
