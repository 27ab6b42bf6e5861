"""Where an answer goes: to standard output, or into a file that appears when all of it is there."""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fitgap.runner.errors import OutputError
from fitgap.runner.files.written_files import READABLE, told_in_one_line, written_file, written_text


@contextlib.contextmanager
def printed_to(output: Path | None, rights: int = READABLE) -> Iterator[None]:
    """Let everything that is printed go into a file, if one is named. Raises OutputError where it cannot be written."""
    if output is None:
        yield
        return
    with (
        written_text(output, rights) as place,
        open(place, "w", encoding="utf-8", newline="", closefd=not isinstance(place, int)) as file,
        contextlib.redirect_stdout(file),
    ):
        yield


@contextlib.contextmanager
def written_to(output: Path | None, rights: int = READABLE) -> Iterator[Path]:
    """A path to write to, what is there at the end goes to `output`, or to standard output where that is no terminal.

    Raises OutputError where neither can be done.
    """
    if output is not None:
        with written_file(output, rights) as path:
            yield path
        return
    if sys.stdout.isatty():
        raise OutputError("--format parquet is not for a terminal; name a file with -o FILE, or use a pipe")
    with told_in_one_line("the answer"), tempfile.TemporaryDirectory(prefix="fitgap-") as folder:
        path = Path(folder) / "answer"
        yield path
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
