"""Output files of commands (`-o FILE`): written atomically, and never over a database.

A regular file is replaced in one step once the new one is complete and on disk; its permissions are kept. Devices and
pipes are written directly. A symbolic link is kept, and its target is replaced.
"""

import contextlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from fitgap.runner.errors import OutputError, ReaderGoneError
from fitgap.runner.files.atomic_files import give_rights, is_planted, put_in_place, staging_folder
from fitgap.runner.files.open_databases import safe_to_open

MOST_LINKS = 40
DESCRIPTOR = r"/dev/fd/(\d+)|/proc/(?:self|thread-self|{process})/fd/(\d+)"
STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
# First bytes of SQLite's files: databases, logs (two byte orders), log indexes (two byte orders), journals.
SQLITE_BEGINNINGS = (
    b"SQLite format 3\0",
    *(b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83", b"\x18\xe2\x2d\x00", b"\x00\x2d\xe2\x18"),
    b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7",
)
SIDE_FILE_ENDINGS = ("-wal", "-shm", "-journal")
READABLE = 0o666


@contextlib.contextmanager
def written_file(output: Path, rights: int = READABLE) -> Iterator[Path]:
    """Context manager with a temporary path, whose content is moved to `output` at the end.

    On failure `output` remains unchanged. A new file gets at most these permissions, reduced by the umask. Raises
    OutputError if `output` cannot be written.
    """
    with one_line_errors(output):
        target = regular_target(output)
        if target is None:
            with tempfile.TemporaryDirectory(prefix="fitgap-") as folder:
                path = Path(folder) / "content"
                yield path
                with path.open("rb") as content, stream_to(output) as stream:
                    shutil.copyfileobj(content, stream)
            return
        with staging_folder(target) as private:
            path = private / "content"
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, rights))
            yield path
            if target.exists():
                give_rights(path, target)
            put_in_place(path, target)


@contextlib.contextmanager
def written_text(output: Path, rights: int = READABLE) -> Iterator[Path | int]:
    """Like `written_file`, for text. For a device or a pipe, yields a file descriptor to write to instead of a path."""
    with one_line_errors(output):
        target = regular_target(output)
        if target is not None:
            with written_file(output, rights) as path:
                yield path
            return
        with stream_to(output) as stream:
            yield stream.fileno()


@contextlib.contextmanager
def one_line_errors(output: Path | str) -> Iterator[None]:
    """Context manager that turns system errors into OutputError, and a closed pipe into ReaderGoneError."""
    try:
        yield
    except BrokenPipeError:
        raise ReaderGoneError(f"the reader of {output} has closed it") from None
    except OSError as error:
        raise OutputError(
            f"{output} cannot be written: {error.strerror or error}; check the path, permissions and free space"
        ) from None


def regular_target(output: Path) -> Path | None:
    """The regular file to write, after following links; None for a device or a pipe.

    Raises OutputError for anything that must not be overwritten.
    """
    if descriptor_of(output) is not None:
        return None
    target = Path(os.path.realpath(output))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        refuse_database(output, target)
        return target
    if stat.S_ISDIR(mode):
        raise OutputError(f"{output} is a folder; name a file")
    if stat.S_ISBLK(mode):
        raise OutputError(f"{output} is a disk; name a file")
    if not stat.S_ISREG(mode):
        return None
    if not os.access(target, os.W_OK):
        raise OutputError(f"{output} cannot be overwritten: you have no write permission; name another file")
    refuse_database(output, target)
    return target


def descriptor_of(output: Path) -> int | None:
    """The file descriptor of this process behind a path such as /dev/stdout, after following links; None for others."""
    path = Path(os.path.abspath(output))
    pattern = DESCRIPTOR.format(process=os.getpid())
    for _ in range(MOST_LINKS):
        if str(path) in STANDARD:
            return STANDARD[str(path)]
        if found := re.fullmatch(pattern, str(path)):
            return int(found[1] or found[2])
        if not path.is_symlink():
            return None
        refuse_planted_link(output, path)
        path = Path(os.path.abspath(path.parent / path.readlink()))
    return None


def refuse_planted_link(output: Path, link: Path) -> None:
    """Raise OutputError for a link that another user created in a world-writable folder: it may lead anywhere."""
    if is_planted(link):
        raise OutputError(f"{output} is a link created by another user; name the file itself")


@contextlib.contextmanager
def stream_to(output: Path) -> Iterator[BinaryIO]:
    """A binary stream to a device, a pipe or an open file of this process."""
    number = descriptor_of(output)
    if number is None:
        handle = os.open(output, os.O_WRONLY | os.O_NOCTTY)
    else:
        refuse_content(output, Path(f"/dev/fd/{number}"))
        handle = os.dup(number)
    with open(handle, "wb") as stream:
        yield stream


def refuse_database(output: Path, target: Path) -> None:
    """Raise OutputError for an SQLite file, recognized by content, or a file next to one, recognized by name."""
    refuse_content(output, target)
    for ending in SIDE_FILE_ENDINGS:
        for path in (output, target):
            base = path.with_name(path.name.removesuffix(ending))
            if path.name.endswith(ending) and path.name != ending and is_of_sqlite(base):
                raise OutputError(f"{output} belongs to the database {base}; name another file")


def refuse_content(output: Path, path: Path) -> None:
    if is_of_sqlite(path):
        raise OutputError(f"{output} is a database, which is never overwritten; name another file")


def is_of_sqlite(path: Path) -> bool:
    """Whether this is a regular file written by SQLite."""
    with safe_to_open(path) as may_open:
        try:
            if not may_open:
                return True
            if not stat.S_ISREG(path.stat().st_mode):
                return False
            with path.open("rb") as file:
                return file.read(16).startswith(SQLITE_BEGINNINGS)
        except FileNotFoundError:
            return False
