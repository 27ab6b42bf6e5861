"""Disk usage of sweeps, and compaction of SQLite files, which returns the space of deleted rows to the disk."""

import sqlalchemy as sa
from fitgap.runner.store.admin.status import size
from fitgap.runner.store.database.addresses import database_url
from fitgap.runner.store.database.connection import connect
from fitgap.runner.store.database.sqlite import outside_transactions, prepare_for_writing, reading
from fitgap.runner.store.read.epoch_counts import recorded_epochs
from fitgap.runner.store.schema.tables import class_count, configuration, confusion, evidence, snapshot, state, trial
from fitgap.runner.store.schema.version import check_version, is_sqlite
from fitgap.runner.store.write.drivers_at_work import refuse_drivers
from sqlalchemy.engine import Connection, Engine

# Measured bytes per row, including its share of pages and indexes.
ROW_BYTES = {
    "sqlite": {"epoch": 84, "trial": 330, "configuration": 1_400},
    "postgresql": {"epoch": 145, "trial": 480, "configuration": 1_600},
}


def sweep_sizes(connection: Connection) -> dict[int, tuple[int, int]]:
    """For each sweep, the number of stored epochs and its approximate size on disk in bytes."""
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
    """Bytes of everything other than trials and epochs, as pairs (sweep, bytes); a sweep may occur several times."""
    counted = sa.func.count() * configuration_bytes
    found = sa.select(configuration.c.sweep_id, counted).group_by(configuration.c.sweep_id)
    pairs = [tuple(row) for row in connection.execute(found)]
    counts = [sa.cast(column, sa.Text) for column in (class_count.c.last, class_count.c.best)]
    lengths = [(table, sa.func.length(table.c.content)) for table in (snapshot, state, evidence, confusion)]
    lengths += [(class_count, sa.func.coalesce(sa.func.length(column), 0)) for column in counts]
    for table, length in lengths:
        total = sa.func.sum(length)
        found = sa.select(trial.c.sweep_id, total).join_from(table, trial, table.c.trial_id == trial.c.id)
        pairs += [tuple(row) for row in connection.execute(found.group_by(trial.c.sweep_id))]
    return pairs


def unused_bytes(connection: Connection) -> int | None:
    """Unused bytes in an SQLite file; None for a server, which does not report them."""
    if connection.dialect.name != "sqlite":
        return None
    pages = connection.execute(sa.text("PRAGMA freelist_count")).scalar_one()
    return int(pages * connection.execute(sa.text("PRAGMA page_size")).scalar_one())


def compact_database(database: str | None) -> tuple[int, int] | None:
    """Rewrite an SQLite file without its unused space; returns its size in bytes before and after.

    The database is locked for writing meanwhile, and the disk needs space for a second file. Returns None for a server,
    which reclaims space itself. Raises BusyError while a live driver uses the database.
    """
    url = database_url(database)
    # A read-only connection requires that the file exists and is a fitgap database.
    reader = connect(url, read_only=True)
    try:
        check_version(reader)
    finally:
        reader.dispose()
    if not is_sqlite(reader):
        return None
    engine = connect(url, read_only=False)
    try:
        prepare_for_writing(engine)
        with reading(engine) as rows:
            # The driver's transactions would have to wait longer than its timeout.
            refuse_drivers(rows)
        before = bytes_of(engine)
        with outside_transactions(engine) as connection:
            connection.execute("VACUUM")
            # Until this checkpoint, the rewritten content is in the log.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return before, bytes_of(engine)
    finally:
        engine.dispose()


def bytes_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return size(engine, connection)
