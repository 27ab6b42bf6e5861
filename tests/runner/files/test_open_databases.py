"""Files that are open as databases: opening and closing one as a file would drop the locks of its connections."""

import contextlib
import shutil
import sqlite3
import subprocess
import sys

import pytest
from fitgap.runner.errors import OutputError
from fitgap.runner.files.open_databases import is_open, safe_to_open
from fitgap.runner.files.output_files import written_file
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.schema.backup import back_up_database

# Prints whether it gets a lock that no connection gets while another one is open.
TRY = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
try:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    connection.execute("BEGIN EXCLUSIVE")
    print("free")
except sqlite3.OperationalError as error:
    print("locked")
"""


def is_locked(path):
    done = subprocess.run([sys.executable, "-c", TRY, path], capture_output=True, text=True, check=True)
    return done.stdout == "locked\n"


@pytest.fixture
def database(trained_database, own_folder):
    return shutil.copy(trained_database, own_folder / "fitgap.db")


def test_connections_are_counted_by_the_file_and_not_by_its_name(database, own_folder):
    (own_folder / "link.db").symlink_to(database)
    assert not is_open(database) and not is_open(own_folder / "missing.db")
    with open_store("link.db") as asking:
        assert asking.sweeps()
        with open_store_for_writing() as writing:
            assert writing.sweeps() and is_open(database)
        assert is_open(own_folder / "link.db")
        with safe_to_open(database) as may_open:
            assert not may_open
    assert not is_open(database)


def test_whatever_else_looks_at_the_file_a_connection_keeps_its_locks(database):
    """Another process would remove the write-ahead log of a database that no connection seems to have open."""
    with open_store_for_writing() as store:
        store.rename_sweep("1", "renamed")
        assert is_locked(database)
        open_store().close()
        with open_store() as asking:
            assert asking.sweeps()
        back_up_database(None, None)
        with pytest.raises(OutputError), written_file(database):
            raise AssertionError
        assert is_locked(database)
    assert not is_locked(database)


def test_a_connection_that_is_closed_twice_counts_once(database):
    with open_store() as one, open_store() as two:
        assert one.sweeps() and two.sweeps()
        borrowed = one._engine.raw_connection().dbapi_connection
        borrowed.close()
        with contextlib.suppress(sqlite3.Error):
            borrowed.close()
        assert is_open(database)
