"""Errors of database drivers: those that users can fix become one-line messages, our own bugs pass unchanged."""

import errno
import sqlite3

import psycopg
import pytest
import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store.database.addresses import database_url
from fitgap.runner.store.database.connection import connect
from fitgap.runner.store.database.errors import (
    CONNECTION_FAILURES,
    POSTGRESQL_FAILURES,
    SQLITE_FAILURES,
    SQLITE_FAILURES_IN_DETAIL,
    TemporaryStoreError,
    connection_failure,
    failure_of,
)

URL = database_url("postgresql://user:secret@host/name")


def sqlite_error(code):
    error = sqlite3.OperationalError("made up")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize("extended", [0, 1 << 8, 2 << 8, 17 << 8])
@pytest.mark.parametrize("code", SQLITE_FAILURES)
def test_every_result_of_sqlite_is_told_whatever_its_details(code, extended):
    known = SQLITE_FAILURES_IN_DETAIL.get(code | extended, SQLITE_FAILURES[code])
    assert failure_of(sqlite_error(code | extended)) is known


def test_a_log_whose_locks_have_no_room_is_told_as_a_full_disk():
    """SQLite reports it as an I/O error."""
    assert "no space left" in failure_of(sqlite_error(sqlite3.SQLITE_IOERR_SHMSIZE)).what


@pytest.mark.parametrize("code", [sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISUSE])
def test_a_bug_of_ours_is_no_failure_of_sqlite(code):
    assert failure_of(sqlite_error(code)) is None


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (psycopg.errors.DiskFull, "no space left"),
        (psycopg.errors.AdminShutdown, "closed the connection"),
        (psycopg.errors.CrashShutdown, "closed the connection"),
        (psycopg.errors.CannotConnectNow, "closed the connection"),
        (psycopg.errors.IdleInTransactionSessionTimeout, "closed the connection"),
        (psycopg.errors.LockNotAvailable, "locked"),
        (psycopg.errors.DeadlockDetected, "locked"),
        (psycopg.errors.SerializationFailure, "locked"),
        (psycopg.errors.TooManyConnections, "no connection or memory left"),
        (psycopg.errors.OutOfMemory, "no connection or memory left"),
        (psycopg.errors.InsufficientPrivilege, "does not allow"),
        (psycopg.errors.ReadOnlySqlTransaction, "read-only"),
        (psycopg.errors.NumericValueOutOfRange, "too large"),
        (psycopg.errors.DataCorrupted, "damaged"),
    ],
)
def test_what_a_server_reports_is_told(kind, words):
    assert words in failure_of(kind()).what


@pytest.mark.parametrize(
    "kind", [psycopg.errors.UniqueViolation, psycopg.errors.SyntaxError, psycopg.errors.UndefinedTable]
)
def test_a_bug_of_ours_is_no_failure_of_a_server(kind):
    assert failure_of(kind()) is None


def test_every_line_says_what_to_do_and_not_the_password():
    for failures in (SQLITE_FAILURES, SQLITE_FAILURES_IN_DETAIL, POSTGRESQL_FAILURES, CONNECTION_FAILURES):
        for failure in failures.values():
            error = failure.error(URL)
            assert str(error) == f"the database name at host:5432 {failure.what}; {failure.remedy}"
            assert isinstance(error, TemporaryStoreError) == failure.passes


@pytest.mark.parametrize(
    "words",
    [
        "server closed the connection unexpectedly",
        "could not receive data from server: Connection reset by peer",
        "could not send startup packet: Broken pipe",
        "the database system is starting up",
        "Connection refused",
    ],
)
def test_a_server_that_ends_while_it_is_spoken_to_may_come_back(words):
    error = connection_failure(psycopg.OperationalError(f"connection failed: {words}"), URL)
    assert isinstance(error, TemporaryStoreError) and "server is running" in str(error)


def test_an_unknown_refusal_is_repeated_without_the_password():
    error = connection_failure(psycopg.OperationalError("odd:\n\tsecret words"), URL)
    assert str(error) == "the database name at host:5432 cannot be used: odd: *** words"


def test_errors_of_the_system_and_of_python_are_left_alone():
    assert failure_of(OSError(errno.ENOSPC, "no space")) is None
    assert failure_of(ValueError()) is None


def test_a_lock_held_by_another_program_is_a_passing_failure(tmp_path, monkeypatch):
    from fitgap.runner.store.database import sqlite

    monkeypatch.setattr(sqlite, "LOCK_TIMEOUT_SECONDS", 0.05)
    engine = connect(database_url(str(tmp_path / "locked.db")), read_only=False)
    holder = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(TemporaryStoreError, match=r"locked.db is locked by another program"), engine.begin():
        pass
    holder.execute("COMMIT")
    with engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    engine.dispose()
    holder.close()


def test_a_full_file_is_told_as_such(tmp_path):
    engine = connect(database_url(str(tmp_path / "full.db")), read_only=False)
    with pytest.raises(StoreError, match="has no space left on its disk"), engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 3")
        connection.exec_driver_sql("CREATE TABLE wide (content BLOB)")
        connection.exec_driver_sql("INSERT INTO wide VALUES (zeroblob(100000))")
    engine.dispose()


def test_control_c_in_the_middle_of_a_statement_is_no_failure_of_the_database(databases):
    """SQLAlchemy marks the connection as broken, but retrying as after a lost connection would delay the interrupt."""
    engine = connect(database_url(databases.make()), read_only=False)

    def interrupt(*given):
        raise KeyboardInterrupt

    with engine.connect() as connection:
        sa.event.listen(engine, "do_execute", interrupt)
        with pytest.raises(KeyboardInterrupt):
            connection.execute(sa.text("SELECT 1"))
    engine.dispose()
