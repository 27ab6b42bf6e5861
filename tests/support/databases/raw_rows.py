"""All rows of a database, read by its own library without any of our code, to check copies bit by bit."""

import contextlib
import hashlib
import sqlite3

import psycopg

# The tables of the first schema, which still have the columns they had then.
FIRST_TABLES = ("data_set", "sweep", "split", "configuration", "trial", "epoch", "snapshot")

# Columns that a migration has renamed.
RENAMED = {"losses": "worker_failures"}


def raw_rows(address: str, columns: dict[str, list[str]] | None = None) -> dict[str, list[tuple]]:
    """The rows of every table as sorted text, except the version. Tables named in `columns` are read with only these
    columns, which may have been renamed since.
    """
    read = postgres_rows if "://" in address else sqlite_rows
    return {table: sorted(rows) for table, rows in read(address, columns) if table != "fitgap_version"}


def digest(address: str, columns: dict[str, list[str]] | None = None) -> str:
    """A hash that is equal for equal rows."""
    return hashlib.sha256(repr(sorted(raw_rows(address, columns).items())).encode()).hexdigest()


def columns_of(address: str) -> dict[str, list[str]]:
    """The columns of every table of an SQLite file."""
    with contextlib.closing(sqlite3.connect(address)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for (name,) in names}


def sqlite_rows(path, columns):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for table, names in (columns or columns_of(path)).items():
            there = {column for _, column, *_ in connection.execute(f"PRAGMA table_info({table})")}
            listed = ", ".join(name if name in there else RENAMED[name] for name in sorted(names))
            yield table, [tuple(map(plain, row)) for row in connection.execute(f"SELECT {listed} FROM {table}")]


def postgres_rows(address, columns):
    with psycopg.connect(address) as connection:
        found = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        named = columns or {}
        if not columns:
            for table, name in connection.execute(found):
                named.setdefault(table, []).append(name)
        for table, names in named.items():
            listed = ", ".join(f"{name}::text" if is_json(connection, table, name) else name for name in sorted(names))
            yield table, [tuple(map(plain, row)) for row in connection.execute(f"SELECT {listed} FROM {table}")]


def is_json(connection, table, name):
    query = "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
    return connection.execute(query, [table, name]).fetchone() == ("json",)


def plain(value):
    """A value as text that preserves its type and bits: a float is written in hexadecimal."""
    return value.hex() if isinstance(value, float | bytes) else repr(value)
