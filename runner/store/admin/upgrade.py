"""Explicit upgrade of a database: first the tables, then outdated fit values."""

from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.fit.refresh import refresh_outdated
from fitgap.runner.store.schema.migrate import Upgrade, upgrade


def upgrade_database(database: str | None) -> Upgrade | None:
    """Upgrade an existing database; returns None if it is already up to date. Raises StoreError."""
    url = database_url(database)
    # A read-only connection requires that the file exists.
    connect(url, read_only=True).dispose()
    engine = connect(url, read_only=False)
    try:
        done = upgrade(engine)
        refresh_outdated(engine)
        return done
    finally:
        engine.dispose()
