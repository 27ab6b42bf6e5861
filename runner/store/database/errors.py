"""Translation of database errors into one-line messages with advice, the same for SQLite and PostgreSQL."""

import re
import sqlite3
from typing import Any, NamedTuple

from fitgap.runner.errors import StoreError
from fitgap.runner.store.database.addresses import scrubbed, shown
from sqlalchemy.engine import URL, ExceptionContext


class TemporaryStoreError(StoreError):
    """The database is temporarily unavailable, such as locked or restarting; worth retrying."""


class ChangedWhileReadError(TemporaryStoreError):
    """A file changed while it was read without locks."""


class Failure(NamedTuple):
    """A failure: what to say about the database, what to do, and whether it may be temporary."""

    what: str
    remedy: str
    passes: bool = False

    def error(self, url: URL) -> StoreError:
        kind = TemporaryStoreError if self.passes else StoreError
        return kind(f"the database {shown(url)} {self.what}; {self.remedy}")


LOCKED = Failure("is locked by another program", "try again when that has finished", passes=True)
LOST = Failure("has closed the connection", "try again when its server is running", passes=True)
FULL = Failure("has no space left on its disk", "free some space; everything written before is kept")
DAMAGED = Failure("is damaged", "restore a backup, or name another with --db")
NO_DATABASE = Failure("is not a fitgap database", "name another file with --db")
CLOSED = Failure("cannot be opened", "check the permissions of the file and its folder")

# By SQLite's primary result code.
SQLITE_FAILURES = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_CANTOPEN: CLOSED,
    sqlite3.SQLITE_PERM: CLOSED,
    sqlite3.SQLITE_READONLY: Failure("is read-only", "check the permissions of the file and its folder"),
    sqlite3.SQLITE_IOERR: Failure("cannot be read or written", "check its disk"),
    sqlite3.SQLITE_NOTADB: NO_DATABASE,
}
# By its extended result code, if that is more specific. SHMSIZE: the index file of the log could not grow.
UNFINISHED = Failure("has an unfinished transaction", "let its owner run `fitgap sweeps` once, which recovers it")
SQLITE_FAILURES_IN_DETAIL = {
    sqlite3.SQLITE_IOERR_SHMSIZE: FULL,
    sqlite3.SQLITE_READONLY_ROLLBACK: UNFINISHED,
    sqlite3.SQLITE_READONLY_RECOVERY: UNFINISHED,
}
# By PostgreSQL's SQLSTATE, or a prefix of it.
POSTGRESQL_FAILURES = {
    "08": LOST,
    "57P": LOST,
    "25P03": LOST,
    "40": LOCKED,
    "55P03": LOCKED,
    "53100": FULL,
    "53": Failure("has no connection or memory left", "try again later", passes=True),
    "42501": Failure("does not allow this user to do this", "ask its owner for permission to create and write tables"),
    "25006": Failure("is read-only", "name a server that accepts writes"),
    "22003": Failure("cannot represent a number that is too large or too small", "choose other numbers"),
    "XX00": DAMAGED,
}
# By the text of the connection error, which has no code.
CONNECTION_FAILURES = {
    r"password authentication failed": Failure("rejects this user or password", "check both in the address"),
    r"no password supplied": Failure("requires a password", "write USER:PASSWORD@ in the address, or use ~/.pgpass"),
    r"no pg_hba.conf entry": Failure("rejects this user from this machine", "ask the server's administrator"),
    r"database .* does not exist": Failure(
        "does not exist", "create it with createdb, or check its name in the address"
    ),
    r"role .* does not exist": Failure("has no such user", "check the user in the address"),
    r"resolve host|translate host": Failure("cannot be found", "check the host in the address", passes=True),
    r"refused|No such file": Failure(
        "cannot be reached", "check host, port and that its server is running", passes=True
    ),
    r"timeout|timed out": Failure("does not respond", "check host, port and network", passes=True),
    r"starting up|shutting down|recovery": Failure("is not ready", "try again when its server is running", passes=True),
    # The connection was lost during the handshake.
    r"closed the connection|reset by peer|Broken pipe": LOST,
    r"too many|remaining connection": Failure("has no connection left", "try again later", passes=True),
}


def connection_failure(error: Exception, url: URL) -> StoreError:
    """The StoreError for a failed connection to a PostgreSQL server."""
    text = str(error)
    for words, failure in CONNECTION_FAILURES.items():
        if re.search(words, text, re.IGNORECASE):
            return failure.error(url)
    return StoreError(f"the database {shown(url)} cannot be used: {scrubbed(text, url)}")


def failure_of(error: BaseException) -> Failure | None:
    """The failure behind an error of a database driver; None if it is probably a bug in this program."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return SQLITE_FAILURES_IN_DETAIL.get(code) or SQLITE_FAILURES.get(code & 0xFF)
    state = getattr(error, "sqlstate", None) or ""
    found = (failure for start, failure in POSTGRESQL_FAILURES.items() if state.startswith(start))
    return next(found, None)


def translated_failures(url: URL) -> Any:
    """A listener for an engine's errors, which turns those that users can fix into a one-line StoreError."""

    def listen(context: ExceptionContext) -> StoreError | None:
        if context.is_pre_ping or not isinstance(context.original_exception, Exception):
            # A connection that broke since its last use is reopened. Ctrl-C also breaks a connection, but stays Ctrl-C.
            return None
        if isinstance(context.original_exception, OverflowError):
            return StoreError(f"a number is larger than the database's maximum, {2**63 - 1:,}; give a smaller one")
        if isinstance(context.original_exception, UnicodeEncodeError):
            return StoreError("a text contains bytes that are not valid characters; remove them")
        failure = failure_of(context.original_exception)
        if failure is None and context.is_disconnect:
            failure = LOST
        return failure.error(url) if failure else None

    return listen
