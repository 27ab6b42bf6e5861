"""Table `store`: epoch rows per second written to SQLite."""

from benchmarks.comparison import Comparison, Figure, job
from benchmarks.tables.table import Settings, Table

BLOCK_SIZES = (100, 1_000, 10_000)
ROWS, QUICK_ROWS = 200_000, 20_000
OPTUNA_SECONDS, QUICK_OPTUNA_SECONDS = 5.0, 0.5
UNIT = "rows/s"
ROWS_TO_REACH, TIMES_OPTUNA = 100_000.0, 200.0


def comparisons(settings: Settings) -> list[Comparison]:
    seconds = QUICK_OPTUNA_SECONDS if settings.quick else OPTUNA_SECONDS
    optuna = Figure(job("peers.optuna_rdb:report_epochs", seconds=seconds), "rows")
    rows = []
    for size in BLOCK_SIZES:
        writing = job("ours.writing:write_blocks", rows=QUICK_ROWS if settings.quick else ROWS, block_rows=size)
        ours, case = (Figure(writing, "rows"),), f"blocks of {size:,} rows"
        rows.append(Comparison(case, "target", ours, ROWS_TO_REACH, UNIT, 1.0))
        rows.append(Comparison(case, "optuna", ours, (optuna,), UNIT, TIMES_OPTUNA))
    return rows


TABLE = Table(
    comparisons,
    (
        "store: epoch rows per second into an SQLite file in the temporary folder, by one process on one core. A row",
        "of fitgap has ten numbers and is written by the driver's own call, one transaction per block. optuna:",
        "trial.report of one number per epoch into its RDB storage; only the report is timed.",
    ),
)
