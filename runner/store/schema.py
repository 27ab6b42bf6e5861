"""The version of the schema: brought up to date by Alembic on first use, checked before every other use."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

import migrations
from runner.errors import StoreError
from runner.store.database import prepare_for_writing

VERSION_TABLE = "fitgap_version"
FOLDER = Path(migrations.__file__).parent


def newest_version() -> str:
    """The revision that this program knows last: migrations are numbered files."""
    return max(path.name[:4] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def current_version(connection: Connection) -> str | None:
    """The revision of the database; None where there are no tables at all.

    Raises StoreError for a database that belongs to something else.
    """
    tables = set(sa.inspect(connection).get_table_names())
    if not tables:
        return None
    if VERSION_TABLE not in tables:
        raise StoreError(
            f"the database holds other tables ({', '.join(sorted(tables)[:3])}), not fitgap's; name another with --db"
        )
    version_table = sa.table(VERSION_TABLE, sa.column("version_num"))
    return connection.execute(sa.select(version_table.c.version_num)).scalar_one_or_none()


def check_version(engine: Engine) -> None:
    """StoreError unless the database has the schema of this program."""
    with engine.connect() as connection:
        version = current_version(connection)
    if version is None:
        raise StoreError("the database is empty; `fitgap run` fills it, --db FILE names another")
    refuse_newer(version)
    if version < newest_version():
        raise StoreError(
            f"the database has schema {version}, older than this program's {newest_version()}; run `fitgap db upgrade`"
        )


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema, in one transaction; nothing happens where it is there already."""
    with engine.connect() as connection:
        # Looked at first, so that nothing is written into a database that is not ours.
        refuse_newer(current_version(connection))
    prepare_for_writing(engine)
    with engine.begin() as connection:
        version = current_version(connection)
        if version == newest_version():
            return
        refuse_newer(version)
        run_migrations(connection)


def refuse_newer(version: str | None) -> None:
    """StoreError for a schema that only a later program knows."""
    newest = newest_version()
    if version is not None and version > newest:
        raise StoreError(f"the database has schema {version}, newer than this program's {newest}; update fitgap")


def run_migrations(connection: Connection) -> None:
    # Imported here: Alembic takes a while to load and is needed only when tables change.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
