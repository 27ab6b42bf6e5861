"""Schema version of a database: reading it without leaving traces, and rejecting other versions and programs."""

import contextlib
import time
from pathlib import Path

import sqlalchemy as sa
from fitgap import migrations
from fitgap.runner.errors import StoreError
from fitgap.runner.store.database.errors import ChangedWhileReadError
from fitgap.runner.store.database.sqlite import inspecting_engine, reading
from fitgap.runner.store.database.sqlite_files import check_file, path_of
from fitgap.runner.store.schema.planted import refuse_other_columns, refuse_planted
from fitgap.runner.store.schema.tables import SCHEMA
from fitgap.runner.suggestions import suggested
from sqlalchemy.engine import URL, Connection, Engine

VERSION_TABLE = "fitgap_version"
# Number of attempts to inspect a file that is changing, and the pause between them.
ATTEMPTS, PAUSE_SECONDS = 50, 0.02
FOLDER = Path(migrations.__file__).parent
# "fitg", the application id in the header of an SQLite file. Files of the first schema have none.
APPLICATION_ID = 0x66697467


def newest_version() -> str:
    """The newest revision that this program knows, from the numbers of the migration files."""
    return max(path.name[:4] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def stored_version(engine: Engine) -> str | None:
    """The revision of a database that may be foreign, read without changing it or creating files next to it."""
    if not is_sqlite(engine):
        with engine.connect() as connection:
            return current_version(connection)
    if not path_of(engine.url).exists():
        return None
    for _ in range(ATTEMPTS):
        # Another process may be creating the file right now.
        with contextlib.suppress(ChangedWhileReadError):
            return inspected_version(engine)
        time.sleep(PAUSE_SECONDS)
    return inspected_version(engine)


def inspected_version(engine: Engine) -> str | None:
    inspecting = inspecting_engine(engine.url)
    try:
        with reading(inspecting) as connection:
            return current_version(connection)
    finally:
        inspecting.dispose()


def tables_of_file(path: Path) -> set[str]:
    """The tables and views in an SQLite file of any program; none if the file does not exist or is empty.

    Raises StoreError if the file is not a database. Does not change the file or its folder.
    """
    if not path.exists():
        return set()
    check_file(path, must_exist=True)
    inspecting = inspecting_engine(URL.create("sqlite", database=str(path)))
    try:
        with reading(inspecting) as connection:
            inspector = sa.inspect(connection)
            return {*inspector.get_table_names(), *inspector.get_view_names()}
    finally:
        inspecting.dispose()


def current_version(connection: Connection) -> str | None:
    """The revision of the database; None if it has no tables.

    Raises StoreError for a database of another program, or one with suspicious elements.
    """
    tables = set(sa.inspect(connection).get_table_names())
    if VERSION_TABLE not in tables and tables:
        some = ", ".join(sorted(tables)[:3])
        raise StoreError(f"the database contains tables of another program ({some}); name another with --db")
    if is_sqlite(connection.engine):
        refuse_other_programs(connection)
        refuse_planted(connection)
    if not tables:
        return None
    version_table = sa.table(VERSION_TABLE, sa.column("version_num"))
    found = connection.execute(sa.select(version_table.c.version_num)).scalars().first()
    if found is None:
        raise StoreError("the database has no schema version, so it is damaged; restore a backup")
    if found == SCHEMA and is_sqlite(connection.engine):
        refuse_other_columns(connection)
    return str(found)


def refuse_other_programs(connection: Connection) -> None:
    """Raise StoreError for an SQLite file with the application id of another program."""
    number = connection.execute(sa.text("PRAGMA application_id")).scalar_one()
    if number not in (0, APPLICATION_ID):
        raise StoreError("the database belongs to another program; name another with --db")


def check_version(engine: Engine) -> None:
    """Raise StoreError unless the database has this program's schema version."""
    version = stored_version(engine)
    if version is None:
        raise StoreError("the database is empty; fill it with `fitgap run`, or name another with --db")
    refuse_other_than_newest(version)


def refuse_newer(version: str | None) -> None:
    """Raise StoreError for a schema newer than this program's."""
    newest = newest_version()
    if version is not None and version > newest:
        raise StoreError(f"the database has schema {version}, newer than this program's {newest}; update fitgap")


def refuse_other_than_newest(version: str) -> None:
    """Raise StoreError for any schema version other than this program's."""
    refuse_newer(version)
    newest = newest_version()
    if version < newest:
        raise StoreError(
            f"the database has schema {version}, older than this program's {newest}; run `{suggested('db', 'upgrade')}`"
        )


def is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"
