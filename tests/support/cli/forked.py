"""The command in a forked process in which everything is loaded, in a terminal or with its output in files.

It behaves like the installed command, but saves the half second that a new interpreter needs to load the program. Tests
of the startup itself, or of other processes, need the installed command.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from support.faults.children import PATIENCE_SECONDS, child, nursery


def run(begins: Any, streams: Sequence[str], folder: str, environment: Mapping[str, str], arguments: Sequence[str]):
    """Run the command with these files as its streams; sets `begins` once they are open."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(streams):
        flags = os.O_RDWR | os.O_NOCTTY | (os.O_CREAT if number else 0)
        os.dup2(os.open(path, flags), number)
    begins.set()
    reopen_streams()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["fitgap", *arguments]
    from fitgap.__main__ import main

    main()


def reopen_streams() -> None:
    """Reopen Python's streams on the current file descriptors, as Python does at startup."""
    encoding, errors = sys.stdout.encoding, sys.stdout.errors
    sys.stdin = sys.__stdin__ = open(0, encoding=encoding, errors=errors)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", encoding=encoding, errors=errors, closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(  # noqa: SIM115
        2, "w", encoding=encoding, errors="backslashreplace", closefd=False, buffering=1
    )


@contextlib.contextmanager
def forked(streams: Sequence[Any], arguments: Sequence[Any], environment: Mapping[str, str] | None = None) -> Iterator:
    """The running command, in the current folder, once its streams are open."""
    begins = nursery().Event()
    given = [str(path) for path in streams], os.getcwd(), dict(environment or os.environ), [*map(str, arguments)]
    with child(run, begins, *given) as process:
        assert begins.wait(PATIENCE_SECONDS)
        yield process
