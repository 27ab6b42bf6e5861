"""Connections: those for reading cannot write, readers do not wait for writers, and foreign keys are enforced."""

import pytest
import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.schema.tables import trial


def test_an_empty_file_is_refused_for_asking_and_filled_for_writing(tmp_path):
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(StoreError, match="is empty"):
        open_store(str(path))
    assert path.read_bytes() == b""
    open_store_for_writing(str(path)).close()
    with open_store(str(path)) as store:
        assert store.sweeps() == []


def test_a_connection_for_asking_cannot_write(store, database):
    engine = connect(database_url(database), read_only=True)
    with pytest.raises(StoreError, match=r"is read-only"), engine.connect() as connection:
        connection.execute(sa.text("DELETE FROM sweep"))
    engine.dispose()


def test_readers_go_on_while_a_writer_writes(store, database, make_plan):
    sweep_id, _ = store.add_sweep(make_plan())
    writing = connect(database_url(database), read_only=False)
    with open_store(database) as reading:
        with writing.begin() as connection:
            connection.execute(sa.update(trial).values(status="running"))
            assert {row["status"] for row in reading.trials(sweep_id)} == {"pending"}
        assert {row["status"] for row in reading.trials(sweep_id)} == {"running"}
    writing.dispose()


def test_a_row_that_refers_to_nothing_is_refused(store, make_plan):
    """Foreign keys are enforced, although SQLite does not do so by default."""
    store.add_sweep(make_plan(1, 1))
    with pytest.raises(sa.exc.IntegrityError), store._engine.begin() as connection:
        connection.execute(sa.update(trial).values(driver_id=99))


@pytest.mark.parametrize("name", ["with space.db", "100%.db", "what?.db", "a#b.db", "übung.db", "'; DROP TABLE x.db"])
def test_any_name_of_a_file_is_that_file(name, tmp_path):
    open_store_for_writing(name).close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with open_store(name) as store:
        assert store.sweeps() == []
