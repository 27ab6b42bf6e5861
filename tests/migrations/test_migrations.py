"""What the migrations make is what `runner.store.tables` describes: alembic compares the two, and so does plain SQL."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import migrations
from runner.store import open_store_for_writing
from runner.store.database import connect, database_url
from runner.store.schema import FOLDER, VERSION_TABLE, newest_version
from runner.store.tables import metadata
from runner.store.upgrading import upgrade


@pytest.fixture
def migrated(tmp_path):
    """A database that the migrations made."""
    open_store_for_writing(str(tmp_path / "migrated.db")).close()
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def described():
    """A database made from the description alone, to compare with."""
    engine = sa.create_engine("sqlite://")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def shape_of(engine):
    """Everything that SQLAlchemy can tell of the tables of a database."""
    inspector = sa.inspect(engine)
    return {table: table_shape(inspector, table) for table in inspector.get_table_names() if table != VERSION_TABLE}


def table_shape(inspector, table):
    columns = {
        column["name"]: (str(column["type"]), column["nullable"], column["default"], column["primary_key"])
        for column in inspector.get_columns(table)
    }
    uniques = {tuple(each["column_names"]): each["name"] for each in inspector.get_unique_constraints(table)}
    keys = {
        tuple(each["constrained_columns"]): (each["referred_table"], each["referred_columns"], each["options"])
        for each in inspector.get_foreign_keys(table)
    }
    indexes = {each["name"]: (each["column_names"], each["unique"]) for each in inspector.get_indexes(table)}
    return columns, uniques, keys, indexes, inspector.get_pk_constraint(table)["constrained_columns"]


def definitions(engine):
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        return {name: " ".join(sql.split()) for name, sql in rows if name != VERSION_TABLE}


def test_alembic_finds_no_difference_to_the_description(migrated):
    options = {"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_nullability_uniqueness_foreign_keys_and_indexes_are_those_described(migrated, described):
    assert shape_of(migrated) == shape_of(described)
    assert set(shape_of(migrated)) == set(metadata.tables)


def test_only_the_epoch_table_is_without_rowid(migrated):
    """Its rows lie on disk in the order of their key."""
    without = {name for name, sql in definitions(migrated).items() if sql.upper().endswith("WITHOUT ROWID")}
    assert without == {"epoch"}


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(migrated, tmp_path):
    before = definitions(migrated)
    engine = connect(database_url(str(tmp_path / "migrated.db")), read_only=False)
    upgrade(engine)
    upgrade(engine)
    engine.dispose()
    assert definitions(migrated) == before


def test_migrations_are_one_line_without_branches_and_numbered_in_order():
    scripts = ScriptDirectory(str(FOLDER), version_locations=[str(FOLDER / "versions")])
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]
    assert scripts.get_heads() == [newest_version()]
    assert revisions == sorted(revisions)
    assert all(len(revision) == 4 and revision.isdigit() for revision in revisions)


def test_a_migration_that_fails_leaves_no_tables(tmp_path, monkeypatch):
    """Tables and version are written in one transaction."""
    from alembic import op

    monkeypatch.setattr(op, "create_index", fail)
    with pytest.raises(RuntimeError, match="stopped in the middle"):
        open_store_for_writing(str(tmp_path / "half.db"))
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'half.db'}")
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
    monkeypatch.undo()
    with open_store_for_writing(str(tmp_path / "half.db")) as store:
        assert store.sweeps() == []


def fail(*arguments, **options):
    raise RuntimeError("stopped in the middle")


def test_the_versions_are_part_of_the_package():
    """An installed wheel must find them beside the module."""
    assert (FOLDER / "versions").is_dir() and migrations.__file__.startswith(str(FOLDER))
