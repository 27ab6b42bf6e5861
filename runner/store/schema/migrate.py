"""Creation and upgrade of the tables, in one transaction, after a backup of an existing SQLite file."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store.database.sqlite import prepare_for_writing, without_foreign_keys
from fitgap.runner.store.database.sqlite_files import path_of
from fitgap.runner.store.schema import version
from fitgap.runner.store.schema.backup import back_up
from fitgap.runner.store.schema.create import kept_statements, make_tables
from fitgap.runner.store.schema.version import (
    APPLICATION_ID,
    current_version,
    is_sqlite,
    newest_version,
    refuse_newer,
    refuse_other_than_newest,
    stored_version,
)
from fitgap.runner.streams.printable import printable
from sqlalchemy.engine import Connection, Engine

if TYPE_CHECKING:
    from alembic.config import Config

# The advisory lock held by the program that changes the tables on a server.
UPGRADE_LOCK = APPLICATION_ID


@dataclass(frozen=True)
class Upgrade:
    """The result of an upgrade: the version before (None if there were no tables) and after, and the backup, if any."""

    before: str | None
    after: str
    backup: Path | None

    def __str__(self) -> str:
        if self.before is None:
            return f"created the tables of schema {self.after}"
        kept = f"; the previous state is in {self.backup}" if self.backup else ""
        return f"upgraded the database from schema {self.before} to {self.after}{kept}"


def make_ready(engine: Engine) -> None:
    """Create the tables of a new database; upgrade an older SQLite file and report that on standard error.

    A database on a server is upgraded only by `fitgap db upgrade`: it is shared, and the new schema would lock out
    everyone who uses an older version of the program.
    """
    if not is_sqlite(engine):
        version = stored_version(engine)
        if version is not None:
            refuse_other_than_newest(version)
            return
    done = upgrade(engine)
    if done and done.before:
        print(printable(f"fitgap: {done}"), file=sys.stderr)


def upgrade(engine: Engine) -> Upgrade | None:
    """Upgrade the database to the newest schema in one transaction; returns None if it is already up to date.

    If several programs do this at once, one upgrades and the others find nothing to do.
    """
    if prepare(engine) == newest_version():
        return None
    with exclusive_transaction(engine) as connection:
        return upgrade_within(connection)


def prepare(engine: Engine) -> str | None:
    """Prepare a database for writing and return its version; StoreError if it is newer or not a fitgap database."""
    # Inspect it first, so that nothing is written into a foreign database.
    version = stored_version(engine)
    refuse_newer(version)
    if is_sqlite(engine):
        prepare_for_writing(engine)
    return version


@contextlib.contextmanager
def exclusive_transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction without concurrent writers, in which tables can be rebuilt."""
    if not is_sqlite(engine):
        with engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADE_LOCK)))
            yield connection
        return
    # With foreign keys on, dropping a table to rebuild it would cascade to other tables. The setting cannot be changed
    # inside a transaction.
    with without_foreign_keys(engine), engine.begin() as connection:
        yield connection
        refuse_broken_references(connection)


def upgrade_within(connection: Connection) -> Upgrade | None:
    """Like `upgrade`, within the caller's transaction, which must exclude other writers."""
    version = current_version(connection)
    refuse_newer(version)
    if version == newest_version():
        return None
    backup = None
    if is_sqlite(connection.engine) and version is not None:
        backup = back_up(path_of(connection.engine.url), version)
    if version is None and (statements := kept_statements(connection.dialect.name)):
        make_tables(connection, statements)
    else:
        run_migrations(connection)
    if is_sqlite(connection.engine):
        connection.execute(sa.DDL("PRAGMA application_id = %(number)d", context={"number": APPLICATION_ID}))
    return Upgrade(version, newest_version(), backup)


def refuse_broken_references(connection: Connection) -> None:
    """Raise StoreError, which aborts the transaction, if a row refers to a missing row."""
    broken = connection.execute(sa.text("PRAGMA foreign_key_check")).first()
    if broken is not None:
        rule = f"rows of {broken[0]} refer to missing rows of {broken[2]}, so the database was not changed"
        raise StoreError(f"{rule}; restore a backup")


def run_migrations(connection: Connection) -> None:
    # Imported here, because Alembic is slow to import and rarely needed.
    from alembic import command

    config = migrations_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def migrations_config() -> "Config":
    """Alembic's configuration, with the folder of the migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(version.FOLDER).replace("%", "%%"))
    return config
