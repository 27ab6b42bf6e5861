"""Creation of private temporary folders: no other user can read or replace them, and sockets work in them."""

import contextlib
import os
import re
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fitgap.runner.errors import EngineError

# mkdtemp adds this many characters to a prefix.
RANDOM_CHARACTERS = 8
# Other characters need quoting or have a special meaning in commands, addresses and lists of paths.
SAFE_PATH = re.compile(r"[A-Za-z0-9/._+@=~-]+")
LEAST_ROOM = 10**6
# The longest path of a socket, and the part that Ray appends to its folder for one.
LONGEST_SOCKET = 107 if sys.platform == "linux" else 103
RAY_SOCKET = "/ray/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store"
LONGEST_FOR_RAY = LONGEST_SOCKET - len(RAY_SOCKET)
USUAL_PLACES = ("/tmp", "/var/tmp", "/dev/shm")


def make_private_folder(prefix: str = "fitgap-", longest: int | None = None) -> Path:
    """Create a folder with mode 0700 in the first suitable place; the caller removes it.

    With `longest`, its path has at most that many bytes and sockets work in it. Raises EngineError if no place is
    suitable.
    """
    folder, refused = try_places(prefix, longest)
    if folder:
        return folder
    raise EngineError(
        f"no folder is suitable for temporary files: {', '.join(refused)}; "
        "set TMPDIR to a folder of your own with a short, plain path, such as one created by `mktemp -d /tmp/XXXXXX`"
    )


def try_places(prefix: str, longest: int | None) -> tuple[Path | None, list[str]]:
    """The folder created in the first suitable place, and why the places before it are unsuitable."""
    refused: list[str] = []
    for place in places():
        try:
            return make_folder_in(place, prefix, longest), refused
        # An invalid name raises ValueError, circular links raise RuntimeError.
        except (OSError, ValueError, RuntimeError) as error:
            refused.append(f"{place!r} {getattr(error, 'strerror', None) or error}")
    return None, refused


def places() -> list[str]:
    """Candidate places for temporary files, in order of preference."""
    named = [os.environ.get("TMPDIR"), usual_folder(), os.environ.get("XDG_RUNTIME_DIR")]
    # A dictionary drops duplicates and keeps the order.
    return list(dict.fromkeys([*filter(None, named), *USUAL_PLACES]))


def usual_folder() -> str | None:
    """Python's folder for temporary files, unless it has fallen back to the current folder."""
    with contextlib.suppress(OSError):
        chosen = tempfile.gettempdir()
        return None if chosen == os.getcwd() else chosen
    return None


def make_folder_in(place: str, prefix: str, longest: int | None) -> Path:
    """Create the folder in this place; OSError with the reason if the place is unsuitable."""
    parent = Path(place).resolve(strict=True)
    why = next(reasons_against(parent, prefix, longest), None)
    if why:
        raise OSError(0, why)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        check_folder(folder, sockets=longest is not None)
    except OSError:
        folder.rmdir()
        raise
    return folder


def reasons_against(parent: Path, prefix: str, longest: int | None) -> Iterator[str]:
    """Why a place (without symbolic links) is unsuitable, as far as can be checked without writing to it."""
    path = f"{parent}/{prefix}{'x' * RANDOM_CHARACTERS}"
    if not SAFE_PATH.fullmatch(path):
        yield "has characters other than ASCII letters, digits and '/._+@=~-' in its path"
    if longest is not None and len(os.fsencode(path)) > longest:
        yield f"has a path that is {len(os.fsencode(path)) - longest} bytes too long for sockets"
    yield from filter(None, (why_not_safe(parent, trusted_users()), why_full(parent)))


def trusted_users() -> frozenset[int]:
    """This user, root, and the owner of `/`, which is root under another number in a user namespace."""
    return frozenset({os.geteuid(), 0, os.stat("/").st_uid})


def why_not_safe(folder: Path, trusted: frozenset[int]) -> str | None:
    """Why another user could replace files in a folder: by the owner or permissions of it or its parents."""
    for each in (folder, *folder.parents):
        found = each.stat()
        if found.st_uid not in trusted:
            return f"belongs to another user (number {found.st_uid})" + below(each, folder)
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX:
            return "can be written to by other users and has no sticky bit" + below(each, folder)
    return None


def below(parent: Path, folder: Path) -> str:
    return "" if parent == folder else f", through {str(parent)!r}"


def why_full(folder: Path) -> str | None:
    disk = os.statvfs(folder)
    # Some file systems do not report their number of blocks.
    full = disk.f_blocks > 0 and disk.f_bavail * disk.f_frsize < LEAST_ROOM
    return "is on a full disk" if full else None


def check_folder(folder: Path, sockets: bool) -> None:
    """Set the permissions of a new folder; OSError if its file system does not keep them or supports no sockets."""
    # The umask may have removed the owner's permissions.
    folder.chmod(0o700)
    found = folder.stat()
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o777 != 0o700:
        raise OSError(0, "is on a file system that does not keep owners and permissions")
    if sockets:
        check_sockets(folder)


def check_sockets(folder: Path) -> None:
    path = folder / "s"
    try:
        with socket.socket(socket.AF_UNIX) as trial:
            trial.bind(str(path))
    except OSError as error:
        raise OSError(0, f"does not allow sockets ({error.strerror or error})") from error
    finally:
        path.unlink(missing_ok=True)
