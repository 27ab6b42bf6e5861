"""Check for live drivers that use a database, before operations that rewrite the whole file."""

from pathlib import Path

import sqlalchemy as sa
from fitgap.runner.errors import BusyError
from fitgap.runner.store.database.clock import database_now
from fitgap.runner.store.database.sqlite import open_sqlite
from fitgap.runner.store.database.sqlite_files import READING
from fitgap.runner.store.schema.tables import driver
from fitgap.runner.store.write.claims import OtherDriver
from fitgap.runner.store.write.delete import is_alive
from sqlalchemy.engine import URL, Connection


def refuse_drivers_of(path: Path) -> None:
    """Raise BusyError if a live driver uses this file."""
    engine = sa.create_engine(
        "sqlite://", creator=lambda: open_sqlite(URL.create("sqlite", database=str(path)), READING)
    )
    try:
        with engine.connect() as connection:
            refuse_drivers(connection)
    finally:
        engine.dispose()


def refuse_drivers(connection: Connection) -> None:
    """Raise BusyError if a live driver uses this database. The first schema has no drivers."""
    if not sa.inspect(connection).has_table(driver.name):
        return
    columns = (driver.c.id, driver.c.machine, driver.c.process, driver.c.process_started, driver.c.lease_until)
    query = sa.select(*columns, database_now()).where(driver.c.ended.is_(None), driver.c.lost.is_(None))
    for row in connection.execute(query):
        found = OtherDriver(*row)
        if is_alive(found):
            raise BusyError(
                f"driver {found.driver_id} (process {found.process}) is training; "
                "stop it with Ctrl-C or wait until it has finished, then try again"
            )
