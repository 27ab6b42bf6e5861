"""Checks of the database: the folder and disk of its file, whether it can be opened, and its schema."""

import fcntl
import mmap
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fitgap.runner.doctor.finding import Finding, ok, problem, problem_of, warning
from fitgap.runner.doctor.machine import LEAST_ROOM, SCARCE_ROOM, amount, why_not_writable
from fitgap.runner.errors import StoreError
from fitgap.runner.files.atomic_files import leftovers
from fitgap.runner.files.file_systems import file_system_of, is_network
from fitgap.runner.store.admin.status import current_schema
from fitgap.runner.store.database.addresses import database_url, is_file, shown
from fitgap.runner.store.database.sqlite_files import path_of
from fitgap.runner.system.passwords import without_passwords


def check_database_folder(database: str | None) -> Iterator[Finding]:
    """Check the folder of a database file: whether it exists, is writable, on a local disk, with enough free space."""
    try:
        file = database_file(database)
    except StoreError:
        # Reported by the check of the database itself.
        return
    # A relative path in a deleted folder is reported by the check of the current folder.
    if file is None or (folder := folder_of(file)) is None:
        return
    name = "database folder"
    if not folder.is_dir():
        yield problem(
            name,
            f"{without_passwords(str(folder))} does not exist",
            "create it, or name another database with --db",
        )
        return
    yield from filter(
        None,
        (
            write_finding(folder),
            network_finding(folder),
            locking_finding(folder),
            leftover_finding(folder),
            space_finding(folder),
        ),
    )


def database_file(database: str | None) -> Path | None:
    """The file of an SQLite database; None for a database on a server."""
    url = database_url(database)
    return path_of(url) if is_file(url) else None


def folder_of(file: Path) -> Path | None:
    """The folder of a file; None for a relative path if the current folder was deleted."""
    try:
        return file.absolute().parent
    except OSError:
        return None


def write_finding(folder: Path) -> Finding | None:
    reason = why_not_writable(folder)
    if reason is None:
        return None
    found = f"{folder} is not writable: {reason}"
    return problem("database folder", found, "change its permissions, or name a database elsewhere with --db")


def network_finding(folder: Path) -> Finding | None:
    """The finding for a network file system, whose locks are not reliable enough for SQLite."""
    kind = file_system_of(folder)
    if kind is None or not is_network(kind):
        return None
    found = f"{folder} is on a network file system ({kind}), on which SQLite can lose or damage data"
    return problem("database folder", found, "name a database on a local disk with --db, or use PostgreSQL")


def locking_finding(folder: Path) -> Finding | None:
    """The finding for a file system without file locks or memory-mapped files, which SQLite needs."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.truncate(mmap.PAGESIZE)
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mmap.mmap(file.fileno(), mmap.PAGESIZE).close()
    except OSError as error:
        if why_not_writable(folder):
            # Already reported.
            return None
        found = f"{folder} is on a file system without file locks or memory-mapped files ({error.strerror or error})"
        return problem("database folder", found, "name a database on another disk with --db, or use PostgreSQL")
    return None


def leftover_finding(folder: Path) -> Finding | None:
    """The finding for unfinished files left by commands that were killed."""
    found = leftovers(folder)
    if not found:
        return None
    names = ", ".join(without_passwords(str(path)) for path in found)
    advice = "delete it: no running command uses it"
    return warning("database folder", f"{names} was left by a command that was killed", advice)


def space_finding(folder: Path) -> Finding:
    """The finding about the free space for the database."""
    name, free = "database folder", shutil.disk_usage(folder).free
    disk = os.statvfs(folder)
    # Some file systems do not count files.
    if disk.f_files and not disk.f_favail:
        return problem(
            name, f"the disk of {folder} can hold no more files", "remove some, or name a database elsewhere"
        )
    if free < LEAST_ROOM:
        return problem(name, f"only {amount(free)} free in {folder}", "free disk space, or name a database elsewhere")
    if free < SCARCE_ROOM:
        advice = "free disk space before a large sweep: a million epochs take about 150 MB"
        return warning(name, f"only {amount(free)} free in {folder}", advice)
    return ok(name, f"{folder}, {amount(free)} free")


def check_database(database: str | None) -> Iterator[Finding]:
    """Check whether the database can be opened and has the tables of this version."""
    name = "database"
    try:
        url, file = database_url(database), database_file(database)
        if file is not None and folder_of(file) is None:
            return
        if file is not None and not file.exists():
            yield ok(name, f"there is none yet; `fitgap run` creates {shown(url)}")
            return
        version = current_schema(database)
    except StoreError as error:
        yield problem_of(name, error)
        return
    if file is not None and (foreign := foreign_files(file)):
        found = f"{', '.join(foreign)} belong to another user, so only one of the users can write"
        yield problem(name, found, "use a database of your own (`fitgap db copy`), or share one on PostgreSQL")
    elif file is not None and not os.access(file, os.W_OK):
        yield problem(
            name,
            f"{shown(url)} is read-only, so no sweep can be trained into it",
            "change its permissions, or name another database with --db",
        )
    elif version is None:
        yield ok(name, f"{shown(url)} is empty; `fitgap run` creates the tables")
    else:
        yield ok(name, f"{shown(url)}: schema {version}, the newest")


def foreign_files(file: Path) -> list[str]:
    """The auxiliary files of a database, which hold its last changes, that have another owner than the database."""
    owner = file.stat().st_uid
    parts = [file.with_name(f"{file.name}{ending}") for ending in ("-wal", "-shm", "-journal")]
    return [str(part) for part in parts if part.exists() and part.stat().st_uid != owner]


def last_written(database: str | None) -> float | None:
    """When a database file was last written, in seconds of its file system's clock; None without a file."""
    try:
        file = database_file(database)
        return file.stat().st_mtime if file else None
    except (StoreError, OSError):
        return None
