"""The destination of an answer: standard output, or a file that appears only once it is complete."""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fitgap.runner.errors import OutputError
from fitgap.runner.files.output_files import READABLE, one_line_errors, written_file, written_text


@contextlib.contextmanager
def printed_to(output: Path | None, rights: int = READABLE) -> Iterator[None]:
    """Redirect everything printed to a file, if one is given. Raises OutputError if it cannot be written."""
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
def written_to(output: Path | None, rights: int = READABLE, kind: str = "parquet") -> Iterator[Path]:
    """Yield a path to write to; its content then goes to `output`, or to standard output unless that is a terminal.

    Raises OutputError if the content cannot be written, or if standard output is a terminal.
    """
    if output is not None:
        with written_file(output, rights) as path:
            yield path
        return
    if sys.stdout.isatty():
        raise OutputError(f"--format {kind} cannot be printed to a terminal; name a file with -o FILE, or use a pipe")
    with one_line_errors("the answer"), tempfile.TemporaryDirectory(prefix="fitgap-") as folder:
        path = Path(folder) / "answer"
        yield path
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
