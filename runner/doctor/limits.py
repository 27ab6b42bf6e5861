"""Checks of system limits: open files, processes, file size, umask."""

import math
import os
import resource
from collections.abc import Iterator
from pathlib import Path

from fitgap.runner.doctor.finding import Finding, ok, problem, warning
from fitgap.runner.doctor.machine import MEGABYTE, amount
from fitgap.runner.system.control_groups import ROOT, processes_left, text_of
from fitgap.runner.system.cores import usable_cores
from fitgap.runner.system.machine_memory import usable_memory

# Measured needs of Ray, with a margin: for itself, and per worker.
FILES_OF_RAY, FILES_PER_WORKER = 128, 16
# Every thread counts as a process.
PROCESSES_OF_RAY, PROCESSES_PER_WORKER = 200, 30
# The owner's bits of a file mode.
OWNER = 0o700
LEAST_FILE_SIZE = 100 * MEGABYTE
# Share of the memory for Ray's object store, a little more than Ray usually takes.
SHARED_BY_RAY = 0.35


def check_open_files(database: str | None) -> Iterator[Finding]:
    """Check the limit of open files and connections against the needs of Ray and its workers."""
    workers = usable_cores()
    yield files_finding(*resource.getrlimit(resource.RLIMIT_NOFILE), workers)


def files_finding(limit: int, most: int, workers: int) -> Finding:
    """The finding for the soft limit `limit`, which the user can raise to the hard limit `most`."""
    name, needed = "open files", FILES_OF_RAY + FILES_PER_WORKER * workers
    if limit == resource.RLIM_INFINITY or limit >= needed:
        return ok(name, "no limit" if limit == resource.RLIM_INFINITY else f"at most {limit:,}")
    found = f"the limit is {limit:,}, but Ray with {counted(workers)} needs about {needed:,}"
    raisable = most == resource.RLIM_INFINITY or most >= needed
    how = f"`ulimit -n {needed}`" if raisable else f"have the hard limit raised to {needed} (in limits.conf)"
    return warning(name, found, f"{how}, or give fewer --workers")


def check_processes(database: str | None) -> Iterator[Finding]:
    """Check the limit of processes and threads against the needs of Ray and its workers."""
    yield processes_finding(min(processes_left(), user_processes_left()), usable_cores())


def processes_finding(left: float, workers: int) -> Finding:
    name, needed = "processes", PROCESSES_OF_RAY + PROCESSES_PER_WORKER * workers
    if left >= needed:
        return ok(name, "no limit" if left == math.inf else f"{left:,.0f} more can be started")
    found = f"only {max(0, left):,.0f} more processes and threads can be started, but Ray with {counted(workers)} needs"
    advice = "raise `ulimit -u` or the container's limit (pids), end other programs, or train with --engine local"
    return warning(name, f"{found} about {needed:,}", advice)


def counted(workers: int) -> str:
    return "1 worker" if workers == 1 else f"{workers} workers"


def user_processes_left(root: Path = ROOT) -> float:
    """How many more processes and threads this user can start; for root there is no limit."""
    limit = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    if limit == resource.RLIM_INFINITY or os.geteuid() == 0:
        return math.inf
    return limit - threads_of_user(root, os.geteuid())


def threads_of_user(root: Path, user: int) -> int:
    """The number of threads in a user's visible processes."""
    return sum(threads_of(process) for process in (root / "proc").glob("[0-9]*") if belongs_to(process, user))


def belongs_to(process: Path, user: int) -> bool:
    try:
        return process.stat().st_uid == user
    # The process has ended.
    except OSError:
        return False


def threads_of(process: Path) -> int:
    # A folder has two links of its own, and one for each folder in it.
    try:
        return (process / "task").stat().st_nlink - 2
    except OSError:
        return 0


def check_file_size(database: str | None) -> Iterator[Finding]:
    """Check the limit on the size of a file, such as the database."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if limit != resource.RLIM_INFINITY:
        yield file_size_finding(limit, usable_memory().total)


def file_size_finding(limit: int, memory: float) -> Finding:
    """The finding for a limit in bytes. Ray shares a part of the machine's `memory` through a single file."""
    name, found, advice = "file size", f"a file may have at most {amount(limit)}", "raise it with `ulimit -f unlimited`"
    if limit < LEAST_FILE_SIZE:
        return problem(name, f"{found}, and a database needs more", advice)
    if limit < SHARED_BY_RAY * memory:
        return warning(name, f"{found}, and Ray may need {amount(SHARED_BY_RAY * memory)}", advice)
    return ok(name, found)


def check_umask(database: str | None, root: Path = ROOT) -> Iterator[Finding]:
    """Check that the user can read and write new files; root always can."""
    # `os.umask` can read it only by changing it for a moment, in all threads.
    for line in text_of(root / "proc/self/status").splitlines():
        name, _, mask = line.partition(":")
        if name == "Umask" and int(mask, 8) & OWNER and os.geteuid() != 0:
            found = f"umask {mask.strip()} denies you access to your own new files"
            yield problem("umask", found, "`umask 022`")
