"""Killed backups, copies and restores leave the old or the new database complete, and remove no other files."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fitgap.runner.files.atomic_files import leftovers
from fitgap.runner.store.admin.restore import restore_database
from fitgap.runner.store.schema.backup import back_up_database
from support.databases.changed_databases import is_whole, rename
from support.databases.raw_rows import raw_rows
from support.sampling import at_night, per_commit

EVERYWHERE = pytest.mark.parametrize("most", [4, at_night(None)])
DYING = Path(__file__).parents[2] / "support" / "store" / "dying_copies.py"


@pytest.fixture
def database(trained_database, own_folder):
    """A database of a sweep, in the current folder."""
    return shutil.copy(trained_database, own_folder / "fitgap.db")


@pytest.fixture(scope="module")
def kill():
    """`kill(step, *words)`: run a command in a process killed at this step; returns exit status and number of steps."""
    with subprocess.Popen([sys.executable, DYING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask(step, *words):
            process.stdin.write(json.dumps([step, words[0], *map(os.path.abspath, words[1:])]) + "\n")
            process.stdin.flush()
            return process.stdout.readline().split()

        yield ask


def places(steps, most):
    """The steps at which to kill: all of them, or about `most` evenly spread ones, and the last ones."""
    last = int(steps) + 1
    return sorted({*range(1, last, 1 if most is None else last // most + 1), *range(last - 4, last)})


@EVERYWHERE
@pytest.mark.parametrize("command", per_commit(["copy"], ["backup", "copy"]))
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
@pytest.mark.parametrize("place", per_commit(["there"], ["there", "new"]))
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
        # Files from earlier rounds would change the free name that is found, and with it the steps.
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


@pytest.mark.nightly
@pytest.mark.parametrize("delays", [3, at_night(20)])
def test_a_restore_that_is_killed_while_pages_are_written_leaves_the_old_or_the_new(delays, database, own_folder):
    """Killed at any time, not only between lines of Python."""
    saved = back_up_database(None, "saved.db")
    new = raw_rows(str(saved))
    rename(database, "later")
    old = raw_rows(str(database))
    line = "from fitgap.runner.store.admin.restore import restore_database; print('ready', flush=True); input();"
    line += "restore_database('saved.db', 'fitgap.db')"
    for delay in range(delays):
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
