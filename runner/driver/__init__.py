"""The driver: writes a sweep's trials, claims them, gives packs to an engine and stores the results."""

from fitgap.runner.driver.driver_count import explained, with_driver_count
from fitgap.runner.driver.followed_advice import followed_advice
from fitgap.runner.driver.generations import advice_beyond
from fitgap.runner.driver.interrupts import InterruptHandler
from fitgap.runner.driver.launch import Audience, Watcher, budget_of, launch_new, launch_stored, stored_sweep_opened
from fitgap.runner.driver.loop import BlockObserver, SweepStoppedError, drive
from fitgap.runner.driver.messages import DriverShare
from fitgap.runner.driver.pending_trials import ExpectedWork, expected_work
from fitgap.runner.driver.rounds import repeats_to_come
from fitgap.runner.driver.written_sweep import (
    Extended,
    WrittenSweep,
    add_configurations,
    check_extensible,
    continue_pruned,
    extend_sweep,
    present_name,
    stored_sweep,
    write_sweep,
)

__all__ = [
    "Audience",
    "BlockObserver",
    "DriverShare",
    "ExpectedWork",
    "Extended",
    "InterruptHandler",
    "SweepStoppedError",
    "Watcher",
    "WrittenSweep",
    "add_configurations",
    "advice_beyond",
    "budget_of",
    "check_extensible",
    "continue_pruned",
    "drive",
    "expected_work",
    "explained",
    "extend_sweep",
    "followed_advice",
    "launch_new",
    "launch_stored",
    "present_name",
    "repeats_to_come",
    "stored_sweep",
    "stored_sweep_opened",
    "with_driver_count",
    "write_sweep",
]
