"""Databases for tests, SQLite and PostgreSQL alike, made by copying one that has the tables already."""

import itertools
import shutil
from pathlib import Path

import psycopg
from psycopg import sql
from temporary_postgres import TemporaryPostgres

from runner.store import open_store_for_writing


class SqliteFiles:
    """Makes database files in a folder."""

    def __init__(self, folder: Path, template: Path):
        self.folder = folder
        self.template = template
        self.names = itertools.chain(["store.db"], (f"store-{number}.db" for number in itertools.count(2)))

    def make(self, *, empty: bool = False) -> str:
        """The path of a new database, with the newest tables but no rows; or of a file that is not there yet."""
        path = self.folder / next(self.names)
        if not empty:
            shutil.copy(self.template, path)
        return str(path)

    def close(self) -> None:
        """The folder goes by itself."""


class PostgresDatabases:
    """Makes databases on a server."""

    def __init__(self, server: TemporaryPostgres, template: str):
        self.server = server
        self.template = template
        self.made: list[str] = []

    def make(self, *, empty: bool = False) -> str:
        """The address of a new database, with the newest tables but no rows; or with nothing at all."""
        name = self.server.new_name()
        order(self.server, "CREATE DATABASE {} TEMPLATE {}", name, "template1" if empty else self.template)
        self.made.append(name)
        return self.server.address(name)

    def close(self) -> None:
        for name in self.made:
            order(self.server, "DROP DATABASE {} WITH (FORCE)", name)


def sqlite_template(path: Path) -> Path:
    """A file with the newest tables; all of it is in the file itself, so that it can be copied."""
    open_store_for_writing(str(path)).close()
    return path


def postgres_template(server: TemporaryPostgres) -> str:
    """The name of a database with the newest tables. Nobody may be connected to it while it is copied."""
    name = server.new_name()
    order(server, "CREATE DATABASE {}", name)
    open_store_for_writing(server.address(name)).close()
    return name


def order(server: TemporaryPostgres, statement: str, *names: str) -> None:
    """Run a statement about databases, which cannot be in a transaction."""
    with psycopg.connect(server.address(), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
