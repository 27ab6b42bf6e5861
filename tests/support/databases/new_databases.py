"""Databases for tests, both SQLite and PostgreSQL, made by copying one that already has the tables."""

import itertools
import shutil
from pathlib import Path

import psycopg
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.schema.tables import metadata
from fitgap.runner.store.schema.version import VERSION_TABLE
from psycopg import sql

from support.databases.temporary_postgres import TemporaryPostgres

# Every server has this empty database.
NOTHING = "template1"
END_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
SHAPE = (
    f"SELECT * FROM {VERSION_TABLE}",
    "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    """
        SELECT relname, attname, atttypid, attnotnull FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0 ORDER BY 1, 2
    """,
    "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
)


class SqliteFiles:
    """Makes database files in a folder."""

    def __init__(self, folder: Path, template: Path):
        self.folder = folder
        self.template = template
        self.names = itertools.chain(["store.db"], (f"store-{number}.db" for number in itertools.count(2)))

    def make(self, *, empty: bool = False) -> str:
        """The path of a new database with the newest tables but no rows, or of a file that does not exist yet."""
        path = self.folder / next(self.names)
        if not empty:
            shutil.copy(self.template, path)
        return str(path)

    def close(self) -> None:
        """Nothing to do: pytest removes the folder."""


class PostgresDatabases:
    """Makes databases on a server. Those with tables are emptied and reused by later tests, which is faster."""

    def __init__(self, server: TemporaryPostgres, template: str):
        self.server = server
        self.template = template
        self.made: list[tuple[str, str]] = []

    def make(self, *, empty: bool = False) -> str:
        """The address of a new database: a copy of the template, or an empty one."""
        template = NOTHING if empty else self.template
        spare = self.server.spare.setdefault(template, [])
        if spare:
            name = spare.pop()
        else:
            name = self.server.new_name()
            order(self.server, "CREATE DATABASE {} TEMPLATE {}", name, template)
        self.made.append((name, template))
        return self.server.address(name)

    def close(self) -> None:
        for name, template in self.made:
            if template in self.server.shapes and is_emptied(self.server, name, self.server.shapes[template]):
                self.server.spare[template].append(name)
            else:
                order(self.server, "DROP DATABASE {} WITH (FORCE)", name)


def is_emptied(server: TemporaryPostgres, name: str, shape: object) -> bool:
    """Remove all rows of a database; returns False if a test has changed its tables."""
    with psycopg.connect(server.address(name), autocommit=True) as connection:
        connection.execute(END_OTHERS)
        if shape_of(connection) != shape:
            return False
        tables = sql.SQL(", ").join(map(sql.Identifier, metadata.tables))
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))
        return True


def shape_of(connection: psycopg.Connection) -> object:
    """Everything except rows that a test could have changed in a database."""
    return [connection.execute(question).fetchall() for question in SHAPE]


def sqlite_template(path: Path) -> Path:
    """A file with the newest tables. It has no separate log, so it can be copied."""
    open_store_for_writing(str(path)).close()
    return path


def postgres_template(server: TemporaryPostgres) -> str:
    """The name of a database with the newest tables. It can be copied only while nothing is connected to it."""
    name = server.new_name()
    order(server, "CREATE DATABASE {}", name)
    open_store_for_writing(server.address(name)).close()
    with psycopg.connect(server.address(name)) as connection:
        server.shapes[name] = shape_of(connection)
    return name


def order(server: TemporaryPostgres, statement: str, *names: str) -> None:
    """Run a statement on whole databases, which cannot run in a transaction."""
    with psycopg.connect(server.address(), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
