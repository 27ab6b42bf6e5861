"""The file of an SQLite database before it is opened: whether it can be one, and how it may be opened.

Whoever only reads a database that belongs to somebody else makes no file beside it: SQLite's own files there would
belong to the reader, and the owner could not write any more.
"""

import os
import sqlite3
import stat
import time
from pathlib import Path
from typing import Any

from fitgap.runner.errors import StoreError
from fitgap.runner.files.file_systems import file_system_of, is_network
from fitgap.runner.files.open_databases import Key, counting, key_of
from fitgap.runner.files.whole_files import is_planted
from fitgap.runner.store.database.addresses import DEFAULT_FILE, shown
from fitgap.runner.store.database.errors import ChangedWhileReadError
from fitgap.runner.store.database.logs import beside, refuse_stray_log, size_of
from fitgap.runner.system.passwords import without_passwords
from sqlalchemy.engine import URL, Connection

# A page of SQLite has at least so many bytes.
SMALLEST_FILE = 512
# How a file is opened. Shared: with the files that its writer keeps beside it, and without making any. Frozen: without
# any file beside it, and without locks, as long as nobody writes to it.
READING, WRITING = "mode=ro", "mode=rwc"
SHARED, FROZEN = "mode=ro&readonly_shm=1", "mode=ro&immutable=1"
# What is written so soon after something else may have the same time.
TIMES_DIFFER_SECONDS = 0.05
ROOT = 0


def path_of(url: URL) -> Path:
    """The file that an address of SQLite names."""
    return Path(url.database or DEFAULT_FILE)


def check_file(path: Path, *, must_exist: bool) -> None:
    """StoreError where the file cannot be the database."""
    name = without_passwords(str(path))
    refuse_name_of_side_file(path)
    try:
        if is_planted(path):
            raise StoreError(f"{name} is a link that another user has made; name the database itself")
        found = path.stat()
    except FileNotFoundError:
        refuse_stray_log(path)
        if must_exist:
            raise StoreError(f"there is no database {name}; `fitgap run` makes one, --db names another") from None
        if not path.parent.is_dir():
            raise StoreError(f"the folder of the database {name} does not exist; make it first") from None
        return
    except OSError as error:
        raise StoreError(f"the database {name} cannot be opened: {error.strerror}; check its name and rights") from None
    if stat.S_ISDIR(found.st_mode):
        raise StoreError(f"{name} is a folder; name the database file")
    # Opening a pipe would wait for ever; a file of one byte is an empty database to SQLite.
    if not stat.S_ISREG(found.st_mode) or 0 < found.st_size < SMALLEST_FILE:
        raise StoreError(f"{name} is no file that can hold a database; name another with --db")
    refuse_stray_log(path)


def refuse_name_of_side_file(path: Path) -> None:
    """StoreError for a name that SQLite gives to what it keeps beside another database, and then removes."""
    for ending in ("-wal", "-shm", "-journal"):
        if path.name.endswith(ending) and path.name != ending:
            other = without_passwords(str(path.with_name(path.name.removesuffix(ending))))
            raise StoreError(
                f"{without_passwords(str(path))} is what SQLite calls a file that it keeps beside {other} and removes; "
                "choose a name that does not end in -wal, -shm or -journal"
            )


def refuse_network(path: Path) -> None:
    """StoreError for a file that lies on another machine: two that write to it would damage it."""
    kind = file_system_of(path.parent)
    if kind and is_network(kind):
        raise StoreError(
            f"the database {without_passwords(str(path))} would lie on a network file system ({kind}), whose locks do "
            "not hold; name a file on a disk of this machine with --db, or use PostgreSQL"
        )


