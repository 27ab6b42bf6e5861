"""Table `cluster`: what a driver can record, compared with what a thousand workers produce."""

from benchmarks.comparison import Comparison, Figure, Job, job
from benchmarks.tables.table import Settings, Table

# Trials per architecture, enough to keep the driver busy for a few seconds.
TRIALS = {"16": 10_000, "64-32": 10_000, "256-128": 10_000}
EPOCHS = 100
QUICK_TRIALS, QUICK_EPOCHS = 160, 20
RECORDS = ("all", "every=10", "epochs=log")
# The same as in the reliability tests.
ROWS_TO_REACH = {"SQLite": 50_000.0, "PostgreSQL": 20_000.0}
UNIT = "trials/s"


def comparisons(settings: Settings) -> list[Comparison]:
    architectures = ("16",) if settings.quick else tuple(TRIALS)
    cases = [(each, record, "SQLite", 1) for each in architectures for record in RECORDS]
    cases += [("16", "all", "PostgreSQL", 1), ("16", "every=10", "PostgreSQL", 1), ("16", "all", "PostgreSQL", 2)]
    cases += [] if settings.quick else [("16", "every=10", "PostgreSQL", 2)]
    return [trial_comparison(*case, settings.quick) for case in cases] + [
        row_comparison(kind, settings.quick) for kind in ROWS_TO_REACH
    ]


def trial_comparison(architecture: str, record: str, kind: str, drivers: int, quick: bool) -> Comparison:
    """The trials per second that drivers record, compared with those that 1,000 workers train."""
    measured = driver_job(architecture, record, kind, drivers, quick)
    case = f"{architecture}, {record}, {kind}" + (f", {drivers} drivers" if drivers > 1 else "")
    return Comparison(case, "workers", (Figure(measured, "trials"),), (Figure(measured, "needed"),), UNIT, 1.0)


def row_comparison(kind: str, quick: bool) -> Comparison:
    measured = driver_job("16", "all", kind, 1, quick)
    return Comparison(f"rows, {kind}", "target", (Figure(measured, "rows"),), ROWS_TO_REACH[kind], "rows/s", 1.0)


def driver_job(architecture: str, record: str, kind: str, drivers: int, quick: bool) -> Job:
    trials, epochs = (QUICK_TRIALS, QUICK_EPOCHS) if quick else (TRIALS[architecture], EPOCHS)
    sweep = {"architecture": architecture, "trials": trials, "epochs": epochs, "record": record}
    server = kind == "PostgreSQL"
    return job("ours.cluster:drive_cluster", cores=2 if server else 1, server=server, drivers=drivers, **sweep)


TABLE = Table(
    comparisons,
    (
        "cluster: trials per second that the real driver records in the real store (ours), and that 1,000 workers",
        "train (theirs), with 100 epochs on digits. 1,000 times the ratio is the number of workers a driver can serve.",
        "Workers are simulated: their packs take as long as packs recorded on one machine (benchmarks/recorded), and",
        "their blocks have the sizes of real ones and arrive in the order of simulated time. Ours is CPU time: that of",
        "the driver and of the PostgreSQL server, which does not wait for its disk; each driver has its own CPU.",
    ),
)
