"""Restoring a backup: readers see the old or the new database, and no data is lost."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fitgap.runner.errors import BusyError, StoreError
from fitgap.runner.store import DriverIdentity, open_store, open_store_for_writing
from fitgap.runner.store.admin.restore import restore_database
from fitgap.runner.store.schema.backup import back_up_database
from fitgap.runner.system.machine_record import machine_identity, process_started
from support.databases.changed_databases import WRITES, change, is_whole, names, rename, scribble
from support.databases.plain_plans import plain_plan
from support.databases.raw_rows import raw_rows

LEGACY = Path(__file__).parents[3] / "legacy" / "0001.db"


@pytest.fixture
def database(trained_database, own_folder, monkeypatch):
    """A database of a sweep, in the current folder."""
    monkeypatch.delenv("FITGAP_ALLOW_TRIGGERS", raising=False)
    return shutil.copy(trained_database, own_folder / "fitgap.db")


def test_a_restore_takes_the_place_of_all_rows_and_keeps_what_was_there(database):
    saved = back_up_database(None, None)
    before = raw_rows(str(database))
    rename(database, "later")
    later = raw_rows(str(database))
    done = restore_database(str(saved), None)
    assert raw_rows(str(database)) == before == raw_rows(str(saved))
    assert raw_rows(str(done.before)) == later
    assert (
        str(done) == f"restored fitgap.db, schema {done.version}; the previous content is in fitgap.db.before-restore"
    )
    assert restore_database(str(done.before), None).before.name == "fitgap.db.before-restore-2"
    assert raw_rows(str(database)) == later
    rename(database, "still-works")
    assert is_whole(database)


def test_after_a_killed_writer_a_restore_is_whole(database, own_folder):
    """If a restore replaced the file, SQLite would replay the killed writer's log into the new one."""
    saved = back_up_database(None, None)
    with subprocess.Popen([sys.executable, "-c", WRITES, database], stdout=subprocess.PIPE, text=True) as writer:
        for _ in range(40):
            writer.stdout.readline()
        writer.kill()
    assert Path("fitgap.db-wal").stat().st_size
    restore_database(str(saved), None)
    assert raw_rows(str(database)) == raw_rows(str(saved)) and is_whole(database)


def test_who_reads_meanwhile_sees_the_old_or_the_new(database):
    saved = back_up_database(None, None)
    rename(database, "later")
    seen, ended = set(), threading.Event()

    def look():
        while not ended.is_set():
            with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection:
                seen.add(tuple(connection.execute("SELECT name FROM sweep")))
                (count,) = connection.execute("SELECT count(*) FROM trial JOIN sweep ON sweep.id = sweep_id").fetchone()
                seen.add(count)

    looking = threading.Thread(target=look)
    looking.start()
    for _ in range(5):
        restore_database(str(saved), None)
        rename(database, "later")
    ended.set()
    looking.join()
    assert seen == {(("small",),), (("later",),), 48}


def test_an_open_store_goes_on_with_the_new_content(database):
    saved = back_up_database(None, None)
    with open_store() as asking:
        rename(database, "later")
        assert [row["name"] for row in asking.sweeps()] == ["later"]
        restore_database(str(saved), None)
        assert [row["name"] for row in asking.sweeps()] == ["small"]


def test_beside_a_living_driver_nothing_is_restored(database):
    saved = back_up_database(None, None)
    number = os.getpid()
    identity = DriverIdentity(machine_identity(), number, str(process_started(number)), {})
    with open_store_for_writing() as store:
        store.add_sweep(plain_plan(2, name="at work"))
        driver = store.begin_driver(identity)
        with pytest.raises(BusyError, match=rf"driver \d+ \(process {number}\) is training; stop it with Ctrl-C"):
            restore_database(str(saved), None)
        driver.end()
    assert names(database) == ["small", "at work"]
    assert not Path("fitgap.db.before-restore").exists()
    restore_database(str(saved), None)
    assert names(database) == ["small"]


def test_a_driver_that_has_died_is_no_reason_to_wait(database):
    saved = back_up_database(None, None)
    identity = DriverIdentity(machine_identity(), 2**22 + 1, "never", {})
    with open_store_for_writing() as store:
        store.begin_driver(identity)
    restore_database(str(saved), None)


def test_what_locks_the_database_is_told(database, monkeypatch):
    monkeypatch.setattr("fitgap.runner.store.database.sqlite.LOCK_TIMEOUT_SECONDS", 0.1)
    saved = back_up_database(None, None)
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is locked by another program; try again"):
            restore_database(str(saved), None)


