"""The driver: writes a sweep's trials, claims them, hands packs to an engine and records what comes back."""

from runner.driver.driving import Observer, SweepStoppedError, drive
from runner.driver.sweeps import WrittenSweep, stored_sweep, write_sweep
from runner.driver.work import pending_trials

__all__ = [
    "Observer",
    "SweepStoppedError",
    "WrittenSweep",
    "drive",
    "pending_trials",
    "stored_sweep",
    "write_sweep",
]
