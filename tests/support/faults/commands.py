"""The command in a process of its own, the processes that it starts, and how to end them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

COMMAND = Path(sys.executable).parent / "fitgap"
PATIENCE_SECONDS = 120.0


@contextlib.contextmanager
def running(*arguments, folder):
    """The command while it runs; what it starts is killed at the end of the block if it is still there."""
    with (folder / "out").open("a") as out, (folder / "err").open("a") as err:
        process = subprocess.Popen(
            [COMMAND, *map(str, arguments)], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
    started = set()
    try:
        yield process
        started = descendants(process.pid)
    finally:
        process.kill()
        process.wait()
        kill(filter(is_alive, started))


def run(*arguments, folder):
    """The exit code of the command and what it printed."""
    done = subprocess.run(
        [COMMAND, *map(str, arguments)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def descendants(root):
    """The processes below a process, each with its start, since numbers are used again."""
    parents, started = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)], started[int(entry.name)] = int(fields[1]), fields[19]
    found = [root]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return {(process, started[process]) for process in found[1:]}


def is_alive(process):
    """Whether a process, given by number and start, is still there and more than a name."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process[0]}/stat").read_text().rpartition(")")[2].split()
        return fields[19] == process[1] and fields[0] not in "ZX"
    return False


def title(process):
    """How a process calls itself."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process[0]}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""


def own_kilobytes(process):
    """The memory of a process that it shares with no other one."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def kill(processes):
    for number, _ in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def wait_until(condition, seconds=PATIENCE_SECONDS):
    """Wait until a condition holds; how long it took, or None where it never did."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.02)
    return time.monotonic() - began
