"""Status of a database: kind, schema, size, and numbers of rows."""

import sqlalchemy as sa
from fitgap.runner.store.database.addresses import database_url, shown
from fitgap.runner.store.database.connection import connect
from fitgap.runner.store.database.sqlite import reading
from fitgap.runner.store.database.sqlite_files import path_of
from fitgap.runner.store.database.sqlite_wal import side_file
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.schema.version import is_sqlite, newest_version, refuse_other_than_newest, stored_version
from sqlalchemy.engine import Connection, Engine

# Tables that exist in every schema version.
COUNTED = ("sweep", "trial", "epoch")


def describe_database(database: str | None) -> Row:
    """The status of a database of any schema version; StoreError if it does not exist or is not a fitgap database."""
    url = database_url(database)
    engine = connect(url, read_only=True)
    try:
        version = stored_version(engine)
        with reading(engine) as connection:
            counts = {f"{name}s": count(connection, name) if version else 0 for name in COUNTED}
            return {
                "database": shown(url),
                "kind": "SQLite" if is_sqlite(engine) else "PostgreSQL",
                "program_version": program_version(connection),
                "schema": version,
                "newest_schema": newest_version(),
                "bytes": size(engine, connection),
                **counts,
            }
    finally:
        engine.dispose()


def current_schema(database: str | None) -> str | None:
    """The schema version of a database; None if it is empty. Raises StoreError unless it is this program's version.

    Creates no files next to an SQLite file.
    """
    engine = connect(database_url(database), read_only=True)
    try:
        version = stored_version(engine)
    finally:
        engine.dispose()
    if version is not None:
        refuse_other_than_newest(version)
    return version


def count(connection: Connection, table: str) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one()


def program_version(connection: Connection) -> str:
    """The version of SQLite or of the server, such as `18.4`."""
    parts = connection.dialect.server_version_info or ()
    return ".".join(map(str, parts))


def size(engine: Engine, connection: Connection) -> int:
    """Bytes on disk, including the log."""
    if not is_sqlite(engine):
        here = sa.func.current_database()
        return connection.execute(sa.select(sa.func.pg_database_size(here))).scalar_one()
    path = path_of(engine.url)
    files = (path, side_file(path, "-wal"))
    return sum(each.stat().st_size for each in files if each.exists())
