"""Live drivers: those that use a database, before operations that rewrite the whole file, and those of a sweep."""

from pathlib import Path

import sqlalchemy as sa
from fitgap.runner.errors import BusyError
from fitgap.runner.store.database.clock import database_now
from fitgap.runner.store.database.sqlite import open_sqlite
from fitgap.runner.store.database.sqlite_files import READING
from fitgap.runner.store.schema.tables import driver, trial
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


def drivers_of_sweep(connection: Connection, sweep_id: int) -> list[OtherDriver]:
    """The live drivers that have trained trials of a sweep."""
    columns = (driver.c.id, driver.c.machine, driver.c.process, driver.c.process_started, driver.c.lease_until)
    query = sa.select(*columns, database_now()).where(driver.c.ended.is_(None), driver.c.lost.is_(None))
    found = [OtherDriver(*row) for row in connection.execute(query)]
    return [each for each in found if is_alive(each) and has_trained(connection, each.driver_id, sweep_id)]


def has_trained(connection: Connection, driver_id: int, sweep_id: int) -> bool:
    """Whether a driver has claimed trials of a sweep."""
    own = sa.exists().where(trial.c.driver_id == driver_id, trial.c.sweep_id == sweep_id)
    return bool(connection.execute(sa.select(own)).scalar_one())
