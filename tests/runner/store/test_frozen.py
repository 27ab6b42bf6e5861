"""Files that are read without locks: if one is changed meanwhile, this is noticed and the read fails."""

import contextlib
import itertools
import shutil
import sqlite3

import pytest
from fitgap.runner.store import TrialQuery, open_store
from fitgap.runner.store.admin.copy import copy_database
from fitgap.runner.store.database import sqlite, sqlite_files
from fitgap.runner.store.database.errors import TemporaryStoreError
from fitgap.runner.store.database.sqlite_files import FROZEN, SHARED, way_to_read
from fitgap.runner.store.schema.backup import back_up_database


@pytest.fixture
def database(trained_database, own_folder, monkeypatch):
    """A database that appears to belong to another user."""
    for module in (sqlite, sqlite_files):
        monkeypatch.setattr(module, "is_ours", lambda path: False)
    return shutil.copy(trained_database, own_folder / "fitgap.db")


def write(database):
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE sweep SET name = name || 'x'")


def test_what_changes_meanwhile_is_noticed_at_the_end(database):
    with open_store() as store:
        assert store.sweeps()
        with pytest.raises(TemporaryStoreError, match=r"fitgap\.db was changed while it was read; try again"):
            for number, _ in enumerate(store.each_trial("small", TrialQuery())):
                if number == 1:
                    write(database)
        # The next query opens the file again.
        assert [row["name"] for row in store.sweeps()] == ["smallx"]


def test_what_fails_since_the_file_has_changed_is_told_so(database):
    with open_store() as store:
        with pytest.raises(TemporaryStoreError, match="try again"), store._reading():
            write(database)
            raise ValueError("made of two halves")
        with pytest.raises(ZeroDivisionError), store._reading():
            raise ZeroDivisionError


def test_a_reader_that_breaks_off_is_not_told(database):
    with open_store() as store:
        rows = store.each_trial("small", TrialQuery())
        next(rows)
        write(database)
        rows.close()


@pytest.mark.nightly
def test_copies_of_what_changes_are_refused(database, monkeypatch):
    looks = itertools.count()
    monkeypatch.setattr(sqlite_files, "file_state", lambda path: next(looks))
    with pytest.raises(TemporaryStoreError, match="try again"):
        copy_database("fitgap.db", "copy.db")
    with pytest.raises(TemporaryStoreError, match="try again"):
        back_up_database(None, "copy.db")


def test_how_a_file_is_read_depends_on_what_is_beside_it(database):
    assert way_to_read(database) == FROZEN
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as writing:
        writing.execute("UPDATE sweep SET note = 'x'")
        assert way_to_read(database) == SHARED
        with open_store() as store:
            for note in ("y", "z"):
                writing.execute("UPDATE sweep SET note = ?", (note,))
                assert store.labels(["small"])[0]["note"] == note
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as writing:
        writing.execute("PRAGMA journal_mode = DELETE")
    assert way_to_read(database) == FROZEN
