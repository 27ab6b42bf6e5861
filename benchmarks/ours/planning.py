"""The cost of the driver itself: sweeps of many trials with a fake engine that takes no time."""

import resource
import sys
import time
from pathlib import Path

from benchmarks.ours.driving import FakeEngine, drive_with, fresh_store, prepared_sweep
from benchmarks.sweeps import wide_sweep

WARM_UP_TRIALS = 100


def time_driver(trials: int) -> dict[str, float]:
    """Milliseconds per trial from reading the sweep to the last row, and the process's peak memory in MB."""
    drive_through(WARM_UP_TRIALS)
    return {"milliseconds": 1e3 * drive_through(trials) / trials, "megabytes": largest_memory() / 1e6}


def drive_through(trials: int) -> float:
    """Seconds to plan, write and drive a sweep, without creating the empty database."""
    with fresh_store() as store:
        start = time.perf_counter()
        drive_with(FakeEngine(workers=2), store, prepared_sweep(wide_sweep(trials)), lambda block: None)
        return time.perf_counter() - start


def largest_memory(process: int | str = "self") -> int:
    """The peak resident memory of a process in bytes; for another process, only on a system with /proc."""
    status = Path(f"/proc/{process}/status")
    if status.exists():
        # Unlike ru_maxrss, this excludes the memory that was inherited from the parent before exec.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
