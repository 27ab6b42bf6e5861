"""The migrations produce exactly the tables described in `store.tables`, according to alembic and to plain SQL."""

import contextlib
import sqlite3

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from fitgap import migrations
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.admin.upgrade import upgrade_database
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.schema import migrate
from fitgap.runner.store.schema.tables import metadata
from fitgap.runner.store.schema.version import FOLDER, VERSION_TABLE, newest_version


@pytest.fixture
def migrated(empty_database):
    """A database made by the migrations."""
    open_store_for_writing(empty_database).close()
    engine = connect(database_url(empty_database), read_only=True)
    yield engine
    engine.dispose()


@pytest.fixture
def described(databases):
    """A database made from the table descriptions alone, for comparison."""
    engine = connect(database_url(databases.make(empty=True)), read_only=False)
    with engine.begin() as connection:
        metadata.create_all(connection)
    yield engine
    engine.dispose()


def shape_of(engine):
    """Everything that SQLAlchemy can report about the tables of a database."""
    inspector = sa.inspect(engine)
    return {table: table_shape(inspector, table) for table in inspector.get_table_names() if table != VERSION_TABLE}


def table_shape(inspector, table):
    columns = {
        column["name"]: (str(column["type"]), column["nullable"], column["default"])
        for column in inspector.get_columns(table)
    }
    uniques = {tuple(each["column_names"]): each["name"] for each in inspector.get_unique_constraints(table)}
    keys = {
        tuple(each["constrained_columns"]): (each["referred_table"], each["referred_columns"], each["options"])
        for each in inspector.get_foreign_keys(table)
    }
    indexes = {each["name"]: (each["column_names"], each["unique"]) for each in inspector.get_indexes(table)}
    return columns, uniques, keys, indexes, inspector.get_pk_constraint(table)["constrained_columns"]


def test_alembic_finds_no_difference_to_the_description(migrated):
    options = {"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_nullability_uniqueness_foreign_keys_and_indexes_are_those_described(migrated, described):
    assert shape_of(migrated) == shape_of(described)
    assert set(shape_of(migrated)) == set(metadata.tables)


def test_only_the_epoch_table_is_without_rowid(sqlite_template):
    """Its rows are stored on disk in the order of their key."""
    with contextlib.closing(sqlite3.connect(sqlite_template)) as connection:
        tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    assert {name for name, sql in tables if sql.upper().strip().endswith("WITHOUT ROWID")} == {"epoch"}


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(migrated, empty_database):
    before = shape_of(migrated)
    for _ in range(2):
        assert upgrade_database(empty_database) is None
    assert shape_of(migrated) == before


def test_migrations_are_one_line_without_branches_and_numbered_in_order():
    scripts = ScriptDirectory(str(FOLDER), version_locations=[str(FOLDER / "versions")])
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]
    assert scripts.get_heads() == [newest_version()]
    assert revisions == sorted(revisions)
    assert all(len(revision) == 4 and revision.isdigit() for revision in revisions)


def test_a_migration_that_fails_leaves_no_tables(empty_database, monkeypatch):
    """Tables and version are written in one transaction."""
    from alembic import op

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="stopped in the middle"):
        patched.setattr(op, "create_index", fail)
        patched.setattr(migrate, "kept_statements", lambda database: [])
        open_store_for_writing(empty_database)
    engine = connect(database_url(empty_database), read_only=True)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
    with open_store_for_writing(empty_database) as store:
        assert store.sweeps() == []


def fail(*arguments, **options):
    raise RuntimeError("stopped in the middle")


def test_the_versions_are_part_of_the_package():
    """An installed wheel must contain them next to the module."""
    assert (FOLDER / "versions").is_dir() and migrations.__file__.startswith(str(FOLDER))
