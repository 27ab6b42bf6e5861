"""The connection to a database: an SQLite file, or a database of a PostgreSQL server."""

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine

from runner.store.addresses import database_url, is_file
from runner.store.failures import tell_failures
from runner.store.postgresql import postgresql_engine
from runner.store.sqlite import sqlite_engine
from runner.store.values import finite

__all__ = ["connect", "database_url", "finite", "is_file"]


def connect(url: URL, *, read_only: bool) -> Engine:
    """An engine for the database, for one thread; StoreError where it cannot be used. Who only asks cannot write."""
    engine = (sqlite_engine if is_file(url) else postgresql_engine)(url, read_only=read_only)
    sa.event.listen(engine, "handle_error", tell_failures(url), retval=True)
    return engine
