"""The heartbeat of a driver: renews its lease, and takes over from drivers that have died."""

import threading
import time
from typing import Self

from fitgap.runner.errors import DriverFencedError, StoreError
from fitgap.runner.store import DriverSession, OtherDriver
from fitgap.runner.system.machine_record import machine_identity, still_runs

BEAT_SECONDS = 1.5
# A lease must stay expired this long by this process's own clock, so that a jump of the database's clock does not make
# a live driver look dead. Two beats: a live driver renews in between, and a dead one is found at most three beats after
# its lease has expired.
CONFIRM_SECONDS = 3.0
# A process that still runs on this machine is more likely waiting for the processor, the disk or a lock than hung.
# Replacing it would end a sweep for no good reason.
CONFIRM_RUNNING_SECONDS = 300.0


class Heartbeat:
    """Runs the heartbeat in its own thread while the context is entered."""

    def __init__(self, session: DriverSession):
        self.session = session
        self.watch = Watch()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fitgap-heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        # The first beat is immediate, so that trials of a driver that has just died on this machine need not wait.
        is_ending = False
        while not is_ending:
            try:
                beat(self.session, self.watch)
            except DriverFencedError:
                # The driver gets the same error as soon as it writes.
                return
            except StoreError:
                # The database may be back by the next beat; if not, the driver reports the error.
                pass
            is_ending = self._end.wait(BEAT_SECONDS)


def beat(session: DriverSession, watch: "Watch") -> None:
    """Renew the lease and take over from drivers that have died."""
    session.renew()
    for other in session.other_drivers_at_work():
        if watch.is_dead(other):
            session.take_over(other)


class Watch:
    """Detects dead drivers: by their process on this machine, and by their lease on other machines or if they hang."""

    def __init__(self) -> None:
        self.machine = machine_identity()
        self.expired_since: dict[tuple[int, float], float] = {}

    def is_dead(self, other: OtherDriver) -> bool:
        """Whether a driver is dead: its process is gone, or its lease has expired and was not renewed."""
        is_here = other.machine == self.machine
        if is_here and not still_runs(other.process, other.process_started):
            return True
        if not other.has_expired:
            return False
        now = time.monotonic()
        since = self.expired_since.setdefault((other.driver_id, other.lease_until), now)
        return now - since >= (CONFIRM_RUNNING_SECONDS if is_here else CONFIRM_SECONDS)
