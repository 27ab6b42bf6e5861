"""What `-o FILE` may be: a file, a link, a device, a pipe, but never a database; and its state afterwards."""

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fitgap.runner.errors import OutputError, StoreError
from fitgap.runner.files.output_files import refuse_planted_link, written_file, written_text
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.schema.backup import back_up_database
from support.sampling import every, per_commit

COMMAND = Path(sys.executable).parent / "fitgap"


def write(output, content=b"new", rights=0o666):
    with written_file(Path(output), rights) as path:
        path.write_bytes(content)


@pytest.fixture
def database(sqlite_template, own_folder):
    """A database with a write-ahead log and an open connection."""
    path = own_folder / "sweeps.db"
    shutil.copy(sqlite_template, path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA user_version = 7")
        connection.commit()
        yield path


def test_a_database_is_never_written_over_whatever_it_is_called(database, own_folder):
    os.link(database, own_folder / "hard.csv")
    (own_folder / "soft.csv").symlink_to(database)
    (own_folder / "far.csv").symlink_to(own_folder / "soft.csv")
    os.link(own_folder / "sweeps.db-wal", own_folder / "log.csv")
    os.link(own_folder / "sweeps.db-shm", own_folder / "index.csv")
    names = [
        "sweeps.db",
        "hard.csv",
        "soft.csv",
        "far.csv",
        "log.csv",
        "index.csv",
        "./../" + own_folder.name + "/sweeps.db",
    ]
    names += ["sweeps.db-wal", "sweeps.db-shm", "sweeps.db-journal", "soft.csv-wal"]
    before = {path: path.read_bytes() for path in own_folder.iterdir()}
    for name in names:
        with pytest.raises(OutputError, match="database") as told:
            write(name)
        assert str(told.value).endswith("; name another file")
        with pytest.raises(OutputError), written_text(Path(name)):
            raise AssertionError
    assert {path: path.read_bytes() for path in own_folder.iterdir()} == before


def test_databases_of_other_programs_and_old_backups_are_safe_too(own_folder):
    with contextlib.closing(sqlite3.connect("other.sqlite")) as connection:
        connection.execute("CREATE TABLE customer (id)")
    before = (own_folder / "other.sqlite").read_bytes()
    with pytest.raises(OutputError, match="is a database, which is never overwritten"):
        write("other.sqlite")
    assert (own_folder / "other.sqlite").read_bytes() == before


def test_a_link_stays_and_its_file_is_replaced(own_folder):
    (own_folder / "real").write_text("old")
    (own_folder / "link").symlink_to("real")
    write("link")
    assert (own_folder / "link").is_symlink() and (own_folder / "real").read_bytes() == b"new"
    (own_folder / "dangling").symlink_to("made")
    write("dangling")
    assert (own_folder / "dangling").is_symlink() and (own_folder / "made").read_bytes() == b"new"


def test_links_in_a_circle_are_told(own_folder):
    (own_folder / "one").symlink_to("two")
    (own_folder / "two").symlink_to("one")
    with pytest.raises(OutputError, match="cannot be written"):
        write("one")


def test_a_link_that_somebody_else_has_put_into_a_folder_for_all_is_refused(own_folder, monkeypatch):
    shared = own_folder / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "answer").symlink_to(own_folder / "precious")
    refuse_planted_link(shared / "answer", shared / "answer")
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    found = os.lstat(shared / "answer")
    monkeypatch.setattr(Path, "lstat", lambda path: os.stat_result([*found[:4], 54322, *found[5:]]))
    with pytest.raises(OutputError, match="a link created by another user; name the file itself"):
        write(shared / "answer")
    with pytest.raises(StoreError, match="is a link created by another user; name the database itself"):
        open_store_for_writing(str(shared / "answer"))
    assert not (own_folder / "precious").exists()


