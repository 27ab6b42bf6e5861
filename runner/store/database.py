"""The connection to a database: SQLite by file, or any address that SQLAlchemy reads."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError

from runner.errors import StoreError

DEFAULT_FILE = "fitgap.db"
ENVIRONMENT_VARIABLE = "FITGAP_DB"
# How long a writer waits for another one.
LOCK_TIMEOUT_SECONDS = 30


def database_url(given: str | None) -> URL:
    """The address of the database: as given, else from FITGAP_DB, else `fitgap.db` in the current folder.

    A plain path means an SQLite file. Raises StoreError for an address that cannot be read.
    """
    text = given or os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_FILE
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError(
            "the database address cannot be read; write a file such as fitgap.db, or sqlite:///FILE"
        ) from None
    if url.get_backend_name() != "sqlite":
        raise StoreError(f"databases of the kind '{url.get_backend_name()}' are not supported; use an SQLite file")
    if not url.database or url.host:
        raise StoreError("the database address names no file; write sqlite:///FILE, with three slashes")
    return url


def is_file(url: URL) -> bool:
    """Whether the database is a file of SQLite's."""
    return url.get_backend_name() == "sqlite"


def connect(url: URL, *, read_only: bool) -> Engine:
    """An engine for the database. Read-only connections of SQLite cannot write, whatever is asked of them."""
    path = Path(url.database or DEFAULT_FILE)
    check_file(path, must_exist=read_only)
    # One connection that stays open: the driver is the only writer, and a command asks one question after another.
    engine = sa.create_engine("sqlite://", creator=lambda: open_sqlite(path, read_only), poolclass=sa.StaticPool)
    if not read_only:
        # A transaction that starts by reading and writes later can fail at once; one that locks from the start waits.
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def check_file(path: Path, *, must_exist: bool) -> None:
    """StoreError where the file cannot be the database."""
    if path.is_dir():
        raise StoreError(f"{path} is a folder; name the database file")
    if must_exist and not path.exists():
        raise StoreError(f"there is no database {path}; `fitgap run` makes one, --db FILE names another")
    if not path.parent.is_dir():
        raise StoreError(f"the folder of the database {path} does not exist; make it first")


def open_sqlite(path: Path, read_only: bool) -> sqlite3.Connection:
    """A connection in autocommit mode; SQLAlchemy begins and ends the transactions."""
    mode = "ro" if read_only else "rwc"
    address = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError as error:
        raise StoreError(f"the database {path} cannot be opened: {error}") from None
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} is not a fitgap database: {error}") from None
    return connection


def prepare_for_writing(engine: Engine) -> None:
    """Let readers go on while the driver writes, and lose no committed row to a killed process (SQLite's WAL).

    Only for a database that is known to be ours or empty: the mode is written into the file.
    """
    with engine.connect() as connection:
        native = connection.connection.dbapi_connection
        assert isinstance(native, sqlite3.Connection)
        native.execute("PRAGMA synchronous = NORMAL")
        deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
        while not switched_to_wal(native):
            if time.monotonic() > deadline:
                raise StoreError("the database is locked by another program; try again when it has finished")
            time.sleep(0.02)


def switched_to_wal(connection: sqlite3.Connection) -> bool:
    """Whether the database is in WAL mode now. Unlike any other statement, switching does not wait for a lock."""
    try:
        return connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal"
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise


def finite(value: Any) -> float | None:
    """The number as it is stored: NULL where it is not finite, so that it can never be the lowest."""
    number = float(value)
    return number if -float("inf") < number < float("inf") else None
