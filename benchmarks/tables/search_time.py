"""Table `search-time`: seconds until a search has found a configuration within 5 % of the best known one."""

from benchmarks.comparison import Comparison, Figure, Job, job
from benchmarks.search_space import BEST_KNOWN, EASY, FACTOR, FIRST_RUNG, WITHIN
from benchmarks.tables.table import Settings, Table

CORES = 2
LIMIT, QUICK_LIMIT = 50.0, 30.0
TARGET = 10.0
# More than can be trained within the time limit.
TRIALS = 20_000
HALVING = {"halving": {"factor": FACTOR, "first": FIRST_RUNG, "of": "best_e_v"}}
# By its name in the table, each search: the section `search` and the pruning rule.
OURS = {
    "tpe": ({"method": "tpe", "trials": TRIALS, "generation": 16}, {}),
    "gp": ({"method": "gp", "trials": TRIALS, "generation": 16}, {}),
    "tpe, halving": ({"method": "tpe", "trials": TRIALS, "generation": 96}, HALVING),
}
PRUNERS = ("median", "hyperband")
SIDES = {"from the start of the process": "seconds", "from the first trial": "searching"}


def comparisons(settings: Settings) -> list[Comparison]:
    limit, wanted = (QUICK_LIMIT, EASY) if settings.quick else (LIMIT, WITHIN * BEST_KNOWN)
    common = {"cores": CORES, "workers": CORES, "limit": limit, "wanted": wanted}
    ours = our_searches(common)
    theirs = their_searches(common)
    case = f"digits, until E_v ≤ {wanted:.4f}"
    return [
        Comparison(
            f"{case}, {since}",
            peer,
            tuple(Figure(each, name, note) for note, each in ours.items()),
            tuple(Figure(each, name, note) for note, each in jobs.items()),
            "s",
            TARGET,
            limit=limit,
        )
        for since, name in SIDES.items()
        for peer, jobs in theirs.items()
    ]


def our_searches(common: dict) -> dict[str, Job]:
    """The alternatives by name; the best one counts."""
    return {
        name: job("ours.search_time:time_search", search=search, rule=rule, **common)
        for name, (search, rule) in OURS.items()
    }


def their_searches(common: dict) -> dict[str, dict[str, Job]]:
    """The alternatives by peer and name; the best one of each peer counts."""
    studies = {
        f"optuna-{network}": {
            pruner: job("peers.optuna_search:time_search", pruner=pruner, network=network, **common)
            for pruner in PRUNERS
        }
        for network in ("scikit-learn", "pytorch")
    }
    return {**studies, "ray-tune-pytorch": {"ASHA": job("peers.ray_tune_search:time_search", **common)}}


TABLE = Table(
    comparisons,
    (
        "search-time: seconds on two cores until an E_v within 5 % of the best known one was found, in a space of one",
        "hidden layer: width, activation function, batch size, L2 penalty, rate of Adam; 27 epochs. Ours is `fitgap",
        "run FILE --db FILE --workers 2`, and what counts is the end of the trial in the database. Optuna: two",
        "processes, SQLite, multivariate TPE with the constant liar, a report per epoch. ray-tune-pytorch: ASHA,",
        "random points, reused actors, JSON log. For peers, what was measured after any epoch counts, also if it is",
        "pruned later. All train the same networks with the same loss and penalty on the same examples. Every run of",
        "every program has a seed of its own, since luck decides much: rely on the medians of many runs. A search that",
        f"has found nothing {LIMIT:.0f} s after its first trial began counts as {LIMIT:.0f} s.",
    ),
)
