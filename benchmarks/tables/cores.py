"""Table `cores`: the speed-up of two Ray workers over one."""

from benchmarks.comparison import Comparison, Figure, job
from benchmarks.sweeps import FULL, QUICK, digits_sweep
from benchmarks.tables.table import Settings, Table

EPOCHS, CORES = 50, 2
TARGET = 1.85


def comparisons(settings: Settings) -> list[Comparison]:
    trials = QUICK if settings.quick else FULL
    sweep = digits_sweep(trials, EPOCHS)
    two, one = (
        Figure(job("ours.driving:time_warm", cores=CORES, sweep=sweep, workers=workers), "seconds")
        for workers in (2, 1)
    )
    case = f"digits, {trials} trials of {EPOCHS} epochs, 2 workers against 1"
    return [Comparison(case, "itself", (two,), (one,), "s", TARGET)]


TABLE = Table(
    comparisons,
    (
        "cores: seconds from the first pack sent to warm Ray workers, which have trained the sweep once before, to the",
        "last row in SQLite, with two workers (ours) and one (theirs). The driver runs on the same two cores in both.",
    ),
)