def check_writable(path: Path) -> None:
    """StoreError where this user may not write to the database, or would keep its owner from writing by doing so."""
    name, folder = without_passwords(str(path)), path.resolve().parent
    advice = f"ask its owner, or copy it with `fitgap db copy {name} FILE` and use the copy"
    if path.exists():
        if not may(path, os.R_OK):
            raise StoreError(f"the database {name} cannot be opened; check the rights of the file and its folder")
        if not may(path, os.W_OK):
            raise StoreError(f"the database {name} may only be read by this user; {advice}")
        if (names := path.stat().st_nlink) > 1:
            raise StoreError(
                f"the database {name} has {names} names (hard links), and SQLite would keep a log for each, of which "
                "one is lost; remove the other names, or make a copy with `fitgap db backup`"
            )
        if locks_others_out(path.stat(), folder.stat()):
            raise StoreError(
                f"the database {name} belongs to another user, who could not write to what this one leaves beside it; "
                "let all its users share a group, and give its folder that group with `chmod g+ws`"
            )
    if not may(folder, os.W_OK | os.X_OK):
        raise StoreError(
            f"the folder of the database {name} may not be written to, which SQLite needs; "
            "change its rights, or name a file elsewhere with --db"
        )


def locks_others_out(database: os.stat_result, folder: os.stat_result) -> bool:
    """Whether files that this user makes beside a database could not be written by its owner.

    SQLite gives them the mode of the database, and where root makes them its owner too.
    """
    if os.geteuid() in (ROOT, database.st_uid) or database.st_mode & stat.S_IWOTH:
        return False
    group = folder.st_gid if folder.st_mode & stat.S_ISGID else os.getegid()
    return not (database.st_mode & stat.S_IWGRP and group == database.st_gid)


def may(path: Path, what: int) -> bool:
    """Whether this process may read, write or enter it."""
    if os.geteuid() == os.getuid():
        return os.access(path, what)
    return os.access(path, what, effective_ids=os.access in os.supports_effective_ids)


def is_ours(path: Path) -> bool:
    """Whether the database belongs to this user, who may make files beside it."""
    real = path.resolve()
    return real.stat().st_uid == os.geteuid() and may(real.parent, os.W_OK | os.X_OK)


def way_to_read(path: Path) -> str:
    """How a file is opened that is there and is only read."""
    # What a journal holds must first be put back; SQLite refuses to read where it cannot.
    if is_ours(path) or size_of(beside(path, "-journal")):
        return READING
    return way_without_files(path)


def way_without_files(path: Path) -> str:
    """The same so that no file is made beside it."""
    log, index = beside(path, "-wal"), beside(path, "-shm")
    if log.exists() and index.exists():
        return SHARED
    if size_of(log):
        raise StoreError(
            f"the database {without_passwords(str(path))} was left in the middle of its work and belongs to another "
            "user, or lies where nothing can be written; let its owner run `fitgap sweeps` once, or copy "
            f"{path.name} and {log.name} into a folder of your own"
        )
    return FROZEN


class CountedConnection(sqlite3.Connection):
    """A connection of which this process knows that it has it.

    If it reads a file without locks, `refuse_changed` says whether somebody has written to it meanwhile.
    """

    frozen: tuple[Path, Any] | None = None
    counted: Key | None = None

    def freeze(self, path: Path) -> None:
        """Remember the file as it is before anything was read."""
        age = time.time() - path.stat().st_mtime
        # Ours is only looked at so, and then read with locks.
        if 0 <= age < TIMES_DIFFER_SECONDS and not is_ours(path):
            time.sleep(TIMES_DIFFER_SECONDS)
        self.frozen = path, looks_of(path)

    @property
    def has_changed(self) -> bool:
        """Whether the file is another one than it was then."""
        return self.frozen is not None and looks_of(self.frozen[0]) != self.frozen[1]

    def count(self, path: Path) -> None:
        """Take note that this process has the file open; whoever opens it holds the count meanwhile."""
        self.counted = key_of(path)
        with counting() as connections:
            connections[self.counted] += 1

    def close(self) -> None:
        super().close()
        with counting() as connections:
            if self.counted:
                connections[self.counted] -= 1
                self.counted = None


def looks_of(path: Path) -> tuple[Any, ...]:
    """What changes when something is written into a file. What is in a log meanwhile is not read."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def refuse_changed(connection: Connection) -> None:
    """ChangedWhileReadError where a file changed while it was read without locks: what was read may be a mixture."""
    if connection.closed or connection.invalidated:
        return
    ours = connection.connection.dbapi_connection
    if isinstance(ours, CountedConnection) and ours.has_changed:
        raise changed(connection.engine.url)


def changed(url: URL) -> ChangedWhileReadError:
    return ChangedWhileReadError(f"the database {shown(url)} was changed while it was read; try again")
