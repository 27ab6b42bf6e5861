"""Connections to databases: SQLite files, or databases of a PostgreSQL server."""

import contextlib
import logging
from collections.abc import Iterator

import sqlalchemy as sa
from fitgap.runner.store.database.addresses import database_url, is_file
from fitgap.runner.store.database.errors import translated_failures
from fitgap.runner.store.database.postgresql import postgresql_engine
from fitgap.runner.store.database.sqlite import sqlite_engine
from fitgap.runner.store.database.values import finite
from sqlalchemy.engine import URL, Engine

__all__ = ["closed_on_failure", "connect", "database_url", "finite", "is_file"]


# These libraries also raise what they log. Without handlers, the logs would appear at Ctrl-C or when a server is lost.
for library in ("sqlalchemy", "psycopg"):
    logging.getLogger(library).addHandler(logging.NullHandler())


def connect(url: URL, *, read_only: bool) -> Engine:
    """An engine for the database, for one thread; StoreError if it cannot be used. `read_only` is enforced."""
    engine = (sqlite_engine if is_file(url) else postgresql_engine)(url, read_only=read_only)
    sa.event.listen(engine, "handle_error", translated_failures(url), retval=True)
    return engine


@contextlib.contextmanager
def closed_on_failure(engine: Engine) -> Iterator[Engine]:
    """Close the connections of an engine on failure, so that a rejected database is released at once."""
    try:
        yield engine
    except BaseException:
        engine.dispose()
        raise
