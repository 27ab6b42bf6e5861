"""Refreshes the fit of a sweep's trials while a driver trains them, using a small share of its time."""

import time

from fitgap.runner.store import DriverSession

# Minimum seconds between refreshes, and the largest share of the driver's time that they may take.
LEAST_SECONDS = 10.0
LARGEST_SHARE = 0.03


class FitKeeper:
    """Refreshes the fit of a sweep from time to time, and at the end."""

    def __init__(self, session: DriverSession, sweep_id: int):
        self.session, self.sweep_id = session, sweep_id
        self.due = time.monotonic() + LEAST_SECONDS

    def refresh_when_due(self) -> None:
        if time.monotonic() >= self.due:
            self.refresh()

    def refresh(self) -> None:
        began = time.monotonic()
        self.session.refresh_fit(self.sweep_id)
        ended = time.monotonic()
        self.due = ended + max(LEAST_SECONDS, (ended - began) / LARGEST_SHARE)
