"""Check that the log (`-wal`) next to an SQLite file belongs to it.

SQLite does not check this: it applies any log that it finds to the file. If a copy replaces a database but the old log
remains, the copy is damaged or becomes a mixture of both.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fitgap.runner.errors import StoreError
from fitgap.runner.files.open_databases import safe_to_open
from fitgap.runner.system.passwords import without_passwords

MAGIC = b"SQLite format 3\0"
LOG_MAGICS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
LOG_HEADER_BYTES, FRAME_HEADER_BYTES = 32, 24
# The header byte that is 1 if the file has no log. It is set to 2 before a log is created, and to 1 after its removal.
LOG_VERSION = 18


class Head(NamedTuple):
    """The contents of a database header: page size, number of pages, and whether there is a log."""

    page_size: int
    pages: int
    has_log: bool


def head_of(path: Path) -> Head | None:
    """The header of a database file; None if it has none, is unreadable, or is open in this process."""
    with safe_to_open(path) as may_open:
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
    # 65536 does not fit into two bytes and is stored as 1.
    return Head(65536 if size == 1 else size, int.from_bytes(head[28:32], "big"), head[LOG_VERSION] == 2)


def side_file(path: Path, ending: str) -> Path:
    """The path of a file that SQLite keeps next to a database, after resolving symbolic links."""
    real = path.resolve()
    return real.with_name(real.name + ending)


def size_of(path: Path) -> int:
    """The size of a file in bytes; 0 if it does not exist."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def refuse_stray_log(path: Path) -> None:
    """Raise StoreError if there is a log of another database: one that is gone, or was replaced by another file."""
    for ending in ("-wal", "-journal"):
        log = side_file(path, ending)
        if size_of(log) > LOG_HEADER_BYTES and is_gone(path, ending):
            raise StoreError(
                f"there is no database {shown_path(path)}, but its log {shown_path(log)}, which may contain its last "
                "rows; put the database back next to the log, or move the log away"
            )
    log = side_file(path, "-wal")
    if size_of(log) > LOG_HEADER_BYTES and not belongs(path, log):
        raise StoreError(
            f"{shown_path(log)} does not belong to {shown_path(path)}, which another file has replaced, and would "
            f"damage it; move {log.name} and {side_file(path, '-shm').name} away, and copy databases with "
            "`fitgap db backup` and `fitgap db restore`"
        )


def is_gone(path: Path, ending: str) -> bool:
    """Whether the database of an existing log is gone. A file that is being created has a journal while it is empty.

    Call this after finding the log, because another process may be creating both files.
    """
    return not path.exists() or (ending == "-wal" and not size_of(path))


def shown_path(path: Path) -> str:
    return without_passwords(str(path))


def belongs(path: Path, log: Path) -> bool:
    """Whether a log may belong to its database; False only if there is evidence against it."""
    head = head_of(path)
    with safe_to_open(path) as may_open, contextlib.suppress(OSError):
        if head is None or not may_open or not is_log(log):
            return True
        if not head.has_log or page_size_of(log) != head.page_size:
            return False
        before = log.stat()
        # A running program may have restarted its log in the meantime.
        return is_unreplaced(path, log, head.page_size) or log.stat().st_mtime_ns != before.st_mtime_ns
    return True


def is_unreplaced(path: Path, log: Path, page_size: int) -> bool:
    """Whether the file may be the one for which its log was written.

    In a database with a log, only pages from the log are written into the file. So a file that was modified after its
    log contains at least one page from the log. If it contains none, another program has replaced it.
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
    """The pages in a log with their numbers, up to the end of its current generation."""
    with log.open("rb") as file:
        salts = file.read(LOG_HEADER_BYTES)[16:24]
        while len(head := file.read(FRAME_HEADER_BYTES)) == FRAME_HEADER_BYTES and head[8:16] == salts:
            content = file.read(page_size)
            if len(content) < page_size:
                return
            yield int.from_bytes(head[:4], "big"), content
