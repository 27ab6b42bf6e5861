"""Table `million`: a full sweep of a million trials on a thousand simulated workers."""

from benchmarks.comparison import Comparison, Figure, job
from benchmarks.tables.table import Settings, Table

TRIALS, QUICK_TRIALS = 1_000_000, 2_000
ARCHITECTURE, EPOCHS, RECORD = "64-32", 100, "epochs=log"
MEGABYTES_TO_REACH = 300.0


def comparisons(settings: Settings) -> list[Comparison]:
    trials = QUICK_TRIALS if settings.quick else TRIALS
    sweep = {"architecture": ARCHITECTURE, "trials": trials, "epochs": EPOCHS, "record": RECORD}
    measured = job("ours.cluster:drive_cluster", server=False, drivers=1, **sweep)
    case = f"{trials:,} trials, {ARCHITECTURE}, {RECORD}, SQLite"
    return [
        Comparison(case, "workers", (Figure(measured, "trials"),), (Figure(measured, "needed"),), "trials/s", 1.0),
        Comparison(f"{case}: memory", "target", (Figure(measured, "megabytes"),), MEGABYTES_TO_REACH, "MB", 1.0),
    ]


TABLE = Table(
    comparisons,
    (
        "million: as in the table cluster, but with a million trials and a thousand workers at the same time. A run",
        "takes 15 minutes on an idle machine and 10 GB of disk; --runs 1 is enough.",
    ),
)