def test_pages_of_another_size_are_no_obstacle(database):
    saved = back_up_database(None, None)
    with contextlib.closing(sqlite3.connect(saved, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 16384")
        connection.execute("VACUUM")
    rename(database, "later")
    restore_database(str(saved), None)
    assert names(database) == ["small"] and is_whole(database)


def test_an_older_backup_is_restored_and_brought_up_to_date_by_the_next_run(database):
    done = restore_database(str(LEGACY), None)
    assert done.version == "0001" and "schema 0001" in str(done)
    open_store_for_writing().close()
    assert len(names(database)) == 4


def test_where_nothing_is_the_backup_becomes_the_database(database):
    saved = back_up_database(None, None)
    saved.chmod(0o640)
    done = restore_database(str(saved), "new.db")
    assert (done.before, Path("new.db").stat().st_mode & 0o777) == (None, 0o640)
    assert raw_rows("new.db") == raw_rows(str(saved))


def test_who_may_not_read_the_backup_may_not_read_the_database_either(database):
    saved = back_up_database(None, None)
    rename(database, "later")
    for mode, backup_mode, after in ((0o664, 0o644, 0o664), (0o644, 0o640, 0o640), (0o644, 0o600, 0o600)):
        database.chmod(mode)
        saved.chmod(backup_mode)
        restore_database(str(saved), None)
        assert database.stat().st_mode & 0o777 == after


def test_a_plain_copy_is_restored_with_its_log_or_with_a_warning(database, own_folder, invoke):
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as writing:
        writing.execute("UPDATE sweep SET name = 'in the log'")
        (own_folder / "copies").mkdir()
        for ending in ("", "-wal"):
            shutil.copy(f"fitgap.db{ending}", f"copies/x.db{ending}")
        shutil.copy("fitgap.db", "copies/bare.db")
    answer = invoke("db", "restore", "copies/x.db")
    assert (answer.code, answer.err) == (0, "") and names(database) == ["in the log"]
    answer = invoke("db", "restore", "copies/bare.db")
    assert answer.code == 0 and "rows that were still in its -wal file are missing" in answer.err
    assert names(database) == ["small"]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.write_bytes(b"no database\n" * 100), "is not a fitgap database"),
        (lambda path: path.write_bytes(b""), "is an empty database"),
        (lambda path: path.write_bytes(path.read_bytes()[:-4096]), "is damaged"),
        (lambda path: path.unlink(), "there is no file saved.db to restore"),
        (lambda path: change(path, "PRAGMA application_id = 5"), "belongs to another program"),
        (lambda path: change(path, "UPDATE fitgap_version SET version_num = '9999'"), "newer than this program's"),
        (lambda path: change(path, "CREATE TRIGGER x AFTER INSERT ON epoch BEGIN SELECT 1; END"), "has a trigger 'x'"),
        (lambda path: change(path, "PRAGMA foreign_keys = OFF", "DELETE FROM sweep"), "is damaged"),
        (lambda path: scribble(path), "is damaged"),
    ],
)
def test_what_is_no_whole_backup_is_refused_and_nothing_changes(spoil, told, database, own_folder):
    saved = back_up_database(None, "saved.db")
    spoil(saved)
    before = raw_rows(str(database))
    for target in (None, "new.db"):
        with pytest.raises(StoreError, match=told) as caught:
            restore_database("saved.db", target)
        assert "\n" not in str(caught.value)
    assert raw_rows(str(database)) == before
    assert {path.name for path in own_folder.iterdir()} <= {"fitgap.db", "fitgap.db-wal", "fitgap.db-shm", "saved.db"}


@pytest.mark.parametrize("content", [b"name,value\n" * 200, None], ids=["text", "damaged"])
def test_a_database_that_cannot_be_read_is_not_written_over(content, database):
    saved = back_up_database(None, None)
    if content:
        database.write_bytes(content)
    else:
        scribble(database)
    before = database.read_bytes()
    with pytest.raises(
        StoreError, match="move it, with its -wal and -shm, into a folder of its own, and restore again"
    ):
        restore_database(str(saved), None)
    assert database.read_bytes() == before


def test_a_server_has_programs_of_its_own_for_this(database):
    for call in (
        lambda: back_up_database("postgresql://me@host/x", None),
        lambda: restore_database("fitgap.db", "postgresql://me@host/x"),
    ):
        with pytest.raises(StoreError, match="use pg_dump and pg_restore"):
            call()
