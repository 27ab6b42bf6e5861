"""Table `overhead`: a sweep with Ray, SQLite and driver, compared with the bare core on the same packs."""

from benchmarks.comparison import Comparison, Figure, job
from benchmarks.sweeps import FULL, QUICK, digits_sweep
from benchmarks.tables.table import Settings, Table

EPOCHS, CORES = 50, 2
TARGET = 1 / 1.15
PERCENT_TO_REACH = 5.0


def comparisons(settings: Settings) -> list[Comparison]:
    trials = QUICK if settings.quick else FULL
    sweep = digits_sweep(trials, EPOCHS)
    ours = job("ours.driving:time_warm", cores=CORES, sweep=sweep, workers=CORES)
    bare = job("peers.bare_loop:time_loop", cores=CORES, sweep=sweep, processes=CORES)
    case = f"digits, {trials} trials of {EPOCHS} epochs"
    return [
        Comparison(case, "bare-loop", (Figure(ours, "seconds"),), (Figure(bare, "seconds"),), "s", TARGET),
        Comparison(f"{case}: the driver's share", "target", (Figure(ours, "driver"),), PERCENT_TO_REACH, "%", 1.0),
    ]


TABLE = Table(
    comparisons,
    (
        "overhead: seconds from the first pack sent to two warm Ray workers, which have trained the sweep once before,",
        "to the last row in SQLite. bare-loop: the same packs with their E_t and E_v in two local processes on the",
        "same two cores; examples are prepared before, and nothing is sent or written. The driver's share: CPU time",
        "of the process that sends packs and writes, including Ray's part in it, relative to that of both cores.",
    ),
)
