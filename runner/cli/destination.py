"""Where an answer goes: to standard output, or into a file that appears when all of it is there."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from runner.errors import OutputError


@contextlib.contextmanager
def printed_to(output: Path | None) -> Iterator[None]:
    """Let everything that is printed go into a file, if one is named. Raises OutputError where it cannot be written."""
    if output is None:
        yield
        return
    with (
        new_file(output) as path,
        path.open("w", encoding="utf-8", newline="") as file,
        contextlib.redirect_stdout(file),
    ):
        yield


@contextlib.contextmanager
def written_to(output: Path | None) -> Iterator[Path]:
    """A path to write to, what is there at the end goes to `output`, or to standard output where that is no terminal.

    Raises OutputError where neither can be done.
    """
    if output is not None:
        with new_file(output) as path:
            yield path
        return
    if sys.stdout.isatty():
        raise OutputError("--format parquet is not for a terminal; name a file with -o FILE, or use a pipe")
    with tempfile.TemporaryDirectory(prefix="fitgap-") as folder:
        path = Path(folder) / "answer"
        yield path
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)


@contextlib.contextmanager
def new_file(output: Path) -> Iterator[Path]:
    """A path beside `output` whose file takes its place at the end; whatever goes wrong, `output` stays as it is."""
    if output.is_dir():
        raise OutputError(f"{output} is a folder; name a file")
    path = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        path.touch()
        yield path
        path.replace(output)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise OutputError(
            f"{output} cannot be written: {error.strerror or error}; check the path, its permissions and the room there"
        ) from None
    finally:
        path.unlink(missing_ok=True)
