"""Table `scale`: the driver's time per trial, and its memory, as sweeps grow."""

from benchmarks.comparison import Comparison, Figure, Job, job
from benchmarks.tables.table import Settings, Table

SIZES, QUICK_SIZES = (1_000, 10_000, 100_000), (200, 1_000, 2_000)
# The time per trial may grow by at most 15 %.
FLAT = 1 / 1.15
MEGABYTES_TO_REACH = 400.0


def comparisons(settings: Settings) -> list[Comparison]:
    small, middle, large = QUICK_SIZES if settings.quick else SIZES
    # Fixed costs dominate the smallest sweep, so the largest is also compared with the middle one.
    rows = [growth(middle, small), growth(large, small), growth(large, middle)]
    memory = Figure(measured(large), "megabytes")
    case = f"memory of the driver, {large:,} trials"
    return [*rows, Comparison(case, "target", (memory,), MEGABYTES_TO_REACH, "MB", 1.0)]


def growth(size: int, before: int) -> Comparison:
    """The cost per trial in a sweep of this size, compared with a smaller one."""
    ours, theirs = (Figure(measured(trials), "milliseconds") for trials in (size, before))
    return Comparison(f"{size:,} trials against {before:,}", "itself", (ours,), (theirs,), "ms/trial", FLAT)


def measured(trials: int) -> Job:
    return job("ours.planning:time_driver", trials=trials)


TABLE = Table(
    comparisons,
    (
        "scale: the driver with a fake engine that returns synthetic blocks at once, one epoch per trial, one core:",
        "milliseconds per trial from reading the sweep to its last row, in a process that has driven a small sweep",
        "before, and the peak resident memory of that process.",
    ),
)
