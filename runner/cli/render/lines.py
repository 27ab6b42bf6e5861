"""Lines for people: answers on standard output, all else on standard error, and nothing that a terminal would obey.

Text from a database or a file may hold anything, so commands print through these functions alone.
"""

import contextlib
import shutil
import sys
from collections.abc import Iterator

from fitgap.runner.errors import ReaderGoneError
from fitgap.runner.streams.printable import printable
from fitgap.runner.streams.widths import LEAST_COLUMNS

__all__ = ["if_somebody_reads", "line_width", "printable", "report", "say"]


def say(*lines: str) -> None:
    """Print lines of an answer."""
    for line in lines:
        print(printable(line))


def report(*lines: str) -> None:
    """Print lines about the work, which are no part of an answer."""
    for line in lines:
        print(printable(line), file=sys.stderr, flush=True)


@contextlib.contextmanager
def if_somebody_reads() -> Iterator[None]:
    """Print inside this what does not decide the exit code: if the reader has gone, the command continues."""
    with contextlib.suppress(ReaderGoneError):
        yield
        sys.stdout.flush()


def line_width(most: int) -> int:
    """How wide lines may be: as the terminal, if there is one, and no wider than `most`."""
    if not sys.stdout.isatty():
        return most
    columns = shutil.get_terminal_size((most, 0)).columns
    return max(min(columns, most), LEAST_COLUMNS)
