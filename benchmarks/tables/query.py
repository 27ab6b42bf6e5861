"""Table `query`: questions to a store of 100,000 trials with 100 epochs each."""

import os

from benchmarks.comparison import Comparison, Figure, Job, job
from benchmarks.made_store import trial_count
from benchmarks.tables.table import Settings, Table

OPTUNA_TRIALS, QUICK_OPTUNA_TRIALS = 10_000, 200
# The address of an empty PostgreSQL database to ask as well.
POSTGRESQL = "FITGAP_BENCHMARK_POSTGRESQL"
# Milliseconds and rows a second to reach.
QUESTIONS = {"leaderboard": 100.0, "compare": 300.0, "curves": 20.0}
NAMES = {
    "leaderboard": "top 20 with a filter and fit",
    "compare": "compare by two axes",
    "curves": "curves of 20 trials",
}
EXPORT = {"SQLite": 500_000.0, "PostgreSQL": 250_000.0}
MEGABYTES_TO_REACH = 300.0
TIMES_OPTUNA = 100.0


def comparisons(settings: Settings) -> list[Comparison]:
    databases = {"SQLite": str(settings.folder / "made.db")}
    if address := os.environ.get(POSTGRESQL):
        databases["PostgreSQL"] = address
    rows = [row for kind in databases for row in of_database(kind, databases[kind], settings.quick)]
    trials = QUICK_OPTUNA_TRIALS if settings.quick else OPTUNA_TRIALS
    peer = job("peers.optuna_questions:ask_leaderboard", folder=str(settings.folder), trials=trials)
    theirs = (Figure(peer, "milliseconds", f"{trials:,} trials"),)
    ours = (Figure(asked(databases["SQLite"], "leaderboard", settings.quick), "milliseconds"),)
    rows.insert(1, Comparison(f"{NAMES['leaderboard']}, SQLite", "optuna", ours, theirs, "ms", TIMES_OPTUNA))
    return rows


def of_database(kind: str, database: str, quick: bool) -> list[Comparison]:
    """The rows of one kind of database."""
    rows = [
        Comparison(
            f"{NAMES[name]}, {kind}", "target", (Figure(asked(database, name, quick), "milliseconds"),), most, "ms", 1.0
        )
        for name, most in QUESTIONS.items()
    ]
    exporting = job("ours.querying:export", database=database, quick=quick)
    case = f"export of {trial_count(quick) * 100:,} epochs to Parquet, {kind}"
    rows.append(Comparison(case, "target", (Figure(exporting, "rows"),), EXPORT[kind], "rows/s", 1.0))
    rows.append(
        Comparison(f"{case}: memory", "target", (Figure(exporting, "megabytes"),), MEGABYTES_TO_REACH, "MB", 1.0)
    )
    return rows


def asked(database: str, question: str, quick: bool) -> Job:
    return job("ours.querying:ask", database=database, question=question, quick=quick)


TABLE = Table(
    comparisons,
    (
        f"query: questions to {trial_count(quick=False):,} made-up trials of 100 epochs, inside one process, with the",
        "database warm, the median of seven answers. optuna: 10,000 trials without epochs, loaded, filtered and sorted",
        "by its API, the median of three.",
        f"PostgreSQL is asked where {POSTGRESQL} has the address of an empty database.",
    ),
)
