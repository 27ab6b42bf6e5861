"""The version of a database's schema: read without a trace, and refused unless it is this program's."""

import contextlib
import time
from pathlib import Path

import sqlalchemy as sa
from fitgap import migrations
from fitgap.runner.errors import StoreError
from fitgap.runner.store.database.errors import ChangedWhileReadError
from fitgap.runner.store.database.sqlite import looking_engine, reading
from fitgap.runner.store.database.sqlite_files import check_file, path_of
from fitgap.runner.store.schema.planted import refuse_other_columns, refuse_planted
from fitgap.runner.store.schema.tables import SCHEMA
from sqlalchemy.engine import URL, Connection, Engine

VERSION_TABLE = "fitgap_version"
# How often a file that changes is looked at anew, and the pause between.
LOOKS, PAUSE_SECONDS = 50, 0.02
FOLDER = Path(migrations.__file__).parent
# "fitg": says in the head of an SQLite file whose it is. Files of the first schema say nothing.
APPLICATION_ID = 0x66697467


def newest_version() -> str:
    """The revision that this program knows last: migrations are numbered files."""
    return max(path.name[:4] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def stored_version(engine: Engine) -> str | None:
    """The revision of a database that may not be ours, found without changing it or leaving anything beside it."""
    if not is_sqlite(engine):
        with engine.connect() as connection:
            return current_version(connection)
    if not path_of(engine.url).exists():
        return None
    for _ in range(LOOKS):
        # Somebody else may be making it just now.
        with contextlib.suppress(ChangedWhileReadError):
            return looked_version(engine)
        time.sleep(PAUSE_SECONDS)
    return looked_version(engine)


def looked_version(engine: Engine) -> str | None:
    looking = looking_engine(engine.url)
    try:
        with reading(looking) as connection:
            return current_version(connection)
    finally:
        looking.dispose()


def tables_of_file(path: Path) -> set[str]:
    """The tables and views in an SQLite file, whoever it belongs to; none where there is no file, or an empty one.

    StoreError for a file that is no database. Leaves it and its folder as they are.
    """
    if not path.exists():
        return set()
    check_file(path, must_exist=True)
    looking = looking_engine(URL.create("sqlite", database=str(path)))
    try:
        with reading(looking) as connection:
            inspector = sa.inspect(connection)
            return {*inspector.get_table_names(), *inspector.get_view_names()}
    finally:
        looking.dispose()


def current_version(connection: Connection) -> str | None:
    """The revision of the database; None where there are no tables at all.

    Raises StoreError for a database that belongs to something else.
    """
    tables = set(sa.inspect(connection).get_table_names())
    if VERSION_TABLE not in tables and tables:
        some = ", ".join(sorted(tables)[:3])
        raise StoreError(f"the database holds other tables ({some}), not fitgap's; name another with --db")
    if is_sqlite(connection.engine):
        refuse_other_programs(connection)
        refuse_planted(connection)
    if not tables:
        return None
    version_table = sa.table(VERSION_TABLE, sa.column("version_num"))
    found = connection.execute(sa.select(version_table.c.version_num)).scalars().first()
    if found is None:
        raise StoreError("the database does not say which schema it has; go back to a copy of it")
    if found == SCHEMA and is_sqlite(connection.engine):
        refuse_other_columns(connection)
    return str(found)


def refuse_other_programs(connection: Connection) -> None:
    """StoreError for an SQLite file whose head names another program."""
    number = connection.execute(sa.text("PRAGMA application_id")).scalar_one()
    if number not in (0, APPLICATION_ID):
        raise StoreError("the database belongs to another program; name another with --db")


def check_version(engine: Engine) -> None:
    """StoreError unless the database has the schema of this program."""
    version = stored_version(engine)
    if version is None:
        raise StoreError("the database is empty; `fitgap run` fills it, --db names another")
    refuse_other_than_newest(version)


def refuse_newer(version: str | None) -> None:
    """StoreError for a schema that only a later program knows."""
    newest = newest_version()
    if version is not None and version > newest:
        raise StoreError(f"the database has schema {version}, newer than this program's {newest}; update fitgap")


def refuse_other_than_newest(version: str) -> None:
    """StoreError for any schema but this program's."""
    refuse_newer(version)
    newest = newest_version()
    if version < newest:
        raise StoreError(
            f"the database has schema {version}, older than this program's {newest}; run `fitgap db upgrade`"
        )


def is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"
