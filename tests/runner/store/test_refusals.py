"""Databases that are foreign, newer, damaged or inaccessible: each way to open one refuses it in one line, and neither
it nor the files next to it change."""

import contextlib
import itertools
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.admin.copy import copy_database
from fitgap.runner.store.admin.status import describe_database
from fitgap.runner.store.admin.upgrade import upgrade_database
from fitgap.runner.store.schema.version import VERSION_TABLE
from support.databases.temporary_postgres import open_folder
from support.sampling import every_row

# The names of tables that other programs create.
OTHERS = {
    "Optuna": ("alembic_version", "studies", "study_directions", "trials", "trial_values", "version_info"),
    "MLflow": ("alembic_version", "experiments", "runs", "metrics", "params", "tags"),
    "Alembic": ("alembic_version",),
    "similar": ("sweep", "trial", "epoch"),
}
# Writes into a database in WAL mode and dies without closing it.
LEAVE_A_LOG = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("CREATE TABLE customer (id INTEGER)")
os._exit(0)
"""
# Prints how each way to open a database refuses it. If run by root, it becomes a user who owns nothing.
ASK_WITHOUT_RIGHTS = """
import os, sys
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.admin.status import describe_database
from fitgap.runner.store.admin.upgrade import upgrade_database
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for way in (open_store, open_store_for_writing, describe_database, upgrade_database):
    try:
        way(sys.argv[1])
    except StoreError as error:
        print(error)
