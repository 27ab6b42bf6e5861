"""Table `query`: queries to a store of 100,000 trials with 100 epochs each."""

import os

from benchmarks.comparison import Comparison, Figure, Job, job
from benchmarks.made_store import trial_count
from benchmarks.tables.table import Settings, Table

OPTUNA_TRIALS, QUICK_OPTUNA_TRIALS = 10_000, 200
# An environment variable that may hold the address of an empty PostgreSQL database, which is then queried as well.
POSTGRESQL = "FITGAP_BENCHMARK_POSTGRESQL"
# Targets: for queries in milliseconds, for exports (below) in rows per second.
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
    size = "quick" if settings.quick else "full"
    rows = [row for kind in databases for row in of_database(kind, databases[kind], size)]
    return [rows[0], optuna_comparison(settings), *rows[1:]]


def optuna_comparison(settings: Settings) -> Comparison:
    """The first query to fitgap and to Optuna, over about the same number of trials."""
    size = "quick" if settings.quick else "tenth"
    trials = QUICK_OPTUNA_TRIALS if settings.quick else OPTUNA_TRIALS
    peer = job("peers.optuna_questions:ask_leaderboard", folder=str(settings.folder), trials=trials)
    theirs = (Figure(peer, "milliseconds", f"{trials:,} trials"),)
    ours = (Figure(query_job(str(settings.folder / f"{size}.db"), "leaderboard", size), "milliseconds"),)
    case = f"{NAMES['leaderboard']}, SQLite, of {trial_count(size):,}"
    return Comparison(case, "optuna", ours, theirs, "ms", TIMES_OPTUNA)


def of_database(kind: str, database: str, size: str) -> list[Comparison]:
    """The rows of one kind of database."""
    rows = [
        Comparison(
            f"{NAMES[name]}, {kind}",
            "target",
            (Figure(query_job(database, name, size), "milliseconds"),),
            most,
            "ms",
            1.0,
        )
        for name, most in QUESTIONS.items()
    ]
    exporting = job("ours.querying:export", cores=2, database=database, size=size)
    case = f"export of {trial_count(size) * 100:,} epochs to Parquet, {kind}"
    rows.append(Comparison(case, "target", (Figure(exporting, "rows"),), EXPORT[kind], "rows/s", 1.0))
    rows.append(
        Comparison(f"{case}: memory", "target", (Figure(exporting, "megabytes"),), MEGABYTES_TO_REACH, "MB", 1.0)
    )
    return rows


def query_job(database: str, question: str, size: str) -> Job:
    return job("ours.querying:ask", database=database, question=question, size=size)


TABLE = Table(
    comparisons,
    (
        f"query: queries over {trial_count('full'):,} synthetic trials of 100 epochs, inside one process, with a warm",
        "database; the median of seven answers. optuna: 10,000 trials without epochs, loaded, filtered and sorted",
        "with its API, the median of three; ours are 10,240 trials there. Exports may use two cores.",
        f"PostgreSQL is included if {POSTGRESQL} holds the address of an empty database.",
    ),
)
