"""The watchdog: a small process that cleans up after our own Ray, even if the process that started it is killed.

Most of Ray's processes then end by themselves, but two agents of Ray 2.60 spend a minute trying to report the loss to a
server that is also gone, and nothing removes Ray's files. The processes of this Ray are recognized by its folder, which
is new, has an unguessable name and is known only to them. The program's arguments are that folder and the number of the
process that started Ray. Its standard input is a pipe held open by that process; its standard output is closed once
everything is cleaned up.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# Names the folder of Ray's sessions; every process of this Ray inherits it.
FOLDER_VARIABLE = "RAY_TMPDIR"
PROC = Path("/proc")
LONGEST_SECONDS_TO_END = 10.0
LONGEST_SECONDS_TO_REAP = 1.0
# From linux/prctl.h.
PR_SET_CHILD_SUBREAPER = 36
# Without pidfds we check this often whether the starter is still alive.
CHECK_SECONDS = 1.0


def start_watchdog(folder: str, gone: int | None = None) -> subprocess.Popen[bytes]:
    """Start a watchdog for this process and the folder of its Ray. It acts when its standard input is closed or when
    this process has ended. It keeps the file descriptor `gone` open until everything is cleaned up.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, folder, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL if gone is None else gone,
        stderr=subprocess.DEVNULL,
        cwd="/",
        # It must not receive signals from the terminal.
        start_new_session=True,
    )


def watch(folder: str, starter: int) -> None:
    """Wait until the process that started Ray has ended, then kill Ray's processes and remove the folder."""
    wait_for_end(starter)
    end_processes(folder, spared={os.getpid(), starter})
    shutil.rmtree(folder, ignore_errors=True)


def wait_for_end(process: int) -> None:
    """Wait until standard input is closed or our parent process, which has this number, has ended.

    The pipe alone is not enough, since a fork of the parent also holds it open.
    """
    waiting = select.poll()
    waiting.register(sys.stdin, select.POLLIN)
    with contextlib.suppress(AttributeError, OSError):
        waiting.register(os.pidfd_open(process), select.POLLIN)
    while os.getppid() == process and not waiting.poll(1000 * CHECK_SECONDS):
        pass


def end_processes(folder: str, spared: set[int]) -> set[int]:
    """Kill every process of the Ray with this folder, including those started meanwhile; returns their numbers."""
    ended: set[int] = set()
    deadline = time.monotonic() + LONGEST_SECONDS_TO_END
    while time.monotonic() < deadline:
        found = [each for each in processes_given(folder) if each not in spared]
        for process in found:
            kill_if_given(process, folder)
        ended.update(found)
        if not found:
            break
        time.sleep(0.02)
    return ended


def reap(ended: set[int]) -> None:
    """Wait for killed processes that are our children, or became our children when their parents ended."""
    deadline = time.monotonic() + LONGEST_SECONDS_TO_REAP
    while time.monotonic() < deadline and any((PROC / str(each)).exists() for each in ended):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends, in place of process 1.

    In a container, process 1 may be a program that never reaps them.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_if_given(process: int, folder: str) -> None:
    """Kill a process of this Ray, unless its number was reused for another process."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(process)
        try:
            # The handle always refers to the same process, so a check made after opening it is about that process.
            if was_given(process, folder):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


def processes_given(folder: str) -> Iterator[int]:
    """The processes of the Ray with this folder; none if the system has no /proc."""
    with contextlib.suppress(FileNotFoundError):
        for entry in PROC.iterdir():
            if entry.name.isdigit() and was_given(int(entry.name), folder):
                yield int(entry.name)


def was_given(process: int, folder: str) -> bool:
    """Whether a process belongs to the Ray with this folder; false for other users' processes, which we cannot read."""
    try:
        has_ended = (PROC / str(process) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] in "ZX"
        return not has_ended and (inherits(process, folder) or works_in(process, folder))
    except OSError:
        return False


def inherits(process: int, folder: str) -> bool:
    """Whether the folder is in the initial environment of a process."""
    wanted = os.fsencode(f"{FOLDER_VARIABLE}={folder}")
    return wanted in (PROC / str(process) / "environ").read_bytes().split(b"\0")


def works_in(process: int, folder: str) -> bool:
    """Whether a process works in the folder and has files there open for writing, unlike a shell that is merely there.

    This finds the processes of Ray that overwrite their environment with their title.
    """
    here = os.readlink(PROC / str(process) / "cwd").removesuffix(" (deleted)")
    return here == folder and any(
        is_for_writing(entry) and os.readlink(entry).startswith(f"{folder}/")
        for entry in (PROC / str(process) / "fd").iterdir()
    )


def is_for_writing(descriptor: Path) -> bool:
    """Whether an open file, given as an entry of /proc/NUMBER/fd, is open for writing."""
    lines = (descriptor.parents[1] / "fdinfo" / descriptor.name).read_text().splitlines()
    flags = int(dict(line.split(":", 1) for line in lines)["flags"], 8)
    return flags & (os.O_WRONLY | os.O_RDWR) != 0


def ignore_signals() -> None:
    """Ignore termination signals: a service manager sends them to all processes, but this one must clean up."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)


if __name__ == "__main__":
    ignore_signals()
    watch(sys.argv[1], int(sys.argv[2]))
