"""How much room sweeps take, and giving the room of deleted ones back to the disk."""

import sqlalchemy as sa
from fitgap.runner.store.admin.status import size
from fitgap.runner.store.database.addresses import database_url
from fitgap.runner.store.database.connection import connect
from fitgap.runner.store.database.sqlite import outside_transactions, prepare_for_writing, reading
from fitgap.runner.store.read.epoch_counts import recorded_epochs
from fitgap.runner.store.schema.tables import configuration, evidence, snapshot, state, trial
from fitgap.runner.store.schema.version import check_version, is_sqlite
from fitgap.runner.store.write.drivers_at_work import refuse_drivers
from sqlalchemy.engine import Connection, Engine

# Measured: rows with their share of pages and indexes. They are nearly all numbers of 8 bytes.
ROW_BYTES = {
    "sqlite": {"epoch": 84, "trial": 330, "configuration": 1_400},
    "postgresql": {"epoch": 145, "trial": 480, "configuration": 1_600},
}


def sweep_sizes(connection: Connection) -> dict[int, tuple[int, int]]:
    """For each sweep its stored epochs, and about how many bytes it takes on disk."""
    each = ROW_BYTES[connection.dialect.name]
    sizes: dict[int, tuple[int, int]] = {}
    epochs = recorded_epochs(connection, sa.true())
    count = sa.select(trial.c.sweep_id, sa.func.count()).group_by(trial.c.sweep_id)
    for sweep_id, trials in connection.execute(count):
        sizes[sweep_id] = (epochs[sweep_id], trials * each["trial"] + epochs[sweep_id] * each["epoch"])
    for sweep_id, more in more_bytes(connection, each["configuration"]):
        rows, so_far = sizes.get(sweep_id, (0, 0))
        sizes[sweep_id] = (rows, so_far + int(more))
    return sizes


def more_bytes(connection: Connection, configuration_bytes: int) -> list[tuple[int, int]]:
    """Bytes beside trials and epochs, as (sweep, bytes), several times for some sweeps."""
    counted = sa.func.count() * configuration_bytes
    found = sa.select(configuration.c.sweep_id, counted).group_by(configuration.c.sweep_id)
    pairs = [tuple(row) for row in connection.execute(found)]
    for table in (snapshot, state, evidence):
        length = sa.func.sum(sa.func.length(table.c.content))
        found = sa.select(trial.c.sweep_id, length).join_from(table, trial, table.c.trial_id == trial.c.id)
        pairs += [tuple(row) for row in connection.execute(found.group_by(trial.c.sweep_id))]
    return pairs


def unused_bytes(connection: Connection) -> int | None:
    """Bytes of an SQLite file that hold nothing any more; None for a server, which does not tell."""
    if connection.dialect.name != "sqlite":
        return None
    pages = connection.execute(sa.text("PRAGMA freelist_count")).scalar_one()
    return int(pages * connection.execute(sa.text("PRAGMA page_size")).scalar_one())


def compact_database(database: str | None) -> tuple[int, int] | None:
    """Write an SQLite file anew without what was deleted; returns its bytes before and after.

    Nobody can write meanwhile, and the disk must have room for a second file. None for a server, which does it itself.
    BusyError while a driver that lives works with it.
    """
    url = database_url(database)
    # Only reading asks for a file that exists and is ours.
    asking = connect(url, read_only=True)
    try:
        check_version(asking)
    finally:
        asking.dispose()
    if not is_sqlite(asking):
        return None
    engine = connect(url, read_only=False)
    try:
        prepare_for_writing(engine)
        with reading(engine) as rows:
            # Its transactions would have to wait for longer than it is patient.
            refuse_drivers(rows)
        before = bytes_of(engine)
        with outside_transactions(engine) as connection:
            connection.execute("VACUUM")
            # What was written lies beside the file until then.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return before, bytes_of(engine)
    finally:
        engine.dispose()


def bytes_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return size(engine, connection)
