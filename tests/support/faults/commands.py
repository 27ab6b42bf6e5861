"""Running the command in a process of its own, and finding and killing the processes that it starts."""

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
    """The running command. Its descendants that are still alive at the end of the block are killed."""
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
    """Run the command; returns its exit code and output."""
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
    """The descendants of a process, each with its start time, because process IDs are reused."""
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
    """Whether a process, given by ID and start time, is still there and is not a zombie."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process[0]}/stat").read_text().rpartition(")")[2].split()
        return fields[19] == process[1] and fields[0] not in "ZX"
    return False


def title(process):
    """The command line of a process."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process[0]}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""


def own_kilobytes(process):
    """The private anonymous memory of a process."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def kill(processes):
    for number, _ in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def wait_until(condition, seconds=PATIENCE_SECONDS):
    """Wait until a condition holds. Returns how long it took, or None after a timeout."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.02)
    return time.monotonic() - began
