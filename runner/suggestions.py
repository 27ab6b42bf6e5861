"""Commands that messages suggest. They use the same --db option as the current command."""

import contextlib
import shlex
from collections.abc import Iterator
from contextvars import ContextVar

_database: ContextVar[str | None] = ContextVar("database", default=None)


def name_database(database: str | None) -> None:
    """From now on, suggested commands name this database; None if the command itself did not name one."""
    _database.set(database)


@contextlib.contextmanager
def naming_database() -> Iterator[None]:
    """Context manager for a command that may name a database; the name is forgotten when the command ends."""
    token = _database.set(None)
    try:
        yield
    finally:
        _database.reset(token)


def suggested(*words: str) -> str:
    """A command line such as `fitgap show 3 --db my.db`. Words in capitals are placeholders."""
    database = _database.get()
    return shlex.join(["fitgap", *words, *(("--db", database) if database else ())])
