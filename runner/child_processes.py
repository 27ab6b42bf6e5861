"""How this program starts another process of its own: with the same modules, and deaf to the Ctrl-C of a terminal."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import core
from runner.blas import THREAD_VARIABLES

# Module, function, the number of its arguments, these, and where modules are found.
BEGIN = (
    "import sys, importlib; module, function, count, *rest = sys.argv[1:]; count = int(count); "
    "sys.path[:] = rest[count:]; getattr(importlib.import_module(module), function)(*rest[:count])"
)


def start_child(module: str, function: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start a process that calls a function with these arguments; options are those of `Popen`. Raises OSError."""
    with interrupts_blocked():
        return subprocess.Popen(
            [sys.executable, "-P", "-c", BEGIN, module, function, str(len(arguments)), *arguments, *module_path()],
            cwd="/",
            env={**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")},
            **options,
        )


def module_path() -> list[str]:
    """Where this process finds its modules, without the current folder: a `core` or `numpy.py` there must not win."""
    own = str(Path(core.__file__).parents[1])
    path = [each for each in map(os.path.abspath, sys.path) if each == own or each != os.getcwd()]
    return path if own in path else [*path, own]


@contextlib.contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Processes started here never see the Ctrl-C of a terminal; this one sees it afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
