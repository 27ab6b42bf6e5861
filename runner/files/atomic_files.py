"""Files that appear only when they are whole: built in a private folder beside their place, then moved there at once.

The private folder has a name that nobody can guess and lets no other user in, so nothing of anybody else is written
over or removed, whatever others do in the same folder. A process that is killed leaves at most this folder behind.
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
# What a system or file system answers that cannot move a file without replacing another.
CANNOT_MOVE_SO = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM)


@contextlib.contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """A new private folder on the file system of `target`; it goes at the end with all that is in it.

    It is locked while it is used, so that what was left by a killed process can be told from what is still needed.
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
        # Some file systems have no locks; nothing but a check of `fitgap doctor` depends on this one.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def leftovers(folder: Path) -> list[Path]:
    """Private folders of ours in a folder which a killed process has left."""
    found = sorted(folder.glob(f"{PREFIX}*{SUFFIX}"))
    return [path for path in found if is_left(path)]


def is_left(path: Path) -> bool:
    """Whether this is a private folder of this user that nobody uses any more."""
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
    """Let a file, or the names in a folder, reach the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_names(folder: Path) -> None:
    """The same for a folder, on file systems that can."""
    with contextlib.suppress(OSError):
        flush(folder)


def put_in_place(part: Path, target: Path) -> None:
    """Let a finished file take the place of `target`, in one step."""
    flush(part)
    os.replace(part, target)
    flush_names(target.absolute().parent)


def publish(part: Path, target: Path) -> None:
    """Give a finished file its name. Raises FileExistsError where something has that name by now."""
    flush(part)
    if not moved_without_replacing(part, target):
        os.link(part, target)
        part.unlink()
    flush_names(target.absolute().parent)


def publish_free(part: Path, wanted: Path) -> Path:
    """The same under the wanted name, or the first of wanted-2, wanted-3, … that is free; returns which."""
    later = (wanted.with_name(f"{wanted.name}-{number}") for number in itertools.count(2))
    for name in itertools.chain([wanted], later):
        with contextlib.suppress(FileExistsError):
            publish(part, name)
            return name
    raise AssertionError("there are names without end")


def moved_without_replacing(part: Path, target: Path) -> bool:
    """Move a file where nothing is, as Linux can; False where it cannot and nothing was done."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(CURRENT_FOLDER, os.fsencode(part), CURRENT_FOLDER, os.fsencode(target), NO_REPLACE) == 0:
        return True
    number = ctypes.get_errno()
    if number in CANNOT_MOVE_SO:
        return False
    raise OSError(number, os.strerror(number), str(target))


def is_planted(link: Path) -> bool:
    """Whether another user has put a symbolic link into a folder in which everybody may, such as /tmp."""
    if not link.is_symlink():
        return False
    folder = link.parent.stat()
    is_for_all = folder.st_mode & stat.S_IWOTH
    return bool(is_for_all) and link.lstat().st_uid not in (os.geteuid(), folder.st_uid, ROOT)


def give_rights(part: Path, like: Path) -> None:
    """Give a file of this user the rights of another one, and its owner and group where that is possible."""
    wanted = like.stat()
    mode = stat.S_IMODE(wanted.st_mode) & 0o777
    part.chmod(0o600)
    if wanted.st_gid != part.stat().st_gid and not given(part, -1, wanted.st_gid):
        # What its group was allowed is not meant for another one.
        mode &= ~0o070
    copy_attributes(like, part)
    part.chmod(mode)
    given(part, wanted.st_uid, -1)


def given(path: Path, owner: int, group: int) -> bool:
    """Whether the file belongs to this owner or group now."""
    with contextlib.suppress(OSError):
        os.chown(path, owner, group)
        return True
    return False


def copy_attributes(source: Path, target: Path) -> None:
    """Copy what a file system keeps of a file beyond its mode, such as access lists, where it does."""
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(source):
            with contextlib.suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))
