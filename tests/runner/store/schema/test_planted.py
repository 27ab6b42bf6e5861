"""Triggers, views and the like planted in a schema: the database is refused before they run."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.admin.copy import copy_database
from fitgap.runner.store.admin.restore import restore_database
from fitgap.runner.store.schema.backup import back_up_database
from fitgap.runner.store.schema.tables import SCHEMA
from fitgap.runner.store.schema.version import newest_version

PLANTED = {
    "trigger": "CREATE TRIGGER planted AFTER UPDATE ON trial BEGIN DELETE FROM epoch; END",
    "view": "CREATE VIEW planted AS SELECT randomblob(1000000000)",
    "virtual table": "CREATE VIRTUAL TABLE planted USING fts4(text)",
}
MASKED = {
    "view": ("DROP TABLE trial_tag", "CREATE VIEW trial_tag AS SELECT 1 AS trial_id, 'x' AS tag"),
    "lacks": ("ALTER TABLE epoch DROP COLUMN se_t",),
    "lacks ": ("DROP TABLE state",),
    "lacks  ": ("ALTER TABLE epoch DROP COLUMN e_v", "ALTER TABLE epoch ADD COLUMN e_v GENERATED ALWAYS AS (1.0)"),
}
WAYS = [
    *(open_store, open_store_for_writing, lambda path: back_up_database(path, None)),
    *(lambda path: copy_database(path, "new.db"), lambda path: restore_database(path, "new.db")),
]


@pytest.fixture
def database(trained_database, own_folder, monkeypatch):
    monkeypatch.delenv("FITGAP_ALLOW_TRIGGERS", raising=False)
    return str(shutil.copy(trained_database, own_folder / "fitgap.db"))


def plant(database, *statements):
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", PLANTED)
def test_what_fitgap_never_makes_is_refused(kind, way, database, own_folder):
    plant(database, PLANTED[kind])
    before = Path(database).read_bytes()
    with pytest.raises(StoreError, match=f"the database has a {kind} 'planted', which fitgap did not create"):
        way(database)
    assert Path(database).read_bytes() == before and not Path("new.db").exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("told", MASKED)
def test_tables_that_are_not_what_they_seem_are_refused(told, way, database):
    plant(database, *MASKED[told])
    with pytest.raises(StoreError, match=f"the database (has a )?{told.strip()} "):
        way(database)


def test_who_has_made_a_trigger_may_say_so(database, monkeypatch):
    plant(database, "CREATE TABLE history (id INTEGER)", PLANTED["trigger"])
    monkeypatch.setenv("FITGAP_ALLOW_TRIGGERS", "1")
    open_store(database).close()
    plant(database, "DROP TRIGGER planted", "CREATE TRIGGER trial AFTER UPDATE ON trial BEGIN SELECT 1; END")
    with pytest.raises(StoreError, match="has a trigger 'trial'"):
        open_store(database)


def test_tables_of_ones_own_beside_ours_do_no_harm(database):
    plant(database, "CREATE TABLE remarks (trial INTEGER, text TEXT)", "CREATE INDEX by_trial ON remarks (trial)")
    open_store(database).close()
    open_store_for_writing(database).close()


def test_names_are_told_without_what_a_terminal_would_obey(database, invoke):
    plant(database, 'CREATE VIEW "\x1b[2J\u202e" AS SELECT 1')
    answer = invoke("sweeps")
    assert answer.code == 2 and "\x1b" not in answer.err and "\u202e" not in answer.err


def test_the_tables_are_those_of_the_newest_schema():
    assert newest_version() == SCHEMA
