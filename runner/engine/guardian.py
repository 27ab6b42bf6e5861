"""A small process that clears up behind Ray, also when the process that started Ray has died without doing anything.

Most of Ray's processes end by themselves then, but two agents of Ray 2.60 first try for a minute to report the loss to
a server that is gone too; and nobody removes the folders. Run as a program with the number of the process that starts
Ray and the folder that it has made for Ray's workers; standard input is a pipe that it holds open.
"""

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

LOOK_SECONDS = 1.0
# As long as Ray has not begun.
FIRST_LOOK_SECONDS = 0.2
# The times of files are a little behind.
CLOCK_SECONDS = 1.0
# What ends by itself may do so first.
GRACE_SECONDS = 2.0
LONGEST_SECONDS_TO_END = 10.0
STARTED_BY_US = ("raylet", "gcs_server")
# How the servers are told where this start of Ray keeps its sockets and logs.
SESSION = re.compile(rb"--session[-_]dir=(/.+/session_[^/]+)")

# A process: its number, and when it was started, since numbers are used again.
Process = tuple[int, str]


def start_guardian(folder: str) -> subprocess.Popen[bytes] | None:
    """Start a guardian for this process and this folder of its own; closing its standard input ends it. None where
    there is no /proc.
    """
    if not Path("/proc/self/stat").exists():
        return None
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(os.getpid()), folder, str(time.time())],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        # Ctrl-C in the terminal is not for it.
        start_new_session=True,
    )


def guard(root: int, folder: Path, began: float) -> None:
    """Watch what Ray has under `root` until standard input is closed; then end its processes and remove what it and
    `root` have left on disk since the time `began`.
    """
    known: set[Process] = set()
    sessions: set[Path] = set()
    while not select.select([sys.stdin], [], [], LOOK_SECONDS if known else FIRST_LOOK_SECONDS)[0]:
        found = processes_of_ray(root)
        sessions.update(session for process in found - known if (session := session_of(process)))
        known |= found
    # Ray makes the folder before the server that is told of it.
    sessions = sessions or sessions_named_by(root, began)
    end(root, known, sessions)
    for each in {folder, *sessions}:
        shutil.rmtree(each, ignore_errors=True)


def end(root: int, known: set[Process], sessions: set[Path]) -> None:
    """End these processes, and those that write to these folders, after a while in which they may do so themselves."""
    began = time.monotonic()
    # Those that began after the last look are known by the folders alone.
    while left := set(filter(is_alive, known | strangers_writing_to(root, sessions))):
        waited = time.monotonic() - began
        if waited > LONGEST_SECONDS_TO_END:
            return
        for process in left if waited > GRACE_SECONDS else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process[0], signal.SIGKILL)
        time.sleep(0.1)


def strangers_writing_to(root: int, sessions: set[Path]) -> set[Process]:
    """Processes that write to files in one of these folders, but `root` and what descends from it and is not Ray's.

    Whoever starts Ray writes there as well; a server's child that lost its parent does, from its first moment on.
    """
    if not sessions:
        return set()
    found, children = all_processes()
    others = found.keys() - {root, os.getpid(), *descendants([root], children)}
    return {(number, found[number][2]) for number in others if writes_to(number, sessions)}


def writes_to(process: int, folders: set[Path]) -> bool:
    """Whether a process has a file below one of these folders open for writing; not known of somebody else's."""
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(OSError):
                if any(folder in entry.readlink().parents for folder in folders) and is_for_writing(
                    process, entry.name
                ):
                    return True
    return False


def is_for_writing(process: int, file: str) -> bool:
    """Whether an open file, by its number, was opened for writing."""
    told = dict(line.split(":", 1) for line in Path(f"/proc/{process}/fdinfo/{file}").read_text().splitlines())
    return int(told["flags"], 8) & (os.O_WRONLY | os.O_RDWR) != 0


def session_of(server: Process) -> Path | None:
    """The folder of this start of Ray, as one of its servers was told; None for other processes."""
    with contextlib.suppress(OSError):
        for argument in Path(f"/proc/{server[0]}/cmdline").read_bytes().split(b"\0"):
            if told := SESSION.fullmatch(argument):
                return Path(os.fsdecode(told[1]))
    return None


def sessions_named_by(root: int, began: float) -> set[Path]:
    """The folders of starts of Ray by a process of this number, but not of an earlier one."""
    # Where Ray 2.60 puts them on Linux.
    folder = os.environ.get("RAY_TMPDIR", os.environ.get("TMPDIR", "/tmp"))
    return {
        path for path in Path(folder, "ray").glob(f"session_*_{root}") if path.stat().st_mtime > began - CLOCK_SECONDS
    }


def processes_of_ray(root: int) -> set[Process]:
    """Ray's servers that descend from `root`, and everything that descends from them."""
    found, children = all_processes()
    servers = [number for number in descendants([root], children) if found[number][0] in STARTED_BY_US]
    return {(number, found[number][2]) for number in {*servers, *descendants(servers, children)}}


def all_processes() -> tuple[dict[int, tuple[str, int, str]], dict[int, list[int]]]:
    """Name, parent and start of every process by its number, and the numbers of the children of each."""
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    found = {number: fields for number in numbers if (fields := stat_of(number))}
    children: dict[int, list[int]] = {}
    for number, (_, parent, _) in found.items():
        children.setdefault(parent, []).append(number)
    return found, children


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
    guard(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
