"""Backups and going back to them: whole whatever happens meanwhile, and nothing of anybody's is lost on the way."""

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from plain_plans import plain_plan
from raw_rows import raw_rows

from runner.environment import machine_identity, process_started
from runner.errors import BusyError, StoreError
from runner.store import DriverIdentity, backup, open_store, open_store_for_writing
from runner.store.backup import back_up_database
from runner.store.copying import copy_database
from runner.store.restoring import restore_database
from runner.whole_files import leftovers

LEGACY = Path(__file__).parents[2] / "legacy" / "0001.db"
EVERYWHERE = pytest.mark.parametrize("most", [30, pytest.param(None, marks=pytest.mark.nightly)])
DYING = Path(__file__).with_name("dying_copies.py")
# Adds rows until it is killed, in a log that is moved into the file again and again.
WRITES = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA wal_autocheckpoint = 5")
number = 0
while True:
    number += 1
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE sweep SET note = ?", (str(number) * 300,))
        connection.execute("UPDATE trial SET note = ?", (str(number) * 300,))
    print(number, flush=True)
"""


@pytest.fixture
def database(trained_database, own_folder):
    """A database of a sweep, in the current folder."""
    return shutil.copy(trained_database, own_folder / "fitgap.db")


@pytest.fixture(scope="module")
def kill():
    """`kill(step, *words)`: do this in a process that is killed at this step; gives its exit status and all steps."""
    with subprocess.Popen([sys.executable, DYING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask(step, *words):
            process.stdin.write(json.dumps([step, words[0], *map(os.path.abspath, words[1:])]) + "\n")
            process.stdin.flush()
            return process.stdout.readline().split()

        yield ask


def rename(path, name):
    with open_store_for_writing(str(path)) as store:
        store.rename_sweep("1", name)


def names(path):
    with open_store(str(path)) as store:
        return [row["name"] for row in store.sweeps()]


def is_whole(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        checks = connection.execute("PRAGMA integrity_check").fetchall()
        return checks == [("ok",)] and connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_backup_is_one_file_with_every_row_and_a_name_of_its_own(database, own_folder):
    made = [back_up_database(None, None) for _ in range(3)]
    assert [path.name for path in made] == ["fitgap.db.backup", "fitgap.db.backup-2", "fitgap.db.backup-3"]
    assert back_up_database(None, "elsewhere.db") == Path("elsewhere.db")
    for path in (*made, "elsewhere.db"):
        assert raw_rows(str(path)) == raw_rows(str(database))
        # Without a log, whoever asks it makes nothing beside it.
        assert not Path(f"{path}-wal").exists() and not Path(f"{path}-shm").exists()
    assert leftovers(own_folder) == []


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_copies_have_the_mode_of_the_database_from_their_first_byte_on(mode, database, own_folder, monkeypatch):
    database.chmod(mode)
    seen = []
    monkeypatch.setattr(
        backup, "publish", lambda part, target: seen.append(part.stat().st_mode) or os.link(part, target)
    )
    before = os.umask(0)
    try:
        back_up_database(None, "one.db")
        back_up_database(None, None)
        copy_database("fitgap.db", "two.db")
    finally:
        os.umask(before)
    for name in ("one.db", "fitgap.db.backup", "two.db"):
        assert Path(name).stat().st_mode & 0o777 == mode
    assert [found & 0o777 for found in seen] == [mode] * 2


def test_what_has_the_name_is_never_written_over(database, own_folder):
    Path("taken").write_text("precious")
    Path("link").symlink_to("nowhere")
    for name in ("taken", "link", "fitgap.db", "."):
        with pytest.raises(StoreError):
            back_up_database(None, name)
    assert Path("taken").read_text() == "precious" and not Path("nowhere").exists()


@pytest.mark.parametrize("command", ["backup", "copy", "restore"])
def test_what_appears_meanwhile_is_left_as_it_is(command, database, own_folder, monkeypatch):
    """Such as the database of a run that was started at the same time."""
    publish = backup.publish

    def too_late(part, target):
        shutil.copy("other.db", target)
        publish(part, target)

    shutil.copy(database, "other.db")
    rename("other.db", "meanwhile")

    monkeypatch.setattr(backup, "publish", too_late)
    with pytest.raises(StoreError, match="appeared meanwhile, and was left as it is"):
        if command == "copy":
            copy_database("fitgap.db", "new.db")
        elif command == "backup":
            back_up_database("fitgap.db", "new.db")
        else:
            restore_database("fitgap.db", "new.db")
    assert names("new.db") == ["meanwhile"] and leftovers(own_folder) == []


@pytest.mark.parametrize("command", ["backup", "copy", "restore"])
def test_the_log_of_an_earlier_database_is_in_the_way(command, database, own_folder):
    """SQLite would write it into the new file."""
    Path("new.db-wal").write_bytes(b"\x37\x7f\x06\x82" + bytes(5_000))
    with pytest.raises(StoreError, match=r"no database new\.db, but .*new\.db-wal, which may hold its last rows"):
        {"copy": copy_database, "backup": back_up_database, "restore": restore_database}[command]("fitgap.db", "new.db")
    assert not Path("new.db").exists() and Path("new.db-wal").stat().st_size == 5_004


def test_backups_while_somebody_writes_are_of_one_moment(database, own_folder):
    with subprocess.Popen([sys.executable, "-c", WRITES, database], stdout=subprocess.PIPE, text=True) as writer:
        writer.stdout.readline()
        for number in range(5):
            path = back_up_database(None, f"{number}.db")
            with contextlib.closing(sqlite3.connect(path)) as connection:
                notes = set(connection.execute("SELECT note FROM trial UNION SELECT note FROM sweep"))
            assert len(notes) == 1 and is_whole(path)
        writer.kill()
    # What was in the log of the killed writer alone is in a backup as well.
    last = back_up_database(None, None)
    assert raw_rows(str(last)) == raw_rows(str(database))


def test_a_restore_takes_the_place_of_all_rows_and_keeps_what_was_there(database):
    saved = back_up_database(None, None)
    before = raw_rows(str(database))
    rename(database, "later")
    later = raw_rows(str(database))
    done = restore_database(str(saved), None)
    assert raw_rows(str(database)) == before == raw_rows(str(saved))
    assert raw_rows(str(done.before)) == later
    assert (
        str(done) == f"restored fitgap.db, schema {done.version}; fitgap.db.before-restore holds what was there before"
    )
    assert restore_database(str(done.before), None).before.name == "fitgap.db.before-restore-2"
    assert raw_rows(str(database)) == later
    rename(database, "still-works")
    assert is_whole(database)


def test_after_a_killed_writer_a_restore_is_whole(database, own_folder):
    """SQLite would play the log of the killed one into a file that took the place of the database."""
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
    monkeypatch.setattr("runner.store.sqlite.LOCK_TIMEOUT_SECONDS", 0.1)
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
    assert answer.code == 0 and "rows that were still in its -wal are missing" in answer.err
    assert names(database) == ["small"]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.write_bytes(b"no database\n" * 100), "is no fitgap database"),
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


def change(path, *statements):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def scribble(path):
    content = bytearray(path.read_bytes())
    for start in range(4096 * 2, len(content), 4096):
        content[start : start + 200] = b"\xa5" * 200
    path.write_bytes(content)


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
        with pytest.raises(StoreError, match="pg_dump, and pg_restore to go back"):
            call()


def places(steps, most):
    """Steps to be killed at: every one, or about so many, evenly spread, and the last ones."""
    last = int(steps) + 1
    return sorted({*range(1, last, 1 if most is None else last // most + 1), *range(last - 6, last)})


@EVERYWHERE
@pytest.mark.parametrize("command", ["backup", "copy"])
def test_a_copy_that_is_killed_anywhere_is_whole_or_not_there(command, most, database, own_folder, kill):
    rows = raw_rows(str(database))
    (_, steps) = kill(0, command, "fitgap.db", "whole.db")
    precious = own_folder / ".fitgap-precious.part"
    precious.write_text("somebody else's")
    for step in places(steps, most):
        assert kill(step, command, "fitgap.db", f"{step}.db") == ["-9", "?"]
        if Path(f"{step}.db").exists():
            assert raw_rows(f"{step}.db") == rows and is_whole(f"{step}.db")
    assert raw_rows(str(database)) == rows and precious.read_text() == "somebody else's"
    for left in leftovers(own_folder):
        shutil.rmtree(left)
    assert [path for path in own_folder.glob(".fitgap*")] == [precious]
    assert kill(0, command, "fitgap.db", "again.db")[0] == "0"


@EVERYWHERE
@pytest.mark.parametrize("place", ["there", "new"])
def test_a_restore_that_is_killed_anywhere_leaves_the_old_or_the_new(place, most, database, own_folder, kill):
    saved = back_up_database(None, "saved.db")
    new = raw_rows(str(saved))
    rename(database, "later")
    old = raw_rows(str(database))
    shutil.copy(back_up_database(None, "old.db"), "target.db")
    (_, steps) = kill(0, "restore", "saved.db", "target.db")
    assert int(steps) > 60
    ended = set()
    for step in places(steps, most):
        # Another free name would take other steps.
        for path in own_folder.glob("target.db*"):
            path.unlink()
        if place == "there":
            shutil.copy("old.db", "target.db")
            rename("target.db", "later")
        status = kill(step, "restore", "saved.db", "target.db")
        assert status == ["-9", "?"] or (place == "new" and status[0] == "0")
        if place == "new" and not Path("target.db").exists():
            continue
        assert is_whole("target.db")
        found = raw_rows("target.db")
        assert found in (old, new)
        ended.add(found == new)
        if found == new and place == "there":
            assert any(raw_rows(str(path)) == old for path in own_folder.glob("target.db.before-restore*"))
    assert True in ended and (place == "new" or False in ended)
    restore_database("saved.db", "target.db")
    assert raw_rows("target.db") == new


def test_a_restore_that_is_killed_while_pages_are_written_leaves_the_old_or_the_new(database, own_folder):
    """At moments that no line of Python tells."""
    saved = back_up_database(None, "saved.db")
    new = raw_rows(str(saved))
    rename(database, "later")
    old = raw_rows(str(database))
    line = "from runner.store.restoring import restore_database; print('ready', flush=True); input();"
    line += "restore_database('saved.db', 'fitgap.db')"
    for delay in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", line], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            process.stdout.readline()
            process.stdin.write("\n")
            process.stdin.flush()
            time.sleep(delay * 0.02)
            process.send_signal(signal.SIGKILL)
        assert is_whole(database) and raw_rows(str(database)) in (old, new)
        rename(database, "later")
