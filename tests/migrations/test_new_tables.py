"""New databases are made from stored statements, which give the same result as the migrations."""

import contextlib
import sqlite3

import psycopg
import pytest
from fitgap.migrations.__main__ import STATEMENTS
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.schema import create, migrate, version
from fitgap.runner.store.schema.create import kept_statements
from fitgap.runner.store.schema.version import FOLDER
from support.databases.new_databases import PostgresDatabases


def none_kept(database):
    """As if there were no stored statements."""
    return []


def everything_in(path):
    """Everything that SQLite reports about a file's tables, with the stored version and the header."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = "SELECT type, name, tbl_name, trim(sql, char(10, 32)) FROM sqlite_master ORDER BY type, name"
        made = connection.execute(query).fetchall()
        stored = connection.execute(f"SELECT * FROM {version.VERSION_TABLE}").fetchall()
        heads = [connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "journal_mode")]
    return made, stored, heads


@pytest.mark.parametrize("kind", STATEMENTS)
def test_the_kept_statements_are_what_the_migrations_make(kind):
    """If this fails after a migration was added, run `python -m fitgap.migrations`."""
    assert (FOLDER / create.FILES[kind]).read_text() == create.as_file(STATEMENTS[kind]())


def test_a_file_of_the_kept_statements_is_one_of_the_migrations(tmp_path, monkeypatch):
    assert kept_statements("sqlite")
    open_store_for_writing(str(tmp_path / "kept.db")).close()
    monkeypatch.setattr(migrate, "kept_statements", none_kept)
    open_store_for_writing(str(tmp_path / "migrated.db")).close()
    assert everything_in(tmp_path / "kept.db") == everything_in(tmp_path / "migrated.db")


def everything_on(address):
    """Everything in PostgreSQL's catalog about the tables of a database, and the stored version."""
    columns = (
        "SELECT table_name, ordinal_position, column_name, data_type, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
    )
    constraints = "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2"
    indexes = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
    with psycopg.connect(address) as connection:
        queries = (columns, constraints, indexes, f"SELECT * FROM {version.VERSION_TABLE}")
        return [connection.execute(query).fetchall() for query in queries]


def test_a_database_of_the_kept_statements_is_one_of_the_migrations(postgres, monkeypatch):
    with contextlib.closing(PostgresDatabases(postgres, "template1")) as databases:
        kept, migrated = databases.make(empty=True), databases.make(empty=True)
        assert kept_statements("postgresql")
        open_store_for_writing(kept).close()
        monkeypatch.setattr(migrate, "kept_statements", none_kept)
        open_store_for_writing(migrated).close()
        assert everything_on(kept) == everything_on(migrated)
        assert len(everything_on(kept)[0]) > 100


@pytest.mark.parametrize("kind", STATEMENTS)
def test_statements_of_another_schema_or_none_are_not_used(kind, tmp_path, newer_program):
    assert kept_statements(kind)
    folder = newer_program("revision = '9001'\ndown_revision = 'NEWEST'\ndef upgrade(): pass\n")
    assert kept_statements(kind) == []
    (folder / create.FILES[kind]).unlink()
    assert kept_statements(kind) == []
    open_store_for_writing(str(tmp_path / "new.db")).close()
    assert everything_in(tmp_path / "new.db")[1] == [("9001",)]


def test_statements_that_fail_leave_no_tables(tmp_path, monkeypatch):
    """Tables and version are written in one transaction."""
    path = tmp_path / "new.db"
    with monkeypatch.context() as patched, pytest.raises(Exception, match="nonsense"):
        patched.setattr(migrate, "kept_statements", lambda kind: [*kept_statements(kind), "nonsense"])
        open_store_for_writing(str(path))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    with open_store_for_writing(str(path)) as store:
        assert store.sweeps() == []
