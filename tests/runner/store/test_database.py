"""The connection: which database is meant, what cannot be one, and that refusals leave everything as it was."""

import sqlite3

import pytest
import sqlalchemy as sa

from runner.errors import StoreError
from runner.store import open_store, open_store_for_writing
from runner.store.database import connect, database_url, finite
from runner.store.tables import trial


def refusal(open_it, path):
    """The message with which a database is refused, which must be one line."""
    with pytest.raises(StoreError) as caught:
        open_it(str(path))
    assert str(caught.value).isprintable()
    return str(caught.value)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_database_is_the_given_one_else_the_environments_else_fitgap_db(monkeypatch):
    assert database_url(None).database == "fitgap.db"
    monkeypatch.setenv("FITGAP_DB", "other.db")
    assert database_url(None).database == "other.db"
    assert database_url("given.db").database == "given.db"


def test_a_path_and_an_address_of_sqlite_mean_the_same_file():
    assert database_url("some/file.db") == database_url("sqlite:///some/file.db")


@pytest.mark.parametrize("address", ["mysql+pymysql://host/name", "postgresql+asyncpg://host/name", "http://host"])
def test_an_address_of_another_kind_is_refused_by_its_kind(address):
    assert address.partition(":")[0].partition("+")[0] in refusal(open_store, address)


def test_an_address_is_not_repeated_since_it_may_hold_a_password():
    for address in ("postgresql://user:secret@host/name", "postgresql://user:secret@[broken", "://user:secret@host"):
        assert "secret" not in refusal(open_store_for_writing, address)


@pytest.mark.parametrize("open_it", [open_store, open_store_for_writing])
def test_a_folder_is_refused(open_it, tmp_path):
    (tmp_path / "folder").mkdir()
    assert "is a folder" in refusal(open_it, tmp_path / "folder")
    assert contents(tmp_path / "folder") == {}


def test_a_missing_file_is_not_made_by_asking(tmp_path):
    assert "there is no database" in refusal(open_store, tmp_path / "missing.db")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("open_it", [open_store, open_store_for_writing])
def test_a_missing_folder_is_not_made(open_it, tmp_path):
    refusal(open_it, tmp_path / "missing" / "sweeps.db")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("open_it", [open_store, open_store_for_writing])
@pytest.mark.parametrize("content", [b"no database at all\n" * 100, b"xy", b"SQLite format 3\0" + b"\xff" * 500])
def test_a_file_that_is_no_database_is_refused_and_unchanged(open_it, content, tmp_path):
    (tmp_path / "text.db").write_bytes(content)
    assert "text.db" in refusal(open_it, tmp_path / "text.db")
    assert contents(tmp_path) == {"text.db": content}


def test_an_empty_file_is_refused_for_asking_and_filled_for_writing(tmp_path):
    path = tmp_path / "empty.db"
    path.touch()
    assert "is empty" in refusal(open_store, path)
    assert contents(tmp_path) == {"empty.db": b""}
    open_store_for_writing(str(path)).close()
    with open_store(str(path)) as store:
        assert store.sweeps() == []


@pytest.mark.parametrize("open_it", [open_store, open_store_for_writing])
def test_a_database_with_other_tables_is_refused_and_unchanged(open_it, tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE customer (id INTEGER)")
    connection.close()
    before = contents(tmp_path)
    assert "customer" in refusal(open_it, tmp_path / "other.db")
    assert contents(tmp_path) == before


def test_a_connection_for_asking_cannot_write(store, database):
    engine = connect(database_url(database), read_only=True)
    with pytest.raises(StoreError, match=r"may not be written|for reading only"), engine.connect() as connection:
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
    """Foreign keys are enforced, which SQLite leaves off unless asked."""
    store.add_sweep(make_plan(1, 1))
    with pytest.raises(sa.exc.IntegrityError), store._engine.begin() as connection:
        connection.execute(sa.update(trial).values(driver_id=99))


@pytest.mark.parametrize("name", ["with space.db", "100%.db", "what?.db", "a#b.db", "übung.db", "'; DROP TABLE x.db"])
def test_any_name_of_a_file_is_that_file(name, tmp_path):
    open_store_for_writing(name).close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with open_store(name) as store:
        assert store.sweeps() == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_stored_as_null(value):
    assert finite(value) is None
