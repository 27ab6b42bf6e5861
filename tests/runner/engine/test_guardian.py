"""The guardian: when the process that started Ray is gone, what Ray has left ends and goes; nothing else does."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner.engine import guardian
from runner.engine.guardian import processes_of_ray, stat_of

# Starts what looks like Ray's server, which has a child of its own, and something else; then waits for a guardian.
PARENT = """
import subprocess, sys
from runner.engine.guardian import start_guardian
server = subprocess.Popen(["./raylet", "--session_dir=" + sys.argv[1]], stdout=subprocess.DEVNULL)
other = subprocess.Popen(["sleep", "60"])
guardian = start_guardian(sys.argv[2])
print(server.pid, other.pid, guardian.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def family(tmp_path):
    """The numbers of a parent, its server, its other child and its guardian; what is left of them ends afterwards."""
    script = tmp_path / "raylet"
    script.write_text("#!/bin/sh\nsleep 60 & wait\n")
    script.chmod(0o755)
    line = [sys.executable, "-c", PARENT, *map(str, left_folders(tmp_path))]
    with subprocess.Popen(line, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        server, other, watching = map(int, parent.stdout.readline().split())
        yield parent, server, other, watching
        parent.kill()
    for number in (server, other, watching):
        if stat_of(number):
            subprocess.run(["kill", "-KILL", str(number)], check=False)


def left_folders(folder):
    """Where the server keeps its logs, and the folder of its parent's own."""
    return folder / "ray" / "session_1_of_the_server", folder / "of-the-parent"


def wait_until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_what_a_killed_parent_leaves_of_ray_is_ended_and_nothing_else(family):
    parent, server, other, watching = family
    assert wait_until(lambda: len(processes_of_ray(parent.pid)) == 2), "the server and its child"
    left = {number for number, _ in processes_of_ray(parent.pid)}
    assert server in left and not {other, watching, parent.pid} & left
    time.sleep(2 * guardian.LOOK_SECONDS)
    parent.kill()
    parent.wait()
    assert wait_until(lambda: not any(map(stat_of, left)))
    assert wait_until(lambda: stat_of(watching) is None)
    assert stat_of(other) is not None


@pytest.mark.parametrize("end", ["killed", "by itself"])
def test_what_the_parent_and_its_ray_left_on_disk_is_removed_and_nothing_else(tmp_path, family, end):
    parent, _, _, watching = family
    left = left_folders(tmp_path)
    others = (tmp_path / "ray" / "session_2_of_another", tmp_path / "ray" / "session_latest", tmp_path / "of-another")
    for each in (*left, *others):
        (each / "logs").mkdir(parents=True)
        (each / "logs" / "log").write_text("a line")
    assert wait_until(lambda: len(processes_of_ray(parent.pid)) == 2)
    time.sleep(2 * guardian.LOOK_SECONDS)
    assert all(map(Path.exists, (*left, *others))), "as long as the parent lives"
    if end == "killed":
        parent.kill()
    else:
        parent.stdin.close()
    parent.wait()
    assert wait_until(lambda: not any(map(Path.exists, left)))
    assert wait_until(lambda: stat_of(watching) is None)
    assert all((each / "logs" / "log").exists() for each in others)


# Makes the folder of a start of Ray, as Ray names it, and no server yet. There is one of an earlier process, too.
BEGINNER = """
import os, sys, time
from pathlib import Path
from runner.engine.guardian import start_guardian
earlier, own = (Path(os.environ["RAY_TMPDIR"], "ray", f"session_{each}_{os.getpid()}") for each in (1, 2))
(earlier / "logs").mkdir(parents=True)
os.utime(earlier, (1e9, 1e9))
guardian = start_guardian(sys.argv[1])
(own / "logs").mkdir(parents=True)
print(os.getpid(), guardian.pid, flush=True)
sys.stdin.read()
"""


def test_a_parent_killed_before_its_server_began_leaves_no_folder_either(tmp_path, monkeypatch):
    """Also where its guardian has not looked yet."""
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    line = [sys.executable, "-c", BEGINNER, tmp_path / "of-the-parent"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        number, watching = map(int, parent.stdout.readline().split())
        earlier, own = (tmp_path / "ray" / f"session_{each}_{number}" for each in (1, 2))
        of_another = tmp_path / "ray" / f"session_2_{number + 1}"
        of_another.mkdir()
        assert own.exists()
        parent.kill()
    assert wait_until(lambda: stat_of(watching) is None)
    assert not own.exists() and earlier.exists() and of_another.exists()


# A process as Ray's server starts them, which writes to a log from its first moment on, and its parent is gone.
ORPHAN = "sleep 60 >> {log} & echo $!"


def test_what_its_server_began_at_the_last_moment_is_known_by_its_log(tmp_path, family):
    """After the guardian's last look; whoever only reads the log goes on."""
    parent, server, _, watching = family
    log = left_folders(tmp_path)[0] / "logs" / "log"
    log.parent.mkdir(parents=True)
    log.touch()
    assert wait_until(lambda: len(processes_of_ray(parent.pid)) == 2)
    time.sleep(2 * guardian.LOOK_SECONDS)
    command = ["sh", "-c", ORPHAN.format(log=log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        orphan = int(starter.stdout.readline())
        with log.open() as opened, subprocess.Popen(["sleep", "60"], stdin=opened) as reader:
            parent.kill()
            assert wait_until(lambda: stat_of(watching) is None)
            assert stat_of(orphan) is None and stat_of(server) is None
            assert reader.poll() is None
            reader.kill()


def test_a_process_is_known_by_its_start():
    """A later process of the same number is another one."""
    with subprocess.Popen(["sleep", "60"]) as process:
        started = stat_of(process.pid)[2]
        assert guardian.is_alive((process.pid, started)) and not guardian.is_alive((process.pid, started + "0"))
        process.kill()
    assert not guardian.is_alive((process.pid, started))


def test_without_proc_there_is_no_guardian(monkeypatch):
    monkeypatch.setattr(guardian, "Path", lambda path: Path("/nowhere"))
    assert guardian.start_guardian("/nowhere") is None
