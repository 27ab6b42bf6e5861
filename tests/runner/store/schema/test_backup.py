"""Backups and copies: complete, consistent snapshots despite concurrent writes, which never overwrite other files."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.files.atomic_files import leftovers
from fitgap.runner.store.admin.copy import copy_database
from fitgap.runner.store.admin.restore import restore_database
from fitgap.runner.store.schema import backup
from fitgap.runner.store.schema.backup import back_up_database
from support.databases.changed_databases import WRITES, is_whole, names, rename
from support.databases.raw_rows import raw_rows


@pytest.fixture
def database(trained_database, own_folder):
    """A database of a sweep, in the current folder."""
    return shutil.copy(trained_database, own_folder / "fitgap.db")


def test_a_backup_is_one_file_with_every_row_and_a_name_of_its_own(database, own_folder):
    made = [back_up_database(None, None) for _ in range(3)]
    assert [path.name for path in made] == ["fitgap.db.backup", "fitgap.db.backup-2", "fitgap.db.backup-3"]
    assert back_up_database(None, "elsewhere.db") == Path("elsewhere.db")
    for path in (*made, "elsewhere.db"):
        assert raw_rows(str(path)) == raw_rows(str(database))
        # Backups are not in WAL mode, so reading one creates no files next to it.
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
    with pytest.raises(StoreError, match="was created by another program meanwhile"):
        if command == "copy":
            copy_database("fitgap.db", "new.db")
        elif command == "backup":
            back_up_database("fitgap.db", "new.db")
        else:
            restore_database("fitgap.db", "new.db")
    assert names("new.db") == ["meanwhile"] and leftovers(own_folder) == []


@pytest.mark.parametrize("command", ["backup", "copy", "restore"])
def test_the_log_of_an_earlier_database_is_in_the_way(command, database, own_folder):
    """SQLite would replay it into the new file."""
    Path("new.db-wal").write_bytes(b"\x37\x7f\x06\x82" + bytes(5_000))
    with pytest.raises(
        StoreError, match=r"no database new\.db, but its log .*new\.db-wal, which may contain its last rows"
    ):
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
    # A backup also contains rows that are only in the killed writer's log.
    last = back_up_database(None, None)
    assert raw_rows(str(last)) == raw_rows(str(database))
