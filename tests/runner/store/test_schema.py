"""The version of the schema: newer, older and foreign databases, and the first use by several processes at once."""

import sqlite3
import subprocess
import sys

import pytest

from runner.errors import StoreError
from runner.store import open_store, open_store_for_writing
from runner.store.schema import VERSION_TABLE, newest_version

USE_IT = """
import sys
from runner.store import open_store_for_writing
print("ready", flush=True)
sys.stdin.readline()
with open_store_for_writing(sys.argv[1]) as store:
    print(len(store.sweeps()))
"""


def set_version(path, version):
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = ?", [version])
    connection.close()


def tables_of(path):
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    connection.close()
    return rows


def test_opening_again_changes_nothing(store, database, make_plan):
    store.add_sweep(make_plan())
    with open_store_for_writing(database) as again:
        assert [row["name"] for row in again.sweeps()] == ["plan"]


@pytest.mark.parametrize("open_it", [open_store, open_store_for_writing])
def test_a_newer_schema_is_refused_and_unchanged(open_it, tmp_path):
    path = tmp_path / "newer.db"
    open_store_for_writing(str(path)).close()
    set_version(path, "9999")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"schema 9999, newer than this program's .*; update fitgap"):
        open_it(str(path))
    assert path.read_bytes() == before


def test_an_older_schema_is_refused_for_asking(tmp_path):
    path = tmp_path / "older.db"
    open_store_for_writing(str(path)).close()
    set_version(path, "0000")
    with pytest.raises(StoreError, match="schema 0000, older than"):
        open_store(str(path))


def test_the_newest_version_is_the_last_migration():
    assert newest_version().isdigit()


def test_several_processes_that_use_a_new_database_at_once_all_find_it_good(tmp_path):
    """Whoever comes first makes the tables; the others wait and go on. Each round starts from nothing."""
    open_store_for_writing(str(tmp_path / "alone.db")).close()
    for round_ in range(5):
        path = tmp_path / f"shared{round_}.db"
        assert use_at_once(path, 4) == [(0, "0", "")] * 4
        assert tables_of(path) == tables_of(tmp_path / "alone.db")


def use_at_once(path, count):
    """Exit code, output and last error of processes that have loaded everything and then open the same database."""
    users = [start_user(path) for _ in range(count)]
    for user in users:
        assert user.stdout.readline() == "ready\n"
    for user in users:
        user.stdin.write("\n")
        user.stdin.flush()
    ends = [user.communicate(timeout=60) for user in users]
    last_lines = ["".join(err.splitlines()[-1:]) for _, err in ends]
    return [(user.returncode, out.strip(), last) for user, (out, _), last in zip(users, ends, last_lines, strict=True)]


def start_user(path):
    return subprocess.Popen(
        [sys.executable, "-c", USE_IT, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
