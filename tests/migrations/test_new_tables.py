"""New SQLite files are made from kept statements, which are what the migrations make."""

import contextlib
import sqlite3

import pytest
from fitgap.migrations.__main__ import newest_tables
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.schema import create, migrate, version
from fitgap.runner.store.schema.create import kept_statements
from fitgap.runner.store.schema.version import FOLDER


def everything_in(path):
    """All that SQLite knows of a file's tables, with their rows and what its head says."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        query = "SELECT type, name, tbl_name, trim(sql, char(10, 32)) FROM sqlite_master ORDER BY type, name"
        made = connection.execute(query).fetchall()
        stored = connection.execute(f"SELECT * FROM {version.VERSION_TABLE}").fetchall()
        heads = [connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "journal_mode")]
    return made, stored, heads


def test_the_kept_statements_are_what_the_migrations_make():
    """Where this fails after a migration was added, run `python -m fitgap.migrations`."""
    assert (FOLDER / create.FILE).read_text() == newest_tables()


def test_a_file_of_the_kept_statements_is_one_of_the_migrations(tmp_path, monkeypatch):
    assert kept_statements()
    open_store_for_writing(str(tmp_path / "kept.db")).close()
    monkeypatch.setattr(migrate, "kept_statements", list)
    open_store_for_writing(str(tmp_path / "migrated.db")).close()
    assert everything_in(tmp_path / "kept.db") == everything_in(tmp_path / "migrated.db")


def test_statements_of_another_schema_or_none_are_not_used(tmp_path, newer_program):
    assert kept_statements()
    folder = newer_program("revision = '9001'\ndown_revision = 'NEWEST'\ndef upgrade(): pass\n")
    assert kept_statements() == []
    (folder / create.FILE).unlink()
    assert kept_statements() == []
    open_store_for_writing(str(tmp_path / "new.db")).close()
    assert everything_in(tmp_path / "new.db")[1] == [("9001",)]


def test_statements_that_fail_leave_no_tables(tmp_path, monkeypatch):
    """Tables and version are written in one transaction."""
    path = tmp_path / "new.db"
    with monkeypatch.context() as patched, pytest.raises(Exception, match="nonsense"):
        patched.setattr(migrate, "kept_statements", lambda: [*kept_statements(), "nonsense"])
        open_store_for_writing(str(path))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    with open_store_for_writing(str(path)) as store:
        assert store.sweeps() == []
