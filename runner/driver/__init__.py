"""The driver: writes a sweep's trials, claims them, hands packs to an engine and records what comes back."""

from runner.driver.driving import Observer, SweepStoppedError, drive
from runner.driver.sweeps import Extended, WrittenSweep, extend_sweep, stored_sweep, write_sweep
from runner.driver.work import pending_trials

__all__ = [
    "Extended",
    "Observer",
    "SweepStoppedError",
    "WrittenSweep",
    "drive",
    "extend_sweep",
    "pending_trials",
    "stored_sweep",
    "write_sweep",
]
