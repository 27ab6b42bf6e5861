"""The machine: folders that must be writable and have room, cores, memory."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from runner.cores import usable_cores
from runner.doctor.finding import Finding, ok, problem, warning

MEGABYTE = 10**6
GIGABYTE = 10**9
LEAST_ROOM, SCARCE_ROOM = 100 * MEGABYTE, GIGABYTE
# Fuller than this, Ray takes a disk for full.
FULLEST_FOR_RAY = 0.95
SCARCE_MEMORY = GIGABYTE
MEMORY_TABLE = Path("/proc/meminfo")
# What a container may use of the machine.
CORE_LIMIT, MEMORY_LIMIT = Path("/sys/fs/cgroup/cpu.max"), Path("/sys/fs/cgroup/memory.max")


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


def check_cores(database: str | None) -> Iterator[Finding]:
    """How many workers pay."""
    cores, share = usable_cores(), container_cores()
    if share < cores:
        found = f"{counted_cores(cores)}, but this container may use {share:g} of them"
        yield warning("cores", found, f"give --workers {max(1, int(share))}")
    else:
        yield ok("cores", counted_cores(cores))


def counted_cores(cores: int) -> str:
    return "1 core" if cores == 1 else f"{cores} cores"


def container_cores() -> float:
    """How many cores the limit of a container is worth; infinitely many without one."""
    try:
        quota, period = CORE_LIMIT.read_text().split()
        return float(quota) / float(period)
    # Without a limit the quota is `max`.
    except (OSError, ValueError):
        return float("inf")


def check_memory(database: str | None) -> Iterator[Finding]:
    """Whether there is memory for some workers."""
    available, total = memory()
    if available < SCARCE_MEMORY:
        found = f"{amount(available)} of {amount(total)} left"
        yield warning("memory", found, "end other programs, give fewer --workers, or train with --engine local")
    else:
        yield ok("memory", f"{amount(available)} of {amount(total)} left")


def memory() -> tuple[float, float]:
    """Bytes that can be had and all there are, for this machine or the container in it."""
    total = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    available = total
    try:
        table = dict(line.split(":") for line in MEMORY_TABLE.read_text().splitlines())
        available = float(table["MemAvailable"].split()[0]) * 1024
        total = min(total, float(MEMORY_LIMIT.read_text()))
    # Elsewhere than on Linux, or without a limit.
    except (OSError, ValueError, KeyError):
        pass
    return min(available, total), total


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
