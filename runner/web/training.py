"""Training of sweeps in processes of their own, which continue when the page is stopped."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from fitgap.runner.errors import FitgapError
from fitgap.runner.store import Store
from fitgap.runner.system.machine_record import machine_identity
from fitgap.runner.system.passwords import environment_for_child

# Exit codes of a process that finished its work, or was interrupted.
EXPECTED_CODES = (0, 130)
LAST_LINES, LAST_BYTES = 5, 4_000


class PauseError(FitgapError):
    """A sweep cannot be paused from here."""


@dataclass(frozen=True)
class Training:
    """A process that trains a sweep, with its output."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def last_lines(self) -> list[str]:
        """The last lines of its output."""
        with contextlib.suppress(OSError, ValueError):
            size = os.fstat(self.output.fileno()).st_size
            text = os.pread(self.output.fileno(), LAST_BYTES, max(0, size - LAST_BYTES))
            return [line for line in text.decode("utf-8", "replace").splitlines() if line.strip()][-LAST_LINES:]
        return []


class Trainings:
    """The processes that this page has started, by sweep number. `options` are more options of `fitgap resume`."""

    def __init__(self, database: str | None, options: Sequence[str] = ()):
        self._database, self._options = database, options
        self._lock = threading.Lock()
        self._started: dict[int, list[Training]] = {}

    def start(self, sweep_id: int) -> None:
        """Train the pending trials of a sweep. If another process trains it, they share the work."""
        with self._lock:
            known = self._started.setdefault(sweep_id, [])
            for each in [each for each in known if not each.is_alive]:
                each.output.close()
                known.remove(each)
            known.append(started(["resume", str(sweep_id), *self._options], self._database))

    def close(self) -> None:
        """Stop tracking the processes, which continue."""
        with self._lock:
            for each in [each for known in self._started.values() for each in known]:
                each.output.close()
            self._started.clear()

    def alive(self, sweep_id: int) -> list[Training]:
        with self._lock:
            return [each for each in self._started.get(sweep_id, ()) if each.is_alive]

    def failure(self, sweep_id: int) -> list[str]:
        """The last output of the last process of a sweep, if it ended with an error; otherwise nothing."""
        with self._lock:
            last = next(iter(self._started.get(sweep_id, [])[-1:]), None)
        if last is None or last.is_alive or last.process.returncode in EXPECTED_CODES:
            return []
        return last.last_lines()

    def pause(self, store: Store, sweep_id: int) -> int:
        """Stop all processes of this machine that train a sweep; returns their number. Their trials become pending.

        Raises PauseError if it is trained on another machine, or not at all.
        """
        drivers = store.drivers_of(sweep_id)
        stopped = self.end(store, sweep_id)
        if any(each.machine != machine_identity() for each in drivers):
            raise PauseError("this sweep is trained on another machine; press Ctrl-C there, or cancel its trials here")
        if not stopped:
            raise PauseError("no process is training this sweep")
        return stopped

    def end(self, store: Store, sweep_id: int) -> int:
        """Ask all processes of this machine that train a sweep to end, as Ctrl-C does; returns their number."""
        own = {each.process for each in store.drivers_of(sweep_id) if each.machine == machine_identity()}
        # A process that has just been started is not a driver yet.
        own |= {each.process.pid for each in self.alive(sweep_id)}
        return sum(stop(process) for process in own)


def stop(process: int) -> bool:
    """Ask a process to release its trials and end, as Ctrl-C does."""
    try:
        os.kill(process, signal.SIGTERM)
    except OSError:
        return False
    return True


def started(words: list[str], database: str | None) -> Training:
    """A process that runs a command in a session of its own. The database address does not appear in process lists."""
    output = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the next process of the sweep
    process = subprocess.Popen(
        [sys.executable, "-m", "fitgap", *words],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=environment_for_child(database),
        start_new_session=True,
    )
    return Training(process, output)
