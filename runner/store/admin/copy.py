"""Copy of a whole database into a new one, between SQLite and PostgreSQL in any direction; row ids are kept."""

import contextlib
import json
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.files.atomic_files import give_rights
from fitgap.runner.store.database.addresses import database_url, is_file
from fitgap.runner.store.database.connection import connect
from fitgap.runner.store.database.sqlite import reading
from fitgap.runner.store.database.sqlite_files import path_of
from fitgap.runner.store.database.values import json_text
from fitgap.runner.store.schema.backup import new_database
from fitgap.runner.store.schema.migrate import exclusive_transaction, prepare, upgrade_within
from fitgap.runner.store.schema.tables import metadata
from fitgap.runner.store.schema.version import check_version, is_sqlite, refuse_other_than_newest
from sqlalchemy.engine import URL, Connection, Engine

BLOCK_ROWS = 2_000
# Arrays may be large, so only a few are held in memory at once.
BLOCK_ARRAYS = 20


def copy_database(source: str, target: str) -> dict[str, int]:
    """Copy everything from one database into another that has no rows yet; returns the number of rows per table.

    The copy is atomic. A new file gets its name only when it is complete, unless a file of that name has appeared.
    """
    reading_from, url = connect(database_url(source), read_only=True), database_url(target)
    try:
        check_version(reading_from)
        connect(url, read_only=False).dispose()
        if is_file(url) and not path_of(url).exists():
            return copy_into_new_file(reading_from, path_of(url))
        return copy_into(reading_from, url)
    finally:
        reading_from.dispose()


def copy_into_new_file(source: Engine, path: Path) -> dict[str, int]:
    """Copy into a new file, which gets its name only when the copy is complete."""
    with new_database(path) as part:
        if is_sqlite(source):
            give_rights(part, path_of(source.url))
            # The source may be read-only, which a copy is often made to get around.
            part.chmod(part.stat().st_mode | stat.S_IRUSR | stat.S_IWUSR)
        return copy_into(source, URL.create("sqlite", database=str(part)))


def copy_into(source: Engine, url: URL) -> dict[str, int]:
    """Copy into a database without rows, in one transaction. Raises StoreError if it has rows or another schema."""
    writing = connect(url, read_only=False)
    try:
        version = prepare(writing)
        if version is not None:
            refuse_other_than_newest(version)
        with exclusive_transaction(writing) as connection:
            upgrade_within(connection)
            refuse_rows(connection)
            return copy_tables(source, connection)
    finally:
        writing.dispose()


def refuse_rows(connection: Connection) -> None:
    """Raise StoreError if the database already has rows, whose ids would clash."""
    for table in metadata.sorted_tables:
        if connection.execute(sa.select(sa.exists().select_from(table))).scalar_one():
            raise StoreError("the database to copy to already has rows; name a new one")


def copy_tables(source: Engine, connection: Connection) -> dict[str, int]:
    """Copy all tables, in the order of their foreign keys; returns the number of rows per table."""
    with snapshot_of(source) as rows:
        counts = {table.name: copy_table(table, rows, connection) for table in metadata.sorted_tables}
    if not is_sqlite(connection.engine):
        advance_sequences(connection)
    return counts


@contextlib.contextmanager
def snapshot_of(engine: Engine) -> Iterator[Connection]:
    """A connection that sees a snapshot of the database, unaffected by concurrent writes."""
    if is_sqlite(engine):
        with reading(engine) as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection
    else:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            yield connection


def copy_table(table: sa.Table, source: Connection, target: Connection) -> int:
    """Copy the rows of a table in their stored form, block by block; returns the number of rows."""
    query = sa.select(*(as_stored(column) for column in table.columns)).order_by(*table.primary_key)
    has_arrays = any(isinstance(column.type, sa.LargeBinary) for column in table.columns)
    writing = sa.insert(table).values({column.name: placeholder_of(column, target) for column in table.columns})
    json_names = [column.name for column in table.columns if is_json(column)]
    count = 0
    blocks = source.execution_options(yield_per=BLOCK_ARRAYS if has_arrays else BLOCK_ROWS).execute(query)
    for block in blocks.mappings().partitions():
        target.execute(writing, [with_plain_json(row, json_names) for row in block])
        count += len(block)
    return count


def as_stored(column: sa.Column) -> sa.ColumnElement:
    """A column in its stored form: JSON as text, so that it is copied unchanged."""
    return sa.cast(column, sa.Text).label(column.name) if is_json(column) else column


def placeholder_of(column: sa.Column, connection: Connection) -> sa.ColumnElement:
    """The placeholder for a value of this column in an INSERT."""
    if not is_json(column):
        return sa.bindparam(column.name, type_=column.type)
    text = sa.bindparam(column.name, type_=sa.Text)
    return text if is_sqlite(connection.engine) else sa.cast(text, sa.JSON)


def is_json(column: sa.Column) -> bool:
    return isinstance(column.type, sa.JSON)


def with_plain_json(row: sa.RowMapping, names: Sequence[str]) -> dict[str, Any]:
    """The row without NaN in these JSON columns. Earlier versions wrote NaN, which PostgreSQL rejects."""
    changed = dict(row)
    for name in names:
        text = row[name]
        if text and ("NaN" in text or "Infinity" in text):
            changed[name] = json_text(json.loads(text))
    return changed


def advance_sequences(connection: Connection) -> None:
    """Set PostgreSQL's id sequences to continue after the copied ids; SQLite does so by itself."""
    for table in metadata.sorted_tables:
        if "id" in table.columns:
            sequence = sa.func.pg_get_serial_sequence(table.name, "id")
            connection.execute(sa.select(sa.func.setval(sequence, sa.func.max(table.c.id))))
