"""The machine: folders that must be writable and have room, cores, memory."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from runner.control_groups import ROOT, core_limit
from runner.cores import permitted_cores, usable_cores
from runner.doctor.finding import Finding, ok, problem, warning
from runner.machine_memory import usable_memory

MEGABYTE = 10**6
GIGABYTE = 10**9
LEAST_ROOM, SCARCE_ROOM = 100 * MEGABYTE, GIGABYTE
# Fuller than this, Ray takes a disk for full.
FULLEST_FOR_RAY = 0.95
SCARCE_MEMORY = GIGABYTE
# Of addresses, most of which it never touches.
LEAST_PROCESS_MEMORY = 16 * GIGABYTE


def check_current_folder(database: str | None) -> Iterator[Finding]:
    """Whether files can be written where the user stands; only the database must be."""
    reason = why_not_writable(Path.cwd())
    if reason:
        yield warning("current folder", f"cannot be written to: {reason}", "name a database elsewhere with --db")
    else:
        yield ok("current folder", "can be written to")


def check_temporary_folder(database: str | None) -> Iterator[Finding]:
    """Whether Ray and exports find room for what they write while they run."""
    name, folder = "temporary folder", Path(tempfile.gettempdir())
    reason = why_not_writable(folder)
    if reason:
        yield problem(name, f"{folder} cannot be written to: {reason}", "name another by TMPDIR; Ray needs one")
        return
    disk = shutil.disk_usage(folder)
    if disk.free < (1 - FULLEST_FOR_RAY) * disk.total:
        full = f"the disk of {folder} is {1 - disk.free / disk.total:.0%} full"
        yield warning(name, full, "make room, or name a folder elsewhere by TMPDIR; Ray may refuse to work")
    else:
        yield ok(name, f"{folder}, {amount(disk.free)} free")


def check_cores(database: str | None, root: Path = ROOT) -> Iterator[Finding]:
    """How many workers pay."""
    cores, usable, limit = permitted_cores(), usable_cores(root), core_limit(root)
    limited = f", because this container is limited to the time of {limit:g} of {cores}" if limit < cores else ""
    yield ok("cores", f"{usable} core{'s' if usable > 1 else ''}{limited}")


def check_memory(database: str | None, root: Path = ROOT) -> Iterator[Finding]:
    """Whether there is memory for some workers."""
    memory = usable_memory(root)
    found = f"{amount(memory.available)} of {amount(memory.total)} left"
    if memory.available < SCARCE_MEMORY:
        yield warning("memory", found, "end other programs, give fewer --workers, or train with --engine local")
    else:
        yield ok("memory", found)
    if memory.per_process < LEAST_PROCESS_MEMORY:
        limited = f"a process may have only {amount(memory.per_process)}, and Ray needs {amount(LEAST_PROCESS_MEMORY)}"
        yield warning("memory", limited, "raise it by `ulimit -v unlimited -d unlimited`, or train with --engine local")


def why_not_writable(folder: Path) -> str | None:
    """Why no file can be made in a folder; None where it can. The file has no name and leaves nothing behind."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def amount(size: float) -> str:
    """Bytes as people read them: `850 MB`, `12.3 GB`."""
    return f"{size / GIGABYTE:.1f} GB" if size >= GIGABYTE else f"{size / MEGABYTE:.0f} MB"
