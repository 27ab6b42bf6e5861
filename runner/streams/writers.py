"""What stands below standard output and standard error: says once that output cannot be written, never about errors."""

import errno
import io
import os
import select
from typing import Any, TextIO

from fitgap.runner.errors import FullOutputError, ReaderGoneError

# What tells that nobody reads any more.
READER_GONE = (errno.EPIPE, errno.ECONNRESET)
# Progress waits this long for a terminal that stands still or a pipe that is full; then training goes on without it.
PATIENCE_SECONDS = 5.0


class OutputWriter(io.FileIO):
    """Standard output. Once it has failed, what comes later is dropped: the failure was raised already."""

    failure: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write all of it. Raises ReaderGoneError or FullOutputError, the first time that it cannot."""
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
    """Standard error. What cannot be written is dropped, and what nobody takes is dropped after a while."""

    patience = PATIENCE_SECONDS

    def write(self, data: Any, /) -> int:
        """Write what can be written; to the caller it is all of it."""
        piece = memoryview(data).cast("B")
        count = len(piece)
        while piece and self._is_ready():
            try:
                # A pipe that is ready takes so much without blocking.
                piece = piece[super().write(piece[: select.PIPE_BUF]) or 0 :]
            except OSError:
                break
        return count

    def _is_ready(self) -> bool:
        is_ready = wait_for(self.fileno(), self.patience)
        self.patience = PATIENCE_SECONDS if is_ready else 0.0
        return is_ready


def wait_for(descriptor: int, seconds: float | None) -> bool:
    """Wait until something can be written, or cannot ever be; whether that has come."""
    watch = select.poll()
    watch.register(descriptor, select.POLLOUT)
    return bool(watch.poll(None if seconds is None else seconds * 1000))


def problem(error: OSError) -> ReaderGoneError | FullOutputError:
    """Our own error for one of standard output: a BrokenPipeError would be taken by Rich and Typer for their own."""
    if error.errno in READER_GONE:
        return ReaderGoneError("nobody reads standard output any more")
    reason = os.strerror(error.errno) if error.errno else str(error)
    return FullOutputError(
        f"standard output cannot be written: {reason}; send it to a place that has room and may be written"
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
