"""The driver: writes a sweep's trials, claims them, hands packs to an engine and records what comes back."""

from runner.driver.driving import Observer, SweepStoppedError, drive
from runner.driver.pending import ExpectedWork, expected_work
from runner.driver.stopping import Stopping
from runner.driver.sweeps import Extended, WrittenSweep, extend_sweep, stored_sweep, write_sweep

__all__ = [
    "ExpectedWork",
    "Extended",
    "Observer",
    "Stopping",
    "SweepStoppedError",
    "WrittenSweep",
    "drive",
    "expected_work",
    "extend_sweep",
    "stored_sweep",
    "write_sweep",
]
