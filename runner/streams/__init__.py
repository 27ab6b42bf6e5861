"""Standard input, output and error of a command, made safe before anything uses them.

A stream may be closed, full, broken or unable to encode a character. A command that queries results stops if its
answer cannot be written; training never stops because something cannot be printed.
"""

import os
import sys
from typing import TextIO

from fitgap.runner.streams.descriptors import open_closed_descriptors
from fitgap.runner.streams.typography import PLAIN
from fitgap.runner.streams.widths import drop_useless_sizes
from fitgap.runner.streams.writers import ErrorWriter, OutputWriter, text_stream

__all__ = ["prepare_streams"]


def prepare_streams() -> None:
    """Replace the standard streams of this process; for a command that owns its process, never for a library."""
    open_closed_descriptors()
    drop_useless_sizes(os.environ)
    sys.stdin = os.fdopen(0, encoding=encoding_of(sys.stdin), errors="replace", closefd=False)
    sys.stdout = rewrapped(sys.stdout, OutputWriter(1, "w", closefd=False))
    sys.stderr = rewrapped(sys.stderr, ErrorWriter(2, "w", closefd=False))


def rewrapped(stream: TextIO | None, writer: OutputWriter | ErrorWriter) -> TextIO:
    """A stream over another writer, with the encoding and buffering of the one that Python created."""
    is_by_line = bool(stream and getattr(stream, "line_buffering", False)) or isinstance(writer, ErrorWriter)
    is_unbuffered = bool(stream and getattr(stream, "write_through", False))
    return text_stream(writer, encoding_of(stream), PLAIN, is_by_line=is_by_line, is_unbuffered=is_unbuffered)


def encoding_of(stream: TextIO | None) -> str:
    """The encoding of a stream; UTF-8 if there is no stream."""
    return stream.encoding if stream else "utf-8"
