"""Table `grid-search`: trials per second of a whole command, compared with GridSearchCV after its start."""

from benchmarks.comparison import Comparison, Figure, job
from benchmarks.sweeps import GRID_REPEATS, grid_size, grid_sweep
from benchmarks.tables.table import Settings, Table

EPOCHS, CORES = 10, 2
TARGET = 6.0


def comparisons(settings: Settings) -> list[Comparison]:
    quick = settings.quick
    trials = grid_size(quick)
    sweep = grid_sweep(EPOCHS, quick)
    ours = Figure(job("ours.command:time_command", cores=CORES, sweep=sweep, workers=CORES), "trials")
    searching = job("peers.grid_search:time_search", cores=CORES, epochs=EPOCHS, workers=CORES, quick=quick)
    case = f"digits, {trials // GRID_REPEATS} settings × {GRID_REPEATS} splits, {EPOCHS} epochs"
    return [Comparison(case, "grid-search", (ours,), (Figure(searching, "trials"),), "trials/s", TARGET)]


TABLE = Table(
    comparisons,
    (
        "grid-search: trials per second on two cores. Ours is `fitgap run FILE --db FILE --workers 2` from starting",
        "the process to the last row, with E_t and E_v of every epoch. grid-search: GridSearchCV(MLPClassifier,",
        "n_jobs=2) without its start: its processes have trained before. Both train one or two sizes, three activation",
        "functions and several rates of Adam on two thirds of the examples, with softmax and cross entropy and batches",
        "of 32. GridSearchCV measures the accuracy on the other third once, after the last epoch.",
    ),
)
