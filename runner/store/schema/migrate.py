"""Making the tables and bringing them up to date: by Alembic, in one transaction, after a copy of what there was."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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


def make_ready(engine: Engine) -> None:
    """Make the tables of a new database; bring an older SQLite file up to date, and say so on standard error.

    A server's database is shared: changing its tables would stop whoever uses it with an older program, so that is done
    by `fitgap db upgrade` alone.
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
    """Bring the database to the newest schema, all in one transaction; None where it is there already.

    Several programs may do so at once: one does it, the others find it done.
    """
    if prepare(engine) == newest_version():
        return None
    with alone(engine) as connection:
        return upgrade_within(connection)


def prepare(engine: Engine) -> str | None:
    """Make a database ready to be written to, and return its version; refuse one that is newer or not ours."""
    # Looked at first, so that nothing is written into a database that is not ours.
    version = stored_version(engine)
    refuse_newer(version)
    if is_sqlite(engine):
        prepare_for_writing(engine)
    return version


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
    if version is None and is_sqlite(connection.engine) and (statements := kept_statements()):
        make_tables(connection, statements)
    else:
        run_migrations(connection)
    if is_sqlite(connection.engine):
        connection.execute(sa.DDL("PRAGMA application_id = %(number)d", context={"number": APPLICATION_ID}))
    return Upgrade(version, newest_version(), backup)


def refuse_broken_references(connection: Connection) -> None:
    """StoreError, and with it the end of the transaction, where a row refers to one that is not there."""
    broken = connection.execute(sa.text("PRAGMA foreign_key_check")).first()
    if broken is not None:
        raise StoreError(f"rows of {broken[0]} refer to missing rows of {broken[2]}; the database was left as it was")


def run_migrations(connection: Connection) -> None:
    # Imported here: Alembic takes a while to load and is needed only when tables change.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(version.FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
