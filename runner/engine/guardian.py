"""A small process that ends Ray's processes when the one that started Ray has died without ending them.

Most of them end by themselves then, but two agents of Ray 2.60 first try for a minute to report the loss to a server
that is gone too. Run as a program with the number of the process that starts Ray; standard input is a pipe that it
holds open.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

LOOK_SECONDS = 1.0
# What ends by itself may do so first.
GRACE_SECONDS = 2.0
STARTED_BY_US = ("raylet", "gcs_server")

# A process: its number, and when it was started, since numbers are used again.
Process = tuple[int, str]


def start_guardian() -> subprocess.Popen[bytes] | None:
    """Start a guardian for this process; closing its standard input ends it. None where there is no /proc."""
    if not Path("/proc/self/stat").exists():
        return None
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        # Ctrl-C in the terminal is not for it.
        start_new_session=True,
    )


def guard(root: int) -> None:
    """Watch which processes Ray has under `root`, and end them some time after standard input was closed."""
    known: set[Process] = set()
    while not select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:
        known |= processes_of_ray(root)
    deadline = time.monotonic() + GRACE_SECONDS
    while any(map(is_alive, known)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in filter(is_alive, known):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process[0], signal.SIGKILL)


def processes_of_ray(root: int) -> set[Process]:
    """Ray's servers that descend from `root`, and everything that descends from them."""
    children: dict[int, list[int]] = {}
    names, started = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := stat_of(int(entry.name))):
            number = int(entry.name)
            names[number], parent, started[number] = fields
            children.setdefault(parent, []).append(number)
    servers = [number for number in descendants([root], children) if names[number] in STARTED_BY_US]
    return {(number, started[number]) for number in {*servers, *descendants(servers, children)}}


def descendants(roots: list[int], children: dict[int, list[int]]) -> list[int]:
    """All processes below these."""
    found = [child for root in roots for child in children.get(root, [])]
    for number in found:
        found += children.get(number, [])
    return found


def stat_of(process: int) -> tuple[str, int, str] | None:
    """Name, parent and start of a process; None where there is none, or one that has ended."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(errors="replace")
    except OSError:
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    return None if fields[0] in "ZX" else (name, int(fields[1]), fields[19])


def is_alive(process: Process) -> bool:
    found = stat_of(process[0])
    return found is not None and found[2] == process[1]


if __name__ == "__main__":
    guard(int(sys.argv[1]))
