"""A small process that cleans up after a Ray of ours, even if the process that started it dies without doing so.

Most of Ray's processes end by themselves then, but two agents of Ray 2.60 first try for a minute to report the loss to
a server that is gone too, and nobody removes their files. What belongs to this Ray is known by its folder alone: it is
new, has an unguessable name, and was given only to the processes of this start. Run as a program with that folder and
the process that started Ray; standard input is a pipe held open by that process, standard output one that is closed
when everything is gone.
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

# Where Ray keeps its sessions; every process of this Ray inherits it.
FOLDER_VARIABLE = "RAY_TMPDIR"
PROC = Path("/proc")
LONGEST_SECONDS_TO_END = 10.0
LONGEST_SECONDS_TO_REAP = 1.0
# From linux/prctl.h.
PR_SET_CHILD_SUBREAPER = 36
# Without file descriptors for processes we look this often whether the starter still lives.
LOOK_SECONDS = 1.0


def start_watchdog(folder: str, gone: int | None = None) -> subprocess.Popen[bytes]:
    """Start a watchdog for this process and the folder given to its Ray. It acts when its standard input is closed or
    when this process has ended; `gone` is a file descriptor that it keeps open until everything is gone.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, folder, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL if gone is None else gone,
        stderr=subprocess.DEVNULL,
        cwd="/",
        # Signals from the terminal are not meant for it.
        start_new_session=True,
    )


def watch(folder: str, starter: int) -> None:
    """Wait for the end of the process that started Ray, then end what it left and remove the folder."""
    wait_for_end(starter)
    end_processes(folder, spared={os.getpid(), starter})
    shutil.rmtree(folder, ignore_errors=True)


def wait_for_end(process: int) -> None:
    """Wait until standard input is closed or our parent, which has this number, has ended.

    A copy of the parent made by fork holds the pipe open as well, so the pipe alone is not enough.
    """
    waiting = select.poll()
    waiting.register(sys.stdin, select.POLLIN)
    with contextlib.suppress(AttributeError, OSError):
        waiting.register(os.pidfd_open(process), select.POLLIN)
    while os.getppid() == process and not waiting.poll(1000 * LOOK_SECONDS):
        pass


def end_processes(folder: str, spared: set[int]) -> set[int]:
    """End every process of the Ray that was given this folder, and those that it starts meanwhile; returns them."""
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
    """Take note of the end of processes that are our children, or that we adopt when their parents have ended."""
    deadline = time.monotonic() + LONGEST_SECONDS_TO_REAP
    while time.monotonic() < deadline and any((PROC / str(each)).exists() for each in ended):
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends, instead of the first process of the system.

    In a container that one may be a program which never takes note of their end.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_if_given(process: int, folder: str) -> None:
    """Kill a process, unless its number belongs to another one by now."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(process)
        try:
            # The handle stands for one process for ever, so what is true after it was opened is true of that process.
            if was_given(process, folder):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


def processes_given(folder: str) -> Iterator[int]:
    """The processes that were given this folder; none where the system has no /proc."""
    with contextlib.suppress(FileNotFoundError):
        for entry in PROC.iterdir():
            if entry.name.isdigit() and was_given(int(entry.name), folder):
                yield int(entry.name)


def was_given(process: int, folder: str) -> bool:
    """Whether a process was started for the Ray of this folder. Other users' processes cannot be read."""
    try:
        has_ended = (PROC / str(process) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] in "ZX"
        return not has_ended and (inherits(process, folder) or works_in(process, folder))
    except OSError:
        return False


def inherits(process: int, folder: str) -> bool:
    """Whether the folder is in the environment that a process was started with."""
    wanted = os.fsencode(f"{FOLDER_VARIABLE}={folder}")
    return wanted in (PROC / str(process) / "environ").read_bytes().split(b"\0")


def works_in(process: int, folder: str) -> bool:
    """Whether a process was started in the folder and writes to files there, which nobody who only looks around does.

    Some processes of Ray write their title over their environment.
    """
    here = os.readlink(PROC / str(process) / "cwd").removesuffix(" (deleted)")
    return here == folder and any(
        is_for_writing(entry) and os.readlink(entry).startswith(f"{folder}/")
        for entry in (PROC / str(process) / "fd").iterdir()
    )


def is_for_writing(descriptor: Path) -> bool:
    """Whether an open file, an entry of /proc/NUMBER/fd, can be written to."""
    lines = (descriptor.parents[1] / "fdinfo" / descriptor.name).read_text().splitlines()
    flags = int(dict(line.split(":", 1) for line in lines)["flags"], 8)
    return flags & (os.O_WRONLY | os.O_RDWR) != 0


def ignore_signals() -> None:
    """Stay when a service manager tells all processes of a service to end: somebody must clean up after them."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)


if __name__ == "__main__":
    ignore_signals()
    watch(sys.argv[1], int(sys.argv[2]))
