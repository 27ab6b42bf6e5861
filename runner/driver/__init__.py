"""The driver: writes a sweep's trials, claims them, gives packs to an engine and stores the results."""

from fitgap.runner.driver.generations import configurations_to_come
from fitgap.runner.driver.interrupts import InterruptHandler
from fitgap.runner.driver.launch import Audience, Watcher, launch_new, launch_stored, stored_sweep_opened
from fitgap.runner.driver.loop import BlockObserver, SweepStoppedError, drive
from fitgap.runner.driver.pending_trials import ExpectedWork, expected_work
from fitgap.runner.driver.written_sweep import (
    Extended,
    WrittenSweep,
    add_configurations,
    extend_sweep,
    present_name,
    stored_sweep,
    write_sweep,
)

__all__ = [
    "Audience",
    "BlockObserver",
    "ExpectedWork",
    "Extended",
    "InterruptHandler",
    "SweepStoppedError",
    "Watcher",
    "WrittenSweep",
    "add_configurations",
    "configurations_to_come",
    "drive",
    "expected_work",
    "extend_sweep",
    "launch_new",
    "launch_stored",
    "present_name",
    "stored_sweep",
    "stored_sweep_opened",
    "write_sweep",
]
