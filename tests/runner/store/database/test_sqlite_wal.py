"""SQLite logs that do not belong to the database next to them are detected before SQLite applies them."""

import contextlib
import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.admin.status import describe_database
from fitgap.runner.store.admin.upgrade import upgrade_database
from fitgap.runner.store.database.sqlite_wal import head_of, side_file
from fitgap.runner.store.schema.backup import back_up_database
from support.sampling import every_row


def read(path):
    with open_store(path):
        pass


def write(path):
    with open_store_for_writing(path):
        pass


WAYS = [
    read,
    write,
    describe_database,
    upgrade_database,
    lambda path: back_up_database(path, None),
]
# Changes all trials the given number of times, with a checkpoint after as many log pages as given (0: never), and is
# killed.
DIES = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA wal_autocheckpoint = " + sys.argv[2])
for number in range(int(sys.argv[3])):
    connection.execute("UPDATE trial SET note = ?", (str(number) * 1_000,))
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def database(trained_database, own_folder):
    return shutil.copy(trained_database, own_folder / "fitgap.db")


def killed(database, *, moved=0, changes=3):
    """Leave the log of a killed writer that made a checkpoint every `moved` pages (0: never)."""
    subprocess.run([sys.executable, "-c", DIES, database, str(moved), str(changes)], check=False)
    assert side_file(database, "-wal").stat().st_size


def newer(path, than):
    """Make a file newer than another, like a copy made later."""
    time = than.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(time, time))


@pytest.mark.parametrize(("changes", "moved"), every_row(2, itertools.product((1, 3, 50), (0, 1, 20))))
def test_the_log_that_a_killed_writer_leaves_is_used(moved, changes, database):
    killed(database, moved=moved, changes=changes)
    with open_store() as store:
        assert store.labels(["1"])[0]["note"] == str(changes - 1) * 1_000
    Path("moved").mkdir()
    for ending in ("", "-shm", "-wal"):
        shutil.copy(f"fitgap.db{ending}", f"moved/fitgap.db{ending}")
    database.chmod(0o600)
    for path in (None, "moved/fitgap.db"):
        with open_store(path) as store:
            assert store.labels(["1"])[0]["note"] == str(changes - 1) * 1_000


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["a backup", "a plain copy", "a smaller page"])
def test_a_copy_in_the_place_of_the_database_beside_its_log_is_refused(kind, way, database, own_folder):
    if kind == "a backup":
        back_up_database(None, "copy.db")
    else:
        shutil.copy(database, "copy.db")
    if kind == "a smaller page":
        with contextlib.closing(sqlite3.connect("copy.db", isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA page_size = 1024")
            connection.execute("VACUUM")
            connection.execute("PRAGMA journal_mode = WAL")
    killed(database)
    shutil.copy("copy.db", database)
    if kind == "a plain copy":
        newer(database, side_file(database, "-wal"))
    before = {path.name: path.read_bytes() for path in own_folder.iterdir()}
    with pytest.raises(StoreError, match=r"fitgap\.db-wal does not belong to .*fitgap\.db.*move fitgap\.db-wal and"):
        way("fitgap.db")
    assert {path.name: path.read_bytes() for path in own_folder.iterdir()} == before
    for ending in ("-wal", "-shm"):
        side_file(database, ending).unlink()
    way("fitgap.db")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("left", ["missing", "empty"])
def test_a_log_without_its_database_is_neither_used_nor_removed(left, way, database):
    """SQLite would remove it, with rows that exist nowhere else."""
    killed(database)
    content = side_file(database, "-wal").read_bytes()
    if left == "missing":
        database.rename("elsewhere.db")
    else:
        database.write_bytes(b"")
    with pytest.raises(
        StoreError, match=r"there is no database .*fitgap\.db, but its log .*fitgap\.db-wal, which may contain"
    ):
        way("fitgap.db")
    assert side_file(database, "-wal").read_bytes() == content


def test_the_journal_of_a_database_that_is_gone_is_left_too(own_folder):
    Path("fitgap.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600))
    with pytest.raises(StoreError, match=r"but its log .*fitgap\.db-journal, which may contain its last rows"):
        open_store_for_writing()
    assert Path("fitgap.db-journal").stat().st_size == 608


def test_a_log_of_which_nothing_can_be_used_is_no_obstacle(database):
    for content in (b"", b"\x37\x7f\x06\x82" + bytes(20), b"garbage" * 1_000):
        side_file(database, "-wal").write_bytes(content)
        with open_store() as store:
            assert store.sweeps()


def test_a_log_is_looked_for_where_a_link_leads(database, own_folder):
    (own_folder / "link.db").symlink_to(database)
    assert side_file(own_folder / "link.db", "-wal") == own_folder / "fitgap.db-wal"
    back_up_database(None, "copy.db")
    killed(database)
    shutil.copy("copy.db", database)
    with pytest.raises(StoreError, match="does not belong"):
        open_store("link.db")


def test_what_a_head_says(database, own_folder):
    assert head_of(database).has_log and not head_of(back_up_database(None, None)).has_log
    assert head_of(database).pages * head_of(database).page_size == database.stat().st_size
    assert head_of(own_folder / "missing") is None
    (own_folder / "text").write_text("text " * 100)
    assert head_of(own_folder / "text") is None
