"""Checks of an SQLite file before it is opened: whether it can be a database, and how it may be opened.

Reading another user's database must not create files next to it: SQLite's files there would belong to the reader, and
the owner could no longer write.
"""

import os
import sqlite3
import stat
import time
from pathlib import Path
from typing import Any

from fitgap.runner.errors import StoreError
from fitgap.runner.files.atomic_files import is_planted
from fitgap.runner.files.file_systems import file_system_of, is_network
from fitgap.runner.files.open_databases import Key, counting, key_of
from fitgap.runner.store.database.addresses import DEFAULT_FILE, shown
from fitgap.runner.store.database.errors import ChangedWhileReadError
from fitgap.runner.store.database.sqlite_wal import refuse_stray_log, side_file, size_of
from fitgap.runner.system.passwords import without_passwords
from sqlalchemy.engine import URL, Connection

# The smallest page size of SQLite.
SMALLEST_FILE = 512
# URI parameters for opening a file. SHARED uses the existing files next to it and creates none. FROZEN uses neither
# such files nor locks, and is valid only while the file does not change.
READING, WRITING = "mode=ro", "mode=rwc"
SHARED, FROZEN = "mode=ro&readonly_shm=1", "mode=ro&immutable=1"
# Two writes within this time may get the same modification time.
TIMES_DIFFER_SECONDS = 0.05
ROOT = 0


def path_of(url: URL) -> Path:
    """The file of an SQLite address."""
    return Path(url.database or DEFAULT_FILE)


def check_file(path: Path, *, must_exist: bool) -> None:
    """Raise StoreError if the file cannot be a database."""
    name = without_passwords(str(path))
    refuse_name_of_side_file(path)
    try:
        if is_planted(path):
            raise StoreError(f"{name} is a link created by another user; name the database itself")
        found = path.stat()
    except FileNotFoundError:
        refuse_stray_log(path)
        if must_exist:
            raise StoreError(f"there is no database {name}; `fitgap run` creates one, --db names another") from None
        if not path.parent.is_dir():
            raise StoreError(f"the folder of the database {name} does not exist; create it first") from None
        return
    except OSError as error:
        reason = f"{error.strerror}; check its name and permissions"
        raise StoreError(f"the database {name} cannot be opened: {reason}") from None
    if stat.S_ISDIR(found.st_mode):
        raise StoreError(f"{name} is a folder; name the database file")
    # Opening a pipe would block forever. SQLite treats a file of one byte as an empty database.
    if not stat.S_ISREG(found.st_mode) or 0 < found.st_size < SMALLEST_FILE:
        raise StoreError(f"{name} cannot be a database file; name another with --db")
    refuse_stray_log(path)


def refuse_name_of_side_file(path: Path) -> None:
    """Raise StoreError for a name that SQLite uses for temporary files next to another database."""
    for ending in ("-wal", "-shm", "-journal"):
        if path.name.endswith(ending) and path.name != ending:
            other = without_passwords(str(path.with_name(path.name.removesuffix(ending))))
            raise StoreError(
                f"{without_passwords(str(path))} is SQLite's name for a temporary file next to {other}; "
                "choose a name that does not end in -wal, -shm or -journal"
            )


def refuse_network(path: Path) -> None:
    """Raise StoreError for a file on a network file system: concurrent writers would damage it."""
    kind = file_system_of(path.parent)
    if kind and is_network(kind):
        raise StoreError(
            f"the database {without_passwords(str(path))} is on a network file system ({kind}), whose locks are "
            "unreliable; name a file on a local disk with --db, or use PostgreSQL"
        )


def check_writable(path: Path) -> None:
    """Raise StoreError if this user may not write to the database, or would lock its owner out by writing."""
    name, folder = without_passwords(str(path)), path.resolve().parent
    advice = f"ask its owner, or copy it with `fitgap db copy {name} FILE` and use the copy"
    if path.exists():
        if not may(path, os.R_OK):
            raise StoreError(f"the database {name} cannot be opened; check the permissions of the file and its folder")
        if not may(path, os.W_OK):
            raise StoreError(f"the database {name} is read-only for this user; {advice}")
        if (names := path.stat().st_nlink) > 1:
            raise StoreError(
                f"the database {name} has {names} names (hard links), and SQLite would keep a separate log for each, "
                "which loses data; remove the other names, or make a copy with `fitgap db backup`"
            )
        if locks_others_out(path.stat(), folder.stat()):
            raise StoreError(
                f"the database {name} belongs to another user, who could not write the files that SQLite creates next "
                "to it; let all its users share a group, and give its folder that group with `chmod g+ws`"
            )
    if not may(folder, os.W_OK | os.X_OK):
        raise StoreError(
            f"the folder of the database {name} is not writable, but SQLite must create files in it; "
            "change its permissions, or name a file elsewhere with --db"
        )


