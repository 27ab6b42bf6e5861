"""Bringing a database up to date when someone asks for it: tables first, then the fit of what is in them."""

from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.fit.refresh import refresh_outdated
from fitgap.runner.store.schema.migrate import Upgrade, upgrade


def upgrade_database(database: str | None) -> Upgrade | None:
    """Bring an existing database up to date; None if it already is. Raises StoreError."""
    url = database_url(database)
    # Only reading asks for a file that exists.
    connect(url, read_only=True).dispose()
    engine = connect(url, read_only=False)
    try:
        done = upgrade(engine)
        refresh_outdated(engine)
        return done
    finally:
        engine.dispose()
