"""The raw writers below standard output and standard error: only failures of standard output raise an error, once."""

import errno
import io
import os
import select
from typing import Any, TextIO

from fitgap.runner.errors import FullOutputError, ReaderGoneError

# Errors that mean that the reader has closed the stream.
READER_GONE = (errno.EPIPE, errno.ECONNRESET)
# Progress lines wait this long for a stopped terminal or a full pipe; then training continues without them.
PATIENCE_SECONDS = 5.0


class OutputWriter(io.FileIO):
    """Standard output. After a failure, which is raised once, further output is dropped."""

    failure: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write all data. Raises ReaderGoneError or FullOutputError on the first failure."""
        piece = memoryview(data).cast("B")
        count = len(piece)
        while piece and self.failure is None:
            try:
                piece = piece[self._write_some(piece) :]
            except OSError as error:
                self.failure = error
                raise problem(error) from None
        return count

    def _write_some(self, piece: memoryview) -> int:
        # Another process may have made the pipe non-blocking; its setting is not ours to change.
        while (written := super().write(piece)) is None:
            wait_for(self.fileno(), None)
        return written


class ErrorWriter(io.FileIO):
    """Standard error. Output is dropped if it cannot be written, or if nothing reads it for a while."""

    patience = PATIENCE_SECONDS

    def write(self, data: Any, /) -> int:
        """Write what can be written; always reports all data as written."""
        piece = memoryview(data).cast("B")
        count = len(piece)
        while piece and self._is_ready():
            try:
                # A ready pipe takes this much without blocking.
                piece = piece[super().write(piece[: select.PIPE_BUF]) or 0 :]
            except OSError:
                break
        return count

    def _is_ready(self) -> bool:
        is_ready = wait_for(self.fileno(), self.patience)
        self.patience = PATIENCE_SECONDS if is_ready else 0.0
        return is_ready


def wait_for(descriptor: int, seconds: float | None) -> bool:
    """Wait until writing would not block, or can only fail; returns false on a timeout."""
    watch = select.poll()
    watch.register(descriptor, select.POLLOUT)
    return bool(watch.poll(None if seconds is None else seconds * 1000))


def problem(error: OSError) -> ReaderGoneError | FullOutputError:
    """Our own error for a failure of standard output; Rich and Typer would handle a BrokenPipeError themselves."""
    if error.errno in READER_GONE:
        return ReaderGoneError("standard output was closed by its reader")
    reason = os.strerror(error.errno) if error.errno else str(error)
    return FullOutputError(
        f"standard output cannot be written: {reason}; redirect it to a writable place with free space"
    )


def text_stream(writer: io.FileIO, encoding: str, errors: str, *, is_by_line: bool, is_unbuffered: bool) -> TextIO:
    """A text stream over a writer."""
    buffer: io.FileIO | io.BufferedWriter = writer if is_unbuffered else io.BufferedWriter(writer)
    return io.TextIOWrapper(
        buffer,
        encoding,
        errors,
        newline="\n",
        line_buffering=is_by_line,
        write_through=is_unbuffered,
    )
