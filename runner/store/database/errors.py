"""What goes wrong in a database, told in one line with what to do: the errors of both drivers in our own words."""

import re
import sqlite3
from typing import Any, NamedTuple

from fitgap.runner.errors import StoreError
from fitgap.runner.store.database.addresses import scrubbed, shown
from sqlalchemy.engine import URL, ExceptionContext


class TemporaryStoreError(StoreError):
    """The database cannot be used just now: somebody else's lock, a server that starts again. Worth another try."""


class ChangedWhileReadError(TemporaryStoreError):
    """A file that was read without locks was written to meanwhile."""


class Failure(NamedTuple):
    """What to say of the database, what to do, and whether it may pass by itself."""

    what: str
    remedy: str
    passes: bool = False

    def error(self, url: URL) -> StoreError:
        kind = TemporaryStoreError if self.passes else StoreError
        return kind(f"the database {shown(url)} {self.what}; {self.remedy}")


LOCKED = Failure("is locked by another program", "try again when that has finished", passes=True)
LOST = Failure("has broken off the connection", "try again when its server runs", passes=True)
FULL = Failure("has no room left on its disk", "make room; what was written before is kept")
DAMAGED = Failure("is damaged", "go back to a copy of it, or name another with --db")
NO_DATABASE = Failure("is no fitgap database", "name another file with --db")
CLOSED = Failure("cannot be opened", "check the rights of the file and its folder")

# By SQLite's primary result code.
SQLITE_FAILURES = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_CANTOPEN: CLOSED,
    sqlite3.SQLITE_PERM: CLOSED,
    sqlite3.SQLITE_READONLY: Failure("may not be written", "check the rights of the file and its folder"),
    sqlite3.SQLITE_IOERR: Failure("cannot be read or written", "check the disk that it lies on"),
    sqlite3.SQLITE_NOTADB: NO_DATABASE,
}
# By its extended result code, where that says more: the file of a log's locks could not grow.
UNFINISHED = Failure("was left in the middle of a change", "let its owner run `fitgap sweeps` once, which completes it")
SQLITE_FAILURES_IN_DETAIL = {
    sqlite3.SQLITE_IOERR_SHMSIZE: FULL,
    sqlite3.SQLITE_READONLY_ROLLBACK: UNFINISHED,
    sqlite3.SQLITE_READONLY_RECOVERY: UNFINISHED,
}
# By the code that PostgreSQL sends (SQLSTATE), or by how it begins.
POSTGRESQL_FAILURES = {
    "08": LOST,
    "57P": LOST,
    "25P03": LOST,
    "40": LOCKED,
    "55P03": LOCKED,
    "53100": FULL,
    "53": Failure("has no connection or memory left", "try again later", passes=True),
    "42501": Failure("does not allow this user to do this", "ask its owner for the right to make and write tables"),
    "25006": Failure("is open for reading only", "name a server that can be written to"),
    "22003": Failure("holds numbers too large or too small for this", "choose others"),
    "XX00": DAMAGED,
}
# By the words of whoever refused the connection: no code comes with them.
CONNECTION_FAILURES = {
    r"password authentication failed": Failure("refuses this user or password", "check both in the address"),
    r"no password supplied": Failure("wants a password", "write USER:PASSWORD@ in the address, or fill ~/.pgpass"),
    r"no pg_hba.conf entry": Failure("refuses this user from this machine", "ask who keeps the server"),
    r"database .* does not exist": Failure("does not exist", "make it with createdb, or check its name in the address"),
    r"role .* does not exist": Failure("knows no such user", "check the user in the address"),
    r"resolve host|translate host": Failure("cannot be found", "check the host in the address", passes=True),
    r"refused|No such file": Failure("cannot be reached", "check host and port, and that its server runs", passes=True),
    r"timeout|timed out": Failure("does not answer", "check host and port, and the network", passes=True),
    r"starting up|shutting down|recovery": Failure("is not ready", "try again when its server runs", passes=True),
    # In the middle of its greeting.
    r"closed the connection|reset by peer|Broken pipe": LOST,
    r"too many|remaining connection": Failure("has no connection left", "try again later", passes=True),
}


def connection_failure(error: Exception, url: URL) -> StoreError:
    """Why no connection to a PostgreSQL server came about."""
    text = str(error)
    for words, failure in CONNECTION_FAILURES.items():
        if re.search(words, text, re.IGNORECASE):
            return failure.error(url)
    return StoreError(f"the database {shown(url)} cannot be used: {scrubbed(text, url)}")


def failure_of(error: BaseException) -> Failure | None:
    """What an error of a driver says of the database; None where it rather says something of this program."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return SQLITE_FAILURES_IN_DETAIL.get(code) or SQLITE_FAILURES.get(code & 0xFF)
    state = getattr(error, "sqlstate", None) or ""
    found = (failure for start, failure in POSTGRESQL_FAILURES.items() if state.startswith(start))
    return next(found, None)


def tell_failures(url: URL) -> Any:
    """A listener for an engine's errors: those that people can mend become a StoreError of one line."""

    def listen(context: ExceptionContext) -> StoreError | None:
        if context.is_pre_ping or not isinstance(context.original_exception, Exception):
            # A connection that has broken since its last use is opened anew; Ctrl-C, which breaks one, stays Ctrl-C.
            return None
        if isinstance(context.original_exception, OverflowError):
            return StoreError(f"a number is larger than a database can hold, {2**63 - 1:,}; give a smaller one")
        if isinstance(context.original_exception, UnicodeEncodeError):
            return StoreError("a text holds bytes that are no characters, which no database can store; leave them out")
        failure = failure_of(context.original_exception)
        if failure is None and context.is_disconnect:
            failure = LOST
        return failure.error(url) if failure else None

    return listen
