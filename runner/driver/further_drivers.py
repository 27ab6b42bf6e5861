"""Further drivers of a sweep, as the first one sees them: child processes that it starts, replaces and stops."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Self

from fitgap.runner.driver.messages import DriverEnded, DriverSetup, DriverShare
from fitgap.runner.engine import Notify, ignore
from fitgap.runner.engine.placement import Placement
from fitgap.runner.files.unnamed_files import nameless_file
from fitgap.runner.system.child_processes import new_connections, start_child
from fitgap.runner.system.passwords import ENVIRONMENT_VARIABLE, environment_for_child

# At most this many drivers that have died are replaced in total.
MOST_REPLACED = 3
# A stopped driver has the same three seconds of grace as the first one, and may have to shut down its part of Ray.
SECONDS_TO_END = 20.0
POLL_SECONDS = 0.02


def setups_of(sweep_id: int, database: str | None, placement: Placement) -> list[DriverSetup]:
    """The setups of all drivers but the first."""
    if placement.drivers is None or placement.drivers == 1:
        return []
    address = environment_for_child(database)[ENVIRONMENT_VARIABLE]
    return [DriverSetup(sweep_id, address, placement.share(number)) for number in range(1, placement.drivers)]


class FurtherDriver:
    """One further driver: its process and the connection to it."""

    def __init__(self, setup: DriverSetup):
        self.setup = setup
        self.end: DriverEnded | None = None
        with contextlib.ExitStack() as opened:
            self._errors = opened.enter_context(open(nameless_file("fitgap-errors"), "r+b"))
            self._connection: Connection
            self._connection, child_end = map(opened.enter_context, new_connections())
            self._process = start_child(
                "fitgap.runner.driver.further_driver",
                "serve",
                str(child_end.fileno()),
                pass_fds=[child_end.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                # The terminal's signals are for the first driver, which passes them on.
                start_new_session=True,
            )
            child_end.close()
            opened.pop_all()
        # If the process has died already, the next read shows that.
        with contextlib.suppress(OSError):
            self._connection.send(setup)

    @property
    def number(self) -> int:
        """The process id."""
        return self._process.pid

    def stop(self) -> None:
        """Let the driver reset its trials to pending and end, as Ctrl-C does."""
        if self.end is None:
            with contextlib.suppress(OSError):
                os.kill(self.number, signal.SIGTERM)

    def shares(self) -> Iterator[DriverShare]:
        """The shares received since the last call; sets `end` once the driver has ended."""
        try:
            while self.end is None and self._connection.poll():
                message = self._connection.recv()
                if isinstance(message, DriverEnded):
                    self.end = message
                else:
                    yield message.from_driver(self.number)
        except (EOFError, OSError):
            self.end = DriverEnded(0, self._cause_of_death())

    def _cause_of_death(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        last = self._errors.read().decode(errors="replace").strip().splitlines()[-1:]
        return last[0] if last else (f"signal {-code}" if code < 0 else f"exit code {code}")

    def close(self, until: float) -> None:
        """Wait until this time for the process to end, then kill it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, until - time.monotonic()))
        self._process.kill()
        self._process.wait()
        self._connection.close()
        self._errors.close()


class FurtherDrivers:
    """All further drivers of a sweep. They run while the context is entered; `released` is known once it is left."""

    def __init__(
        self,
        setups: Sequence[DriverSetup] = (),
        on_share: Callable[[DriverShare], None] = ignore,
        notify: Notify = ignore,
    ):
        self._setups, self._on_share, self._notify = setups, on_share, notify
        self._drivers: list[FurtherDriver] = []
        self._replaced = 0
        self._is_stopping = False
        # The number of trials that the drivers were training when they were stopped.
        self.released = 0

    def __enter__(self) -> Self:
        for setup in self._setups:
            self._start(setup)
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        until = time.monotonic() + SECONDS_TO_END
        while any(each.end is None for each in self._drivers) and time.monotonic() < until:
            self.poll()
            time.sleep(POLL_SECONDS)
        for driver in self._drivers:
            self.released += driver.end.released if driver.end else 0
            driver.close(until)

    @property
    def processes(self) -> Collection[int]:
        """The process ids of all drivers."""
        return {each.number for each in self._drivers}

    def stop(self) -> None:
        """Let all drivers reset their trials to pending and end. May be called from a signal handler."""
        if not self._is_stopping:
            self._is_stopping = True
            for driver in self._drivers:
                driver.stop()

    def poll(self) -> None:
        """Pass on what the drivers have trained, and replace those that have died."""
        for driver in [each for each in self._drivers if each.end is None]:
            for share in driver.shares():
                self._on_share(share)
            if driver.end and driver.end.problem and not self._is_stopping:
                self._on_share(DriverShare(driver=driver.number))
                self._replace(driver, driver.end.problem)

    def _replace(self, driver: FurtherDriver, problem: str) -> None:
        is_replaced = self._replaced < MOST_REPLACED
        after = "another one takes its place" if is_replaced else "the others train its trials"
        self._notify(f"driver process {driver.number} has ended ({problem}); {after}")
        if is_replaced:
            self._replaced += 1
            self._start(driver.setup)

    def _start(self, setup: DriverSetup) -> None:
        try:
            self._drivers.append(FurtherDriver(setup))
        except OSError as error:
            self._notify(f"a further driver could not be started ({error}); the others train its part")
