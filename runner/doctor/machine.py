"""Checks of the machine: writable folders with enough free space, cores, memory."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fitgap.runner.doctor.finding import Finding, ok, problem, warning
from fitgap.runner.files.private_folder import LONGEST_FOR_RAY, try_places
from fitgap.runner.system.control_groups import ROOT, core_limit
from fitgap.runner.system.cores import permitted_cores, usable_cores
from fitgap.runner.system.machine_memory import usable_memory

MEGABYTE = 10**6
GIGABYTE = 10**9
LEAST_ROOM, SCARCE_ROOM = 100 * MEGABYTE, GIGABYTE
# Ray considers a disk full above this share.
FULLEST_FOR_RAY = 0.95
SCARCE_MEMORY = GIGABYTE
SHARED_MEMORY = Path("/dev/shm")
SCARCE_SHARED_MEMORY = 200 * MEGABYTE
# Address space, most of which Ray never uses.
LEAST_PROCESS_MEMORY = 16 * GIGABYTE


def check_current_folder(database: str | None) -> Iterator[Finding]:
    """Check whether the current folder is writable, which is needed only for a database there."""
    name = "current folder"
    try:
        folder = Path.cwd()
    except OSError:
        yield problem(name, "it no longer exists", "change to another one, as with `cd ~`")
        return
    reason = why_not_writable(folder)
    if reason:
        yield warning(name, f"not writable: {reason}", "name a database elsewhere with --db")
    else:
        yield ok(name, "writable")


def check_home_folder(database: str | None) -> Iterator[Finding]:
    """Check whether there is a home folder; fitgap stores nothing there."""
    name, home = "home folder", os.environ.get("HOME")
    reason = why_not_writable(Path(home)) if home else "HOME is not set"
    yield ok(name, f"not writable ({reason}), but this is not needed" if reason else "writable")


def check_temporary_folder(database: str | None) -> Iterator[Finding]:
    """Check whether exports and Ray can write their temporary files and have enough space for them."""
    name = "temporary folder"
    try:
        folder = Path(tempfile.gettempdir())
    except OSError as error:
        yield problem(name, f"there is none: {error.strerror or error}", "name one with TMPDIR")
        return
    reason = why_not_writable(folder)
    if reason:
        yield problem(name, f"{folder} is not writable: {reason}", "name another one with TMPDIR; Ray needs one")
        return
    yield from disk_findings(name, folder)
    yield from ray_folder_findings(name, folder)


def disk_findings(name: str, folder: Path) -> Iterator[Finding]:
    disk = shutil.disk_usage(folder)
    if disk.free < (1 - FULLEST_FOR_RAY) * disk.total:
        full = f"the disk of {folder} is {1 - disk.free / disk.total:.0%} full"
        yield warning(name, full, "free disk space, or name a folder elsewhere with TMPDIR; Ray may refuse to work")
    else:
        yield ok(name, f"{folder}, {amount(disk.free)} free")


def ray_folder_findings(name: str, usual: Path) -> Iterator[Finding]:
    """The finding about the folder for Ray's files, unless it is the usual one."""
    folder, refused = try_places("fitgap-", LONGEST_FOR_RAY)
    reasons = ", ".join(refused)
    if folder is None:
        advice = "set TMPDIR to a folder of your own with a short, plain path, or train with --engine local"
        yield problem(name, f"none is suitable for Ray: {reasons}", advice)
        return
    folder.rmdir()
    if folder.parent != usual.resolve():
        yield ok(name, f"Ray uses {folder.parent}, because {reasons}")


def check_shared_memory(database: str | None, folder: Path = SHARED_MEMORY) -> Iterator[Finding]:
    """Check the shared memory through which Ray's processes share examples; if it is short, Ray uses files."""
    name = "shared memory"
    if sys.platform != "linux":
        return
    reason = why_not_writable(folder)
    if reason:
        found = f"{folder} is not writable: {reason}; Ray shares memory through files, which is slower"
        yield warning(name, found, "mount it (`mount -t tmpfs -o mode=1777 shm /dev/shm`)")
        return
    free = shutil.disk_usage(folder).free
    if free < SCARCE_SHARED_MEMORY:
        found = f"only {amount(free)} in {folder}; Ray shares memory through files, which is slower"
        yield warning(name, found, "give the container --shm-size=1g, or remove old files there")
    else:
        yield ok(name, f"{amount(free)} free")


def check_cores(database: str | None, root: Path = ROOT) -> Iterator[Finding]:
    """Report how many cores can be used."""
    cores, usable, limit = permitted_cores(), usable_cores(root), core_limit(root)
    limited = f", because this container is limited to the CPU time of {limit:g} of {cores}" if limit < cores else ""
    yield ok("cores", f"{usable} core{'s' if usable > 1 else ''}{limited}")


def check_memory(database: str | None, root: Path = ROOT) -> Iterator[Finding]:
    """Check whether there is enough memory for a few workers."""
    memory = usable_memory(root)
    found = f"{amount(memory.available)} of {amount(memory.total)} left"
    if memory.available < SCARCE_MEMORY:
        yield warning("memory", found, "end other programs, give fewer --workers, or train with --engine local")
    else:
        yield ok("memory", found)
    if memory.per_process < LEAST_PROCESS_MEMORY:
        limited = f"a process is limited to {amount(memory.per_process)}, but Ray needs {amount(LEAST_PROCESS_MEMORY)}"
        yield warning("memory", limited, "raise it: `ulimit -v unlimited -d unlimited`, or train with --engine local")


def why_not_writable(folder: Path) -> str | None:
    """Why no file can be created in a folder; None if it can. Creates a nameless file, which leaves no trace."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def amount(size: float) -> str:
    """A number of bytes in human-readable form: `850 MB`, `12.3 GB`."""
    return f"{size / GIGABYTE:.1f} GB" if size >= GIGABYTE else f"{size / MEGABYTE:.0f} MB"
