"""Upgrades are atomic, make a copy first, and run one at a time; tested with made-up migrations that change tables and
rows.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.admin.upgrade import upgrade_database
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.schema import backup
from fitgap.runner.store.schema.migrate import run_migrations
from fitgap.runner.store.schema.tables import metadata
from fitgap.runner.store.schema.version import current_version
from support.databases.raw_rows import raw_rows
from support.sampling import on_sqlite_per_commit, steps

# Rebuilds the table that all epochs refer to, and writes to it.
REBUILD = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "NEWEST"

def upgrade():
    op.add_column("sweep", sa.Column("remark", sa.Text))
    with op.batch_alter_table("trial") as batch:
        batch.alter_column("seconds", new_column_name="duration", existing_type=sa.Double)
        batch.add_column(sa.Column("cost", sa.Double))
    trial = sa.table("trial", sa.column("cost"), sa.column("duration"))
    op.execute(sa.update(trial).values(cost=trial.c.duration * 2))
    op.create_index("trial_by_cost", "trial", ["cost"])
"""
FAILING = f"{REBUILD}\n    raise ValueError('stopped in the middle')\n"
# Leaves trials whose sweep is missing.
ORPHANS = """
import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "NEWEST"

def upgrade():
    op.execute(sa.delete(sa.table("sweep")))
"""
KNOWN_COLUMNS = {
    table.name: [column.name for column in table.columns if column.name != "seconds"]
    for table in metadata.sorted_tables
}


@pytest.fixture
def upgraders(newer_program, start_upgraders):
    return start_upgraders(newer_program(REBUILD))


def version_of(address):
    engine = connect(database_url(address), read_only=True)
    with engine.connect() as connection:
        version = current_version(connection)
    engine.dispose()
    return version


def shape_of(address):
    """Tables with their columns, keys and indexes."""
    engine = connect(database_url(address), read_only=True)
    inspector = sa.inspect(engine)
    shape = {
        table: (
            sorted(column["name"] for column in inspector.get_columns(table)),
            sorted(index["name"] for index in inspector.get_indexes(table)),
            sorted(key["referred_table"] for key in inspector.get_foreign_keys(table)),
        )
        for table in inspector.get_table_names()
    }
    engine.dispose()
    return shape


