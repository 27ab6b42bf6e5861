"""Atomic creation of files: they are built in a private folder next to their destination, then moved there in one step.

The private folder has a random name and is inaccessible to other users, so nothing that others do in the same folder
can make us overwrite or remove their files. A killed process leaves at most this folder behind.
"""

import contextlib
import ctypes
import errno
import fcntl
import itertools
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX, SUFFIX = ".fitgap-", ".part"
ROOT = 0
CURRENT_FOLDER, NO_REPLACE = -100, 1
# Errors of systems and file systems that do not support moving a file without replacing another.
MOVE_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM)


@contextlib.contextmanager
def staging_folder(target: Path) -> Iterator[Path]:
    """A new private folder on the file system of `target`, which is removed at the end with its content.

    It is locked while in use, to distinguish it from leftovers of killed processes.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=target.absolute().parent))
    try:
        with locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some file systems do not support locks. Only a check of `fitgap doctor` depends on this one.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def leftovers(folder: Path) -> list[Path]:
    """Staging folders that killed processes have left in a folder."""
    found = sorted(folder.glob(f"{PREFIX}*{SUFFIX}"))
    return [path for path in found if is_left(path)]


def is_left(path: Path) -> bool:
    """Whether this is a staging folder of this user that is no longer in use."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        found = os.fstat(handle)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) != 0o700:
            return False
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def flush(path: Path) -> None:
    """Flush a file, or the directory entries of a folder, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_names(folder: Path) -> None:
    """Flush the directory entries of a folder, on file systems that support it."""
    with contextlib.suppress(OSError):
        flush(folder)


def put_in_place(part: Path, target: Path) -> None:
    """Move a finished file to `target`, replacing it in one step."""
    flush(part)
    os.replace(part, target)
    flush_names(target.absolute().parent)


def publish(part: Path, target: Path) -> None:
    """Move a finished file to `target`. Raises FileExistsError if `target` exists by now."""
    flush(part)
    if not moved_without_replacing(part, target):
        os.link(part, target)
        part.unlink()
    flush_names(target.absolute().parent)


def publish_free(part: Path, wanted: Path) -> Path:
    """Move a finished file to `wanted`, or to the first free name of wanted-2, wanted-3, …; returns the path."""
    later = (wanted.with_name(f"{wanted.name}-{number}") for number in itertools.count(2))
    for name in itertools.chain([wanted], later):
        with contextlib.suppress(FileExistsError):
            publish(part, name)
            return name
    raise AssertionError("there are infinitely many names")


def moved_without_replacing(part: Path, target: Path) -> bool:
    """Move a file without replacing another (Linux only); returns False, with nothing done, if unsupported."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(CURRENT_FOLDER, os.fsencode(part), CURRENT_FOLDER, os.fsencode(target), NO_REPLACE) == 0:
        return True
    number = ctypes.get_errno()
    if number in MOVE_UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(target))


def is_planted(link: Path) -> bool:
    """Whether this is a symbolic link that another user has created in a world-writable folder, such as /tmp."""
    if not link.is_symlink():
        return False
    folder = link.parent.stat()
    is_for_all = folder.st_mode & stat.S_IWOTH
    return bool(is_for_all) and link.lstat().st_uid not in (os.geteuid(), folder.st_uid, ROOT)


def give_rights(part: Path, like: Path) -> None:
    """Give a file of this user the permissions of another file, and its owner and group if possible."""
    wanted = like.stat()
    mode = stat.S_IMODE(wanted.st_mode) & 0o777
    part.chmod(0o600)
    if wanted.st_gid != part.stat().st_gid and not change_owner(part, -1, wanted.st_gid):
        # The group permissions were meant for another group.
        mode &= ~0o070
    copy_attributes(like, part)
    part.chmod(mode)
    change_owner(part, wanted.st_uid, -1)


def change_owner(path: Path, owner: int, group: int) -> bool:
    """Try to change the owner or group of a file; returns whether that succeeded."""
    with contextlib.suppress(OSError):
        os.chown(path, owner, group)
        return True
    return False


def copy_attributes(source: Path, target: Path) -> None:
    """Copy extended attributes, such as access control lists, if the file system supports them."""
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(source):
            with contextlib.suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))
