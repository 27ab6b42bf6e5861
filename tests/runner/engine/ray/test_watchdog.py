"""The watchdog: once the process that started Ray is gone, it ends the processes given its folder, and no others."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest
from fitgap.runner.engine.ray.watchdog import FOLDER_VARIABLE, kill_if_given, processes_given, was_given

# Starts a watchdog, a process that looks like a Ray server and has a child, and an unrelated process; then waits.
STARTER = """
import os, subprocess, sys
from fitgap.runner.engine.ray.watchdog import start_watchdog
folder, fork = sys.argv[1:]
watchdog = start_watchdog(folder)
given = {**os.environ, "RAY_TMPDIR": folder}
server = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], env=given, stdout=subprocess.PIPE, text=True)
child = int(server.stdout.readline())
other = subprocess.Popen(["sleep", "60"])
copy = os.fork() if fork else None
if copy == 0:
    import time
    time.sleep(60)
print(watchdog.pid, server.pid, child, other.pid, *([copy] if fork else []), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def start(tmp_path):
    """`start(fork=False)`: the starter, its folder, and the ids of its watchdog, server, server's child and others."""
    numbers = []
    folder = tmp_path / "fitgap-folder"
    (folder / "ray" / "session" / "logs").mkdir(parents=True)
    (folder / "ray" / "session" / "logs" / "log").write_text("a line")

    def begin(fork=False):
        line = [sys.executable, "-c", STARTER, str(folder), "fork" if fork else ""]
        starter = opened.enter_context(subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        numbers.extend(map(int, starter.stdout.readline().split()))
        return starter, folder, *numbers

    with contextlib.ExitStack() as opened:
        yield begin
    for number in numbers:
        if is_alive(number):
            os.kill(number, signal.SIGKILL)


def is_alive(number):
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize("end", ["killed", "by itself"])
def test_what_the_starter_leaves_of_ray_ends_and_nothing_else(start, end):
    starter, folder, watchdog, server, child, other = start()
    beside = folder.parent / "fitgap-folder-of-another"
    beside.mkdir()
    assert set(processes_given(str(folder))) == {server, child}
    assert folder.exists()
    if end == "killed":
        starter.kill()
    else:
        starter.stdin.close()
    assert wait_until(lambda: not any(map(is_alive, (server, child, watchdog))))
    assert is_alive(other) and beside.exists() and not folder.exists()


def test_a_copy_of_the_starter_made_by_fork_does_not_keep_ray_alive(start):
    """The copy keeps the watchdog's pipe open, too."""
    starter, folder, watchdog, server, child, other, copy = start(fork=True)
    starter.kill()
    assert wait_until(lambda: not any(map(is_alive, (server, child, watchdog))))
    assert is_alive(copy) and is_alive(other) and not folder.exists()


def test_another_ray_of_the_same_user_is_left_alone(start, tmp_path):
    """A process is not ours just because it has a name of Ray's, the same parent, or a folder with the same prefix."""
    raylet = tmp_path / "raylet"
    raylet.write_text("#!/bin/sh\nsleep 60\n")
    raylet.chmod(0o755)
    starter, folder, watchdog, *_ = start()
    theirs = {**os.environ, FOLDER_VARIABLE: f"{folder}-2"}
    with subprocess.Popen([raylet, f"--session_dir={folder}/ray/session"], env=theirs) as foreign:
        starter.kill()
        assert wait_until(lambda: not is_alive(watchdog))
        assert foreign.poll() is None
        foreign.kill()


def test_a_number_that_belongs_to_another_process_by_now_is_spared(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as other:
        assert not was_given(other.pid, str(tmp_path))
        kill_if_given(other.pid, str(tmp_path))
        assert other.poll() is None
        other.kill()
    # It must not fail if the process has already ended.
    kill_if_given(other.pid, str(tmp_path))
