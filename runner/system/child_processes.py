"""Child processes that run functions of this program, with the same modules and shielded from signals."""

import contextlib
import fcntl
import importlib
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Any

from fitgap.runner.package import import_folder
from fitgap.runner.system.blas import THREAD_VARIABLES
from fitgap.runner.system.interrupt_signals import STOPPING_SIGNALS

# Arguments: the number of arguments, the parent process, module, function, its arguments; then the module path.
BEGIN = (
    "import sys; count = int(sys.argv[1]); given = sys.argv[2 : 2 + count]; sys.path[:] = sys.argv[2 + count :]; "
    "from fitgap.runner.system.child_processes import begin; begin(*given)"
)
# Standard input, output and error.
STANDARD_DESCRIPTORS = 3
POLL_SECONDS = 1.0


def start_child(
    module: str, function: str, *arguments: str, environment: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a process that calls a function with these arguments; `options` are passed to `Popen`. Raises OSError.

    The child ends when this process ends. `environment` replaces the inherited environment.
    """
    inherited = os.environ if environment is None else environment
    given = (str(os.getpid()), module, function, *arguments)
    with signals_blocked():
        return subprocess.Popen(
            [sys.executable, "-P", "-c", BEGIN, str(len(given)), *given, *module_path()],
            cwd="/",
            env={**inherited, **dict.fromkeys(THREAD_VARIABLES, "1")},
            **options,
        )


def begin(parent: str, module: str, function: str, *arguments: str) -> None:
    """The entry point of the new process."""
    end_with_parent(int(parent))
    getattr(importlib.import_module(module), function)(*arguments)


def module_path() -> list[str]:
    """The module path of this process without the current folder, so that a `numpy.py` there is not imported."""
    own, here = import_folder(), current_folder()
    path = [each for each in map(absolute, sys.path) if each == own or each != here]
    return path if own is None or own in path else [*path, own]


def current_folder() -> str | None:
    """The current folder; None if it has been deleted."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def absolute(path: str) -> str:
    """An absolute path; relative paths are returned unchanged if the current folder has been deleted."""
    return path if os.path.isabs(path) or current_folder() is None else os.path.abspath(path)


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """Block stopping signals. Processes started within never receive them; this process receives them afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def new_connections() -> tuple[Connection, Connection]:
    """The two ends of a new connection, on descriptors above those of the standard streams.

    If standard input was closed, the system would reuse its number for the next file that is opened.
    """
    from multiprocessing import Pipe

    ours, theirs = Pipe()
    return lifted(ours), lifted(theirs)


def lifted(connection: Connection) -> Connection:
    """The connection, moved to a descriptor above the standard ones if necessary."""
    if connection.fileno() >= STANDARD_DESCRIPTORS:
        return connection
    with connection:
        return Connection(fcntl.fcntl(connection.fileno(), fcntl.F_DUPFD_CLOEXEC, STANDARD_DESCRIPTORS))


def new_pipe() -> tuple[int, int]:
    """The reading and the writing end of a new pipe, on descriptors above the standard ones."""
    reading, writing = os.pipe()
    with closing_descriptor(reading), closing_descriptor(writing):
        lifted_reading = fcntl.fcntl(reading, fcntl.F_DUPFD_CLOEXEC, STANDARD_DESCRIPTORS)
        try:
            return lifted_reading, fcntl.fcntl(writing, fcntl.F_DUPFD_CLOEXEC, STANDARD_DESCRIPTORS)
        except OSError:
            os.close(lifted_reading)
            raise


@contextlib.contextmanager
def closing_descriptor(number: int) -> Iterator[None]:
    """Context manager that closes a file descriptor at the end."""
    try:
        yield
    finally:
        os.close(number)


def end_with_parent(parent: int) -> None:
    """End this process as soon as its parent, the process with this number, has ended.

    A closed connection would not be reliable for this, because a fork of the parent would keep the other end open.
    """
    threading.Thread(target=end_after, args=(parent,), name="fitgap-parent", daemon=True).start()


def end_after(parent: int) -> None:
    """Wait for the end of the parent, then end this process."""
    waiting = select.poll()
    # Not all systems support process descriptors.
    with contextlib.suppress(AttributeError, OSError):
        waiting.register(os.pidfd_open(parent), select.POLLIN)
    while os.getppid() == parent and not waiting.poll(1000 * POLL_SECONDS):
        pass
    os._exit(1)
