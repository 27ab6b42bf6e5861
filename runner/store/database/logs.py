"""The log of an SQLite file (`-wal`): whether it belongs to the file that it lies beside.

SQLite itself does not ask. It writes whatever log it finds into the file, so that a copy that was put in the place of a
database beside the log of the old one is damaged, or holds a mixture of both.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fitgap.runner.errors import StoreError
from fitgap.runner.files.open_databases import only_ours
from fitgap.runner.system.passwords import without_passwords

MAGIC = b"SQLite format 3\0"
LOG_MAGICS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
LOG_HEADER_BYTES, FRAME_HEADER_BYTES = 32, 24
# A file whose header says 1 here has no log: whoever gives it one writes 2 first, whoever says 1 has removed it.
LOG_VERSION = 18


class Head(NamedTuple):
    """What the head of a database says: its pages' size, their number, and whether it has a log."""

    page_size: int
    pages: int
    has_log: bool


def head_of(path: Path) -> Head | None:
    """The head of a database file; None where there is none, where it may not be read, or while it is open here."""
    with only_ours(path) as may_open:
        if not may_open:
            return None
        try:
            with path.open("rb") as file:
                head = file.read(100)
        except OSError:
            return None
    if head[:16] != MAGIC or len(head) < 100:
        return None
    size = int.from_bytes(head[16:18], "big")
    # 65536 does not fit and is written as 1.
    return Head(65536 if size == 1 else size, int.from_bytes(head[28:32], "big"), head[LOG_VERSION] == 2)


def beside(path: Path, ending: str) -> Path:
    """A file that SQLite keeps beside a database, which a symbolic link may lead to."""
    real = path.resolve()
    return real.with_name(real.name + ending)


def size_of(path: Path) -> int:
    """The bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def refuse_stray_log(path: Path) -> None:
    """StoreError for the log of another database: of one that is gone, or that another file has replaced."""
    for ending in ("-wal", "-journal"):
        log = beside(path, ending)
        if size_of(log) > LOG_HEADER_BYTES and is_gone(path, ending):
            raise StoreError(
                f"there is no database {named(path)}, but {named(log)}, which may hold its last rows; "
                "put the database back beside it, or move it away"
            )
    log = beside(path, "-wal")
    if size_of(log) > LOG_HEADER_BYTES and not belongs(path, log):
        raise StoreError(
            f"{named(log)} does not belong to {named(path)}, which another file has replaced, and would damage it; "
            f"move {log.name} and {beside(path, '-shm').name} away, and copy databases with `fitgap db backup` and "
            "`fitgap db restore`"
        )


def is_gone(path: Path, ending: str) -> bool:
    """Whether there is no database for a log that is there. A file that is being made has a journal while it is empty.

    To be asked after the log was seen: somebody may be making both.
    """
    return not path.exists() or (ending == "-wal" and not size_of(path))


def named(path: Path) -> str:
    return without_passwords(str(path))


def belongs(path: Path, log: Path) -> bool:
    """Whether a log belongs to its database, as far as both tell. True where nothing speaks against it."""
    head = head_of(path)
    with only_ours(path) as may_open, contextlib.suppress(OSError):
        if head is None or not may_open or not is_log(log):
            return True
        if not head.has_log or page_size_of(log) != head.page_size:
            return False
        before = log.stat()
        # A program that lives may have begun its log anew while we looked.
        return is_unreplaced(path, log, head.page_size) or log.stat().st_mtime_ns != before.st_mtime_ns
    return True


def is_unreplaced(path: Path, log: Path, page_size: int) -> bool:
    """Whether the file can be the one for which its log was written.

    In a database with a log, only what was in the log is ever written into the file. So a file that was written to
    after its log has at least one page from it; where it has none, somebody else has written it.
    """
    if path.stat().st_mtime_ns <= log.stat().st_mtime_ns:
        return True
    count = 0
    with path.open("rb") as file:
        for number, content in frames(log, page_size):
            file.seek((number - 1) * page_size)
            if file.read(page_size) == content:
                return True
            count += 1
    return count == 0


def is_log(log: Path) -> bool:
    with log.open("rb") as file:
        return file.read(4) in LOG_MAGICS


def page_size_of(log: Path) -> int:
    with log.open("rb") as file:
        return int.from_bytes(file.read(12)[8:12], "big")


def frames(log: Path, page_size: int) -> Iterator[tuple[int, bytes]]:
    """The pages in a log, each with its number, as far as they are of the log's present life."""
    with log.open("rb") as file:
        salts = file.read(LOG_HEADER_BYTES)[16:24]
        while len(head := file.read(FRAME_HEADER_BYTES)) == FRAME_HEADER_BYTES and head[8:16] == salts:
            content = file.read(page_size)
            if len(content) < page_size:
                return
            yield int.from_bytes(head[:4], "big"), content
