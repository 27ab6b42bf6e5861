"""Lines of text for people: answers on standard output, everything else on standard error.

Text from a database or a file may contain terminal control codes. Commands print only through these functions, which
show them as text.
"""

import contextlib
import shutil
import sys
from collections.abc import Iterator
from contextvars import ContextVar

from fitgap.runner.broken_names import broken
from fitgap.runner.errors import ReaderGoneError
from fitgap.runner.streams.printable import printable
from fitgap.runner.streams.widths import LEAST_COLUMNS

__all__ = ["collected_lines", "ignoring_closed_output", "line_width", "printable", "report", "say", "say_sentence"]

# Where the lines of an answer go instead of standard output. Each thread has its own.
_collected: ContextVar[list[str] | None] = ContextVar("collected", default=None)
# Wider than any paragraph.
UNFOLDED = 1_000_000


def say(*lines: str) -> None:
    """Print lines of an answer."""
    collected = _collected.get()
    for line in lines:
        if collected is None:
            print(printable(line))
        else:
            collected.append(printable(line))


def say_sentence(text: str) -> None:
    """Print a sentence of an answer; in a terminal, it is wrapped between words."""
    say(*broken(text, line_width(UNFOLDED)))


@contextlib.contextmanager
def collected_lines() -> Iterator[list[str]]:
    """Collect the lines of an answer in a list instead of printing them; paragraphs are not wrapped."""
    lines: list[str] = []
    before = _collected.set(lines)
    try:
        yield lines
    finally:
        _collected.reset(before)


def report(*lines: str) -> None:
    """Print lines about the work to standard error; they are not part of the answer."""
    for line in lines:
        print(printable(line), file=sys.stderr, flush=True)


@contextlib.contextmanager
def ignoring_closed_output() -> Iterator[None]:
    """If standard output is closed while printing in this block, the command continues with the same exit code."""
    with contextlib.suppress(ReaderGoneError):
        yield
        sys.stdout.flush()


def line_width(most: int) -> int:
    """The line width: that of the terminal, if there is one, but at most `most` columns."""
    if _collected.get() is not None:
        return UNFOLDED
    if not sys.stdout.isatty():
        return most
    columns = shutil.get_terminal_size((most, 0)).columns
    return max(min(columns, most), LEAST_COLUMNS)