def is_sound(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        checks = connection.execute("PRAGMA integrity_check").fetchall()
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    return (checks, broken) == ([("ok",)], [])


def test_an_upgrade_that_rebuilds_a_table_keeps_every_row(filled, newer_program):
    """If foreign keys were not turned off, dropping the old table of trials would delete all epochs."""
    before = raw_rows(filled, KNOWN_COLUMNS)
    assert all(before.values())
    newer_program(REBUILD)
    assert upgrade_database(filled).after == version_of(filled) == "9001"
    assert raw_rows(filled, KNOWN_COLUMNS) == before
    assert "cost" in shape_of(filled)["trial"][0]
    assert upgrade_database(filled) is None


@on_sqlite_per_commit
@pytest.mark.parametrize("step", steps(7))
def test_an_upgrade_killed_anywhere_leaves_the_old_or_the_new(step, filled_databases, upgraders):
    untouched, upgraded = filled_databases.make(), filled_databases.make()
    _, count = upgraders(0, upgraded)
    version, rows = version_of(untouched), raw_rows(untouched, KNOWN_COLUMNS)
    shapes = {version: shape_of(untouched), "9001": shape_of(upgraded)}
    assert int(count) > 12
    for statement in range(int(count), 0, -step):
        address = filled_databases.make()
        assert upgraders(statement, address) == ["-9", "?"]
        found = version_of(address)
        assert shape_of(address) == shapes[found]
        assert raw_rows(address, KNOWN_COLUMNS) == rows
        if "://" not in address:
            assert is_sound(address)
            assert found == version or Path(f"{address}.{version}.backup").exists()
        if statement % 3 == 0:
            upgrade_database(address)
            assert (shape_of(address), raw_rows(address, KNOWN_COLUMNS)) == (shapes["9001"], rows)


@on_sqlite_per_commit
def test_upgraders_at_once_do_it_once(filled_databases, upgraders, tmp_path):
    for _ in range(3):
        address = filled_databases.make()
        rows = raw_rows(address, KNOWN_COLUMNS)
        assert upgraders("together 4", address) == ["0"] * 4
        assert version_of(address) == "9001"
        assert raw_rows(address, KNOWN_COLUMNS) == rows
        if "://" not in address:
            assert len(list(tmp_path.glob(f"{Path(address).name}.*.backup*"))) == 1


def test_a_migration_that_fails_changes_nothing(filled, newer_program):
    shape, rows, version = shape_of(filled), raw_rows(filled), version_of(filled)
    newer_program(FAILING)
    with pytest.raises(ValueError, match="stopped in the middle"):
        upgrade_database(filled)
    assert (shape_of(filled), raw_rows(filled), version_of(filled)) == (shape, rows, version)


def test_migrations_refuse_to_run_where_a_rebuilt_table_would_take_rows_along(filled_file, newer_program, tmp_path):
    shutil.copy(filled_file, tmp_path / "strict.db")
    newer_program(REBUILD)
    engine = connect(database_url(str(tmp_path / "strict.db")), read_only=False)
    with pytest.raises(RuntimeError, match="foreign keys must be off"), engine.begin() as connection:
        run_migrations(connection)
    engine.dispose()


@pytest.fixture
def older(filled_file, newer_program, tmp_path):
    """A file with an older schema than the program's, in a folder of its own."""
    (tmp_path / "folder").mkdir()
    newer_program(REBUILD)
    return Path(shutil.copy(filled_file, tmp_path / "folder" / "fitgap.db"))


def test_a_migration_that_leaves_rows_without_what_they_belong_to_is_refused(filled_file, newer_program, tmp_path):
    path = str(shutil.copy(filled_file, tmp_path / "strict.db"))
    rows, version = raw_rows(path), version_of(path)
    newer_program(ORPHANS)
    with pytest.raises(StoreError, match="refer to missing rows of sweep, so the database was not changed"):
        upgrade_database(path)
    assert (raw_rows(path), version_of(path)) == (rows, version)


def test_a_file_is_copied_before_it_is_upgraded(older):
    version, whole = version_of(str(older)), older.read_bytes()
    done = upgrade_database(str(older))
    assert done.backup == older.with_name(f"fitgap.db.{version}.backup")
    assert version_of(str(done.backup)) == version
    assert raw_rows(str(done.backup)) == raw_rows(str(older.parent / done.backup.name))
    older.write_bytes(whole)
    assert raw_rows(str(done.backup)) == raw_rows(str(older))
    assert str(done) == f"upgraded the database from schema {version} to 9001; the previous state is in {done.backup}"


def test_what_is_only_in_the_log_yet_is_copied_too(older):
    """The last rows of a database may still be in the log next to it, which a plain copy of the file would miss."""
    writing = sqlite3.connect(older)
    writing.execute("PRAGMA wal_autocheckpoint = 0")
    with writing:
        writing.execute("UPDATE sweep SET name = 'renamed' WHERE id = 1")
    done = upgrade_database(str(older))
    assert "'renamed'" in {value for row in raw_rows(str(done.backup))["sweep"] for value in row}
    writing.close()


def test_an_earlier_copy_is_never_overwritten(older):
    version = version_of(str(older))
    whole = older.read_bytes()
    first = older.with_name(f"fitgap.db.{version}.backup")
    first.write_text("precious")
    done = upgrade_database(str(older))
    older.write_bytes(whole)
    again = upgrade_database(str(older))
    assert first.read_text() == "precious"
    assert [done.backup.name, again.backup.name] == [f"{first.name}-2", f"{first.name}-3"]


@pytest.mark.parametrize("error", [sqlite3.OperationalError("database or disk is full"), OSError("no space left")])
def test_without_a_copy_there_is_no_upgrade(error, older, monkeypatch):
    before, version = raw_rows(str(older)), version_of(str(older))

    def fail(source, target):
        target.write_bytes(b"half")
        raise error

    monkeypatch.setattr(backup, "copy", fail)
    with pytest.raises(StoreError, match="was not upgraded, because it cannot be backed up first") as caught:
        upgrade_database(str(older))
    assert str(caught.value).isprintable()
    assert (raw_rows(str(older)), version_of(str(older))) == (before, version)
    assert not list(older.parent.glob("*backup*"))


def test_a_database_on_a_server_is_upgraded_only_when_told_so(filled, newer_program, capsys):
    version = version_of(filled)
    newer_program(REBUILD)
    with pytest.raises(StoreError, match="run `fitgap db upgrade`"):
        open_store(filled)
    if "://" in filled:
        with pytest.raises(StoreError, match="run `fitgap db upgrade`"):
            open_store_for_writing(filled)
        assert version_of(filled) == version
    else:
        open_store_for_writing(filled).close()
        assert version_of(filled) == "9001"
        assert capsys.readouterr().err.startswith(f"fitgap: upgraded the database from schema {version} to 9001; ")
