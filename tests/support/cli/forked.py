"""The command in a process that is forked with everything loaded, in a terminal or with its output in files.

It does what the installed command does, but a new interpreter would spend half a second on loading the program. What
is about the start itself, or about other processes than this one, needs the installed command.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from support.faults.children import PATIENCE_SECONDS, child, nursery


def run(begins: Any, streams: Sequence[str], folder: str, environment: Mapping[str, str], arguments: Sequence[str]):
    """Run the command with these files as its streams; says when it has opened them."""
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
    """Let Python's streams be what it would make of the open files when it starts."""
    encoding, errors = sys.stdout.encoding, sys.stdout.errors
    sys.stdin = sys.__stdin__ = open(0, encoding=encoding, errors=errors)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", encoding=encoding, errors=errors, closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(  # noqa: SIM115
        2, "w", encoding=encoding, errors="backslashreplace", closefd=False, buffering=1
    )


@contextlib.contextmanager
def forked(streams: Sequence[Any], arguments: Sequence[Any], environment: Mapping[str, str] | None = None) -> Iterator:
    """The running command, in the current folder; its streams are open."""
    begins = nursery().Event()
    given = [str(path) for path in streams], os.getcwd(), dict(environment or os.environ), [*map(str, arguments)]
    with child(run, begins, *given) as process:
        assert begins.wait(PATIENCE_SECONDS)
        yield process