"""


def copy_from(path):
    copy_database(path, f"{path}-2")


def copy_into(path):
    source = f"{os.path.dirname(os.path.dirname(path))}/good.db"
    open_store_for_writing(source).close()
    copy_database(source, path)


WAYS = [open_store, open_store_for_writing, describe_database, upgrade_database, copy_from, copy_into]


@pytest.fixture
def folder(tmp_path):
    """A folder for the database alone."""
    made = tmp_path / "folder"
    made.mkdir()
    return made


def contents(folder):
    """The content of every file, except for the locks of a log (`-shm`), which readers change as well."""
    return {
        path.name: path.read_bytes() if path.is_file() and not path.name.endswith("-shm") else None
        for path in (folder.iterdir() if folder.is_dir() else ())
    }


def refusal(way, path):
    """The one-line message with which a way to open a database refuses this one. No file may change."""
    before = contents(path.parent)
    with pytest.raises(StoreError) as caught:
        way(str(path))
    assert contents(path.parent) == before
    assert str(caught.value).isprintable()
    return str(caught.value)


def run_sql(path, *statements):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(("program", "mode", "way"), every_row(5, itertools.product(OTHERS, ("DELETE", "WAL"), WAYS)))
def test_the_database_of_another_program_is_refused(program, mode, way, folder):
    made = [f"CREATE TABLE {table} (id INTEGER)" for table in OTHERS[program]]
    run_sql(folder / "theirs.db", f"PRAGMA journal_mode = {mode}", *made)
    message = refusal(way, folder / "theirs.db")
    assert f"contains tables of another program ({', '.join(sorted(OTHERS[program])[:3])})" in message


@pytest.mark.parametrize("way", WAYS)
def test_a_file_that_says_whose_it_is_is_refused(way, folder, sqlite_template):
    """Even if its tables look like ours."""
    shutil.copy(sqlite_template, folder / "theirs.db")
    run_sql(folder / "theirs.db", "PRAGMA application_id = 12345")
    assert "belongs to another program" in refusal(way, folder / "theirs.db")


@pytest.mark.parametrize("way", WAYS)
def test_a_database_whose_log_somebody_has_left_is_refused_with_its_log(way, folder):
    path = folder / "theirs.db"
    subprocess.run([sys.executable, "-c", LEAVE_A_LOG, path], check=True)
    assert set(contents(folder)) == {"theirs.db", "theirs.db-wal", "theirs.db-shm"}
    assert "customer" in refusal(way, path)


@pytest.mark.parametrize("way", [way for way in WAYS if way is not describe_database])
def test_a_newer_schema_is_refused(way, folder, sqlite_template):
    shutil.copy(sqlite_template, folder / "newer.db")
    run_sql(folder / "newer.db", f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    assert "schema 9999, newer than this program's" in refusal(way, folder / "newer.db")


def test_a_newer_schema_can_still_be_described(folder, sqlite_template):
    shutil.copy(sqlite_template, folder / "newer.db")
    run_sql(folder / "newer.db", f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    assert describe_database(str(folder / "newer.db"))["schema"] == "9999"


@pytest.mark.parametrize("way", WAYS)
def test_a_database_that_does_not_say_its_schema_is_refused(way, folder, sqlite_template):
    shutil.copy(sqlite_template, folder / "odd.db")
    run_sql(folder / "odd.db", f"DELETE FROM {VERSION_TABLE}")
    assert "has no schema version" in refusal(way, folder / "odd.db")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "content",
    [b"no database at all\n" * 100, b"xy", b"\0" * 4096, b"SQLite format 3\0" + b"\xff" * 500],
    ids=["text", "short", "zeros", "head"],
)
def test_a_file_that_is_no_database_is_refused(content, way, folder):
    (folder / "text.db").write_bytes(content)
    assert "text.db" in refusal(way, folder / "text.db")


@pytest.mark.parametrize("way", WAYS)
def test_a_truncated_database_is_refused_wherever_it_ends(way, folder, trained_database):
    whole = trained_database.read_bytes()
    page = int.from_bytes(whole[16:18], "big")
    rng = random.Random(0)
    ends = {1, 15, 16, 99, 100, 101, page, 2 * page, len(whole) - page, len(whole) - 1}
    for end in sorted(ends | {rng.randrange(1, len(whole)) for _ in range(15)}):
        (folder / "cut.db").write_bytes(whole[:end])
        assert "cut.db" in refusal(way, folder / "cut.db")


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_is_refused(way, folder):
    (folder / "inner").mkdir()
    assert "is a folder" in refusal(way, folder / "inner")


@pytest.mark.parametrize("way", WAYS)
def test_a_pipe_is_refused_instead_of_waited_for(way, folder):
    os.mkfifo(folder / "pipe")
    assert "cannot be a database file" in refusal(way, folder / "pipe")


@pytest.mark.parametrize("way", [open_store, describe_database, upgrade_database, copy_from])
def test_a_missing_file_is_not_made(way, folder):
    assert "there is no database" in refusal(way, folder / "missing.db")
    (folder / "link.db").symlink_to(folder / "nowhere")
    assert "there is no database" in refusal(way, folder / "link.db")


@pytest.mark.parametrize("way", WAYS)
def test_a_missing_folder_is_not_made(way, folder):
    refusal(way, folder / "missing" / "sweeps.db")


@pytest.mark.parametrize("way", [open_store, copy_from])
def test_an_empty_file_is_refused_for_asking(way, folder):
    (folder / "empty.db").touch()
    assert "is empty" in refusal(way, folder / "empty.db")


@pytest.mark.nightly
@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_file_that_may_not_be_read_is_refused(closed, sqlite_template):
    with tempfile.TemporaryDirectory(dir=open_folder()) as name:
        folder = Path(name)
        shutil.copy(sqlite_template, folder / "closed.db")
        (folder / "closed.db").chmod(0o000 if closed == "file" else 0o644)
        folder.chmod(0o000 if closed == "folder" else 0o755)
        done = subprocess.run(
            [sys.executable, "-c", ASK_WITHOUT_RIGHTS, folder / "closed.db"],
            capture_output=True,
            text=True,
            check=False,
        )
        folder.chmod(0o700)
        (folder / "closed.db").chmod(0o600)
        assert contents(folder) == {"closed.db": sqlite_template.read_bytes()}
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == 4 and all("cannot be opened" in line and "permissions" in line for line in lines)
