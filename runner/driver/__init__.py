"""The driver: writes a sweep's trials, claims them, hands packs to an engine and records what comes back."""

from fitgap.runner.driver.interrupts import InterruptHandler
from fitgap.runner.driver.loop import BlockObserver, SweepStoppedError, drive
from fitgap.runner.driver.pending import ExpectedWork, expected_work
from fitgap.runner.driver.sweeps import Extended, WrittenSweep, extend_sweep, present_name, stored_sweep, write_sweep

__all__ = [
    "BlockObserver",
    "ExpectedWork",
    "Extended",
    "InterruptHandler",
    "SweepStoppedError",
    "WrittenSweep",
    "drive",
    "expected_work",
    "extend_sweep",
    "present_name",
    "stored_sweep",
    "write_sweep",
]
