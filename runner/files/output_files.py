"""Files that commands write for people (`-o FILE`): a database is never written over, and nothing appears by halves.

A regular file is replaced in one step when the new one is whole and on disk, with its rights kept. A device or a pipe
is written to as it is. A symbolic link stays, and the file that it leads to is replaced.
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
from fitgap.runner.files.atomic_files import give_rights, is_planted, put_in_place, workshop
from fitgap.runner.files.open_databases import only_ours

MOST_LINKS = 40
DESCRIPTOR = r"/dev/fd/(\d+)|/proc/(?:self|thread-self|{process})/fd/(\d+)"
STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
# How files of SQLite begin: databases, logs (two orders of bytes), their indexes (two as well), journals.
SQLITE_BEGINNINGS = (
    b"SQLite format 3\0",
    *(b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83", b"\x18\xe2\x2d\x00", b"\x00\x2d\xe2\x18"),
    b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7",
)
BESIDE_DATABASES = ("-wal", "-shm", "-journal")
READABLE = 0o666


@contextlib.contextmanager
def written_file(output: Path, rights: int = READABLE) -> Iterator[Path]:
    """A path to write to; what is there at the end goes to `output`. Whatever goes wrong, `output` stays as it is.

    A new file gets these rights at most, and fewer where the user's umask says so. Raises OutputError where it cannot
    be written.
    """
    with told_in_one_line(output):
        target = regular_target(output)
        if target is None:
            with tempfile.TemporaryDirectory(prefix="fitgap-") as folder:
                path = Path(folder) / "content"
                yield path
                with path.open("rb") as content, stream_to(output) as stream:
                    shutil.copyfileobj(content, stream)
            return
        with workshop(target) as private:
            path = private / "content"
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, rights))
            yield path
            if target.exists():
                give_rights(path, target)
            put_in_place(path, target)


@contextlib.contextmanager
def written_text(output: Path, rights: int = READABLE) -> Iterator[Path | int]:
    """The same for text, which a device or a pipe gets as it comes: a path, or the number of an open file."""
    with told_in_one_line(output):
        target = regular_target(output)
        if target is not None:
            with written_file(output, rights) as path:
                yield path
            return
        with stream_to(output) as stream:
            yield stream.fileno()


@contextlib.contextmanager
def told_in_one_line(output: Path | str) -> Iterator[None]:
    """Turn what the system says about a file into an OutputError. Whoever closes a pipe has seen enough."""
    try:
        yield
    except BrokenPipeError:
        raise ReaderGoneError(f"nobody reads {output} any more") from None
    except OSError as error:
        raise OutputError(
            f"{output} cannot be written: {error.strerror or error}; check the path, its permissions and the room there"
        ) from None


def regular_target(output: Path) -> Path | None:
    """The regular file that is to be written, links followed; None for a device or a pipe.

    Raises OutputError for what is not to be written over.
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
        raise OutputError(f"{output} may not be written over: its permissions do not allow it; name another file")
    refuse_database(output, target)
    return target


def descriptor_of(output: Path) -> int | None:
    """The open file of this process that a path such as /dev/stdout means, however many links lead to it."""
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
    """OutputError for a link that another user has put into a folder in which everybody may: it may lead anywhere."""
    if is_planted(link):
        raise OutputError(f"{output} is a link that another user has made; name the file itself")


@contextlib.contextmanager
def stream_to(output: Path) -> Iterator[BinaryIO]:
    """A device, a pipe or an open file of this process, to write to."""
    number = descriptor_of(output)
    if number is None:
        handle = os.open(output, os.O_WRONLY | os.O_NOCTTY)
    else:
        refuse_content(output, Path(f"/dev/fd/{number}"))
        handle = os.dup(number)
    with open(handle, "wb") as stream:
        yield stream


def refuse_database(output: Path, target: Path) -> None:
    """OutputError for an SQLite file, by its content, and for what belongs to one, by its name."""
    refuse_content(output, target)
    for ending in BESIDE_DATABASES:
        for path in (output, target):
            base = path.with_name(path.name.removesuffix(ending))
            if path.name.endswith(ending) and path.name != ending and is_of_sqlite(base):
                raise OutputError(f"{output} belongs to the database {base}; name another file")


def refuse_content(output: Path, path: Path) -> None:
    if is_of_sqlite(path):
        raise OutputError(f"{output} is a database, which is never written over; name another file")


def is_of_sqlite(path: Path) -> bool:
    """Whether there is a regular file that SQLite has written."""
    with only_ours(path) as may_open:
        try:
            if not may_open:
                return True
            if not stat.S_ISREG(path.stat().st_mode):
                return False
            with path.open("rb") as file:
                return file.read(16).startswith(SQLITE_BEGINNINGS)
        except FileNotFoundError:
            return False