def test_devices_stay_devices(own_folder):
    write("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(OutputError, match="/dev/full cannot be written: No space left on device"):
        write("/dev/full")
    with (
        pytest.raises(OutputError, match="No space left"),
        written_text(Path("/dev/full")) as place,
        open(place, "w", closefd=False) as file,
    ):
        file.write("text")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_a_pipe_gets_what_is_written_and_stays(own_folder):
    os.mkfifo("pipe")
    heard = []
    reader = threading.Thread(target=lambda: heard.append(Path("pipe").read_bytes()))
    reader.start()
    write("pipe")
    reader.join()
    assert heard == [b"new"] and stat.S_ISFIFO(os.stat("pipe").st_mode)
    assert [path.name for path in own_folder.iterdir()] == ["pipe"]


@pytest.mark.parametrize("name", every(4, ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"]))
def test_standard_output_by_its_name_is_written_to_and_nothing_in_it_is_lost(name, own_folder, trained_database):
    """Opening a file by its path would overwrite it from its beginning; renaming would replace it with another file."""
    (own_folder / "link").symlink_to("/dev/stdout")
    (own_folder / "all").write_text("before\n")
    arguments = [COMMAND, "epochs", "1", "--format", "csv", "--db", trained_database, "-o", name]
    with open("all", "a") as file:
        subprocess.run(arguments, stdout=file, check=True)
    first, second, *rest = (own_folder / "all").read_text().splitlines()
    assert first == "before" and second.startswith("trial,epoch,") and rest
    piped = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert piped.stdout.splitlines() == [second, *rest]


@pytest.mark.nightly
def test_a_database_behind_an_open_file_is_refused(trained_database, own_folder):
    shutil.copy(trained_database, "x.db")
    before = Path("x.db").read_bytes()
    with open("x.db", "r+b") as file:
        done = subprocess.run(
            [COMMAND, "export", "1", "--db", trained_database, "-o", "/dev/stdout"],
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2 and "is a database, which is never overwritten" in done.stderr
    assert Path("x.db").read_bytes() == before


def test_disks_folders_and_files_that_are_write_protected_are_refused(own_folder, monkeypatch):
    with pytest.raises(OutputError, match="is a folder; name a file"):
        write(own_folder)
    (own_folder / "fixed").write_text("old")
    monkeypatch.setattr(os, "access", lambda *given, **named: False)
    with pytest.raises(OutputError, match="fixed cannot be overwritten: you have no write permission"):
        write("fixed")
    monkeypatch.setattr(stat, "S_ISBLK", lambda mode: True)
    with pytest.raises(OutputError, match="is a disk; name a file"):
        write("/dev/null")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_mode_of_a_file_that_is_replaced_is_kept(mode, own_folder):
    (own_folder / "answer").write_text("old")
    (own_folder / "answer").chmod(mode)
    seen = []
    with written_file(Path("answer")) as path:
        path.write_text("new")
        # No other user may enter the folder in which the file is created.
        seen.append(path.parent.stat().st_mode & 0o777)
    assert seen == [0o700] and (own_folder / "answer").stat().st_mode & 0o777 == mode


def test_a_new_file_has_the_usual_mode_and_that_of_a_private_database_at_most(own_folder):
    before = os.umask(0o027)
    try:
        write("usual")
        write("private", rights=0o600)
    finally:
        os.umask(before)
    modes = [(own_folder / name).stat().st_mode & 0o777 for name in ("usual", "private")]
    assert modes == [0o640, 0o600]


def test_answers_of_a_private_database_are_private(trained_database, own_folder, invoke):
    shutil.copy(trained_database, "private.db")
    Path("private.db").chmod(0o600)
    asked = {
        "model.npz": ("export", "1"),
        "trials.csv": ("trials", "small", "--format", "csv"),
        "trials.txt": ("trials", "small"),
        "epochs.parquet": ("epochs", "small", "--format", "parquet"),
        "epochs.json": ("epochs", "1", "--format", "json"),
    }
    for name, words in asked.items():
        assert invoke(*words, "--db", "private.db", "-o", name).code == 0
        assert Path(name).stat().st_mode & 0o777 == 0o600
        assert invoke(*words, "--db", trained_database, "-o", f"open-{name}").code == 0
        assert Path(f"open-{name}").stat().st_mode & 0o777 == 0o666 & ~umask()


def umask():
    found = os.umask(0o077)
    os.umask(found)
    return found


@pytest.mark.parametrize("kind", per_commit(["csv"], ["export", "json", "csv", "parquet", "table"]))
def test_where_the_room_ends_the_file_that_was_there_is_whole(kind, own_folder, trained_database, tmp_path_factory):
    # Reading a backup creates no files next to it.
    copied = back_up_database(str(trained_database), str(tmp_path_factory.mktemp("copied") / "copied.db"))
    (own_folder / "answer").write_text("precious")
    words = ("export", "1") if kind == "export" else ("epochs", "small", "--format", kind)
    line = 'ulimit -f 1; exec "$@"'
    done = subprocess.run(
        ["bash", "-c", line, "-", COMMAND, *words, "-o", "answer", "--db", copied],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fitgap: answer cannot be written: ") and len(done.stderr.splitlines()) == 1
    assert [path.name for path in own_folder.iterdir()] == ["answer"]
    assert (own_folder / "answer").read_text() == "precious"


def test_a_name_as_long_as_any_can_be_is_no_problem(own_folder):
    name = "ü" * 127
    write(name)
    write(name)
    assert (own_folder / name).read_bytes() == b"new"
