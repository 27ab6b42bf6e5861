"""The version of the schema: brought up to date by Alembic on first use, checked before every other use."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

import migrations
from runner.errors import StoreError
from runner.store.backup import back_up
from runner.store.sqlite import looking_engine, path_of, prepare_for_writing, without_foreign_keys

VERSION_TABLE = "fitgap_version"
FOLDER = Path(migrations.__file__).parent
# "fitg": says in the head of an SQLite file whose it is. Files of the first schema say nothing.
APPLICATION_ID = 0x66697467
# Held by whoever changes the tables on a server.
UPGRADE_LOCK = APPLICATION_ID


@dataclass(frozen=True)
class Upgrade:
    """What an upgrade has done: from which version (None where there were no tables) to which; a copy of what was."""

    before: str | None
    after: str
    backup: Path | None

    def __str__(self) -> str:
        if self.before is None:
            return f"made the tables of schema {self.after}"
        kept = f"; {self.backup} holds it as it was" if self.backup else ""
        return f"brought the database from schema {self.before} to {self.after}{kept}"


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
    looking = looking_engine(engine.url)
    try:
        with looking.connect() as connection:
            return current_version(connection)
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
    if not tables:
        return None
    version_table = sa.table(VERSION_TABLE, sa.column("version_num"))
    found = connection.execute(sa.select(version_table.c.version_num)).scalar_one_or_none()
    if found is None:
        raise StoreError("the database does not say which schema it has; go back to a copy of it")
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
        raise StoreError(f"the database has schema {version}, older than this program's {newest}; run `fitgap db upgrade`")


def make_ready(engine: Engine) -> None:
    """Make the tables of a new database; bring an older SQLite file up to date, and say so on standard error.

    A server's database is shared: changing its tables would stop whoever uses it with an older program, so that is done
    by `fitgap db upgrade` alone.
    """
    version = stored_version(engine)
    if version is not None and not is_sqlite(engine):
        refuse_other_than_newest(version)
        return
    done = upgrade(engine)
    if done and done.before:
        print(f"fitgap: {done}", file=sys.stderr)


def upgrade(engine: Engine) -> Upgrade | None:
    """Bring the database to the newest schema, all in one transaction; None where it is there already.

    Several programs may do so at once: one does it, the others find it done.
    """
    # Looked at first, so that nothing is written into a database that is not ours.
    version = stored_version(engine)
    refuse_newer(version)
    if is_sqlite(engine):
        prepare_for_writing(engine)
    if version == newest_version():
        return None
    with alone(engine) as connection:
        return upgrade_within(connection)


@contextlib.contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """A transaction in which nobody else writes, and in which tables can be rebuilt."""
    if not is_sqlite(engine):
        with engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADE_LOCK)))
            yield connection
        return
    # Else the rows of other tables would go when a table is dropped to be rebuilt; inside a transaction it is too late.
    with without_foreign_keys(engine), engine.begin() as connection:
        yield connection
        refuse_broken_references(connection)


def upgrade_within(connection: Connection) -> Upgrade | None:
    """The same, in a transaction of the caller's in which nobody else writes."""
    version = current_version(connection)
    refuse_newer(version)
    if version == newest_version():
        return None
    backup = None
    if is_sqlite(connection.engine) and version is not None:
        backup = back_up(path_of(connection.engine.url), version)
    run_migrations(connection)
    if is_sqlite(connection.engine):
        connection.execute(sa.DDL("PRAGMA application_id = %(number)d", context={"number": APPLICATION_ID}))
    return Upgrade(version, newest_version(), backup)


def refuse_broken_references(connection: Connection) -> None:
    """StoreError, and with it the end of the transaction, where a row refers to one that is not there."""
    broken = connection.execute(sa.text("PRAGMA foreign_key_check")).first()
    if broken is not None:
        raise StoreError(f"rows of {broken[0]} refer to missing rows of {broken[2]}; the database was left as it was")


def is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


def run_migrations(connection: Connection) -> None:
    # Imported here: Alembic takes a while to load and is needed only when tables change.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