def locks_others_out(database: os.stat_result, folder: os.stat_result) -> bool:
    """Whether the owner of a database could not write the files that this user creates next to it.

    SQLite gives such files the permissions of the database and, if root creates them, also its owner.
    """
    if os.geteuid() in (ROOT, database.st_uid) or database.st_mode & stat.S_IWOTH:
        return False
    group = folder.st_gid if folder.st_mode & stat.S_ISGID else os.getegid()
    return not (database.st_mode & stat.S_IWGRP and group == database.st_gid)


def may(path: Path, what: int) -> bool:
    """Whether this process may access the path (`os.R_OK`, `os.W_OK`, `os.X_OK`)."""
    if os.geteuid() == os.getuid():
        return os.access(path, what)
    return os.access(path, what, effective_ids=os.access in os.supports_effective_ids)


def is_ours(path: Path) -> bool:
    """Whether the database belongs to this user, and its folder is writable."""
    real = path.resolve()
    return real.stat().st_uid == os.geteuid() and may(real.parent, os.W_OK | os.X_OK)


def way_to_read(path: Path) -> str:
    """The URI parameters for reading an existing file."""
    # A journal must be rolled back first; SQLite refuses to read if it cannot do so.
    if is_ours(path) or size_of(side_file(path, "-journal")):
        return READING
    return way_without_files(path)


def way_without_files(path: Path) -> str:
    """The URI parameters for reading without creating files next to the database; StoreError if that is impossible."""
    log, index = side_file(path, "-wal"), side_file(path, "-shm")
    if log.exists() and index.exists():
        return SHARED
    if size_of(log):
        raise StoreError(
            f"the database {without_passwords(str(path))} has an unfinished transaction, and belongs to another user "
            "or is in a read-only folder; let its owner run `fitgap sweeps` once, or copy "
            f"{path.name} and {log.name} into a folder of your own"
        )
    return FROZEN


class CountedConnection(sqlite3.Connection):
    """A connection that is counted in this process's table of open databases.

    If it reads a file without locks, `refuse_changed` detects concurrent writes.
    """

    frozen: tuple[Path, Any] | None = None
    counted: Key | None = None

    def freeze(self, path: Path) -> None:
        """Record the state of the file before anything is read."""
        age = time.time() - path.stat().st_mtime
        # A file of this user is only inspected this way, and then read with locks.
        if 0 <= age < TIMES_DIFFER_SECONDS and not is_ours(path):
            time.sleep(TIMES_DIFFER_SECONDS)
        self.frozen = path, file_state(path)

    @property
    def has_changed(self) -> bool:
        """Whether the file has changed since `freeze`."""
        return self.frozen is not None and file_state(self.frozen[0]) != self.frozen[1]

    def count(self, path: Path) -> None:
        """Record that this process has the file open; the caller holds the count's lock."""
        self.counted = key_of(path)
        with counting() as connections:
            connections[self.counted] += 1

    def close(self) -> None:
        super().close()
        with counting() as connections:
            if self.counted:
                connections[self.counted] -= 1
                self.counted = None


def file_state(path: Path) -> tuple[Any, ...]:
    """Properties that change when a file is written. A log is ignored, because its content is not read."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def refuse_changed(connection: Connection) -> None:
    """Raise ChangedWhileReadError if a file changed while it was read without locks: the result may be a mixture."""
    if connection.closed or connection.invalidated:
        return
    ours = connection.connection.dbapi_connection
    if isinstance(ours, CountedConnection) and ours.has_changed:
        raise changed(connection.engine.url)


def changed(url: URL) -> ChangedWhileReadError:
    return ChangedWhileReadError(f"the database {shown(url)} was changed while it was read; try again")
