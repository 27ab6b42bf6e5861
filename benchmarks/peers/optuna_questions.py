"""Optuna's query for the best trials that match a filter, from its relational storage on SQLite."""

import time
from pathlib import Path
from statistics import median

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution

STUDY, ANSWERS, HOW_MANY = "made", 3, 20
DISTRIBUTIONS = {
    "activation": CategoricalDistribution(("relu", "tanh", "sigmoid", "prelu")),
    "rate": FloatDistribution(1e-3, 1e-1),
}


def ask_leaderboard(folder: str, trials: int) -> dict[str, float]:
    """The median time of a query in milliseconds: all trials are loaded through Optuna's API, then filtered and sorted.

    Each query opens a new storage object, as a command or web page would. The trials have no epochs.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = f"sqlite:///{folder}/optuna-{trials}.db"
    if not Path(f"{folder}/optuna-{trials}.db").exists():
        study = optuna.create_study(study_name=STUDY, storage=storage)
        study.add_trials([synthetic_trial(number) for number in range(trials)])
    times = []
    for _ in range(ANSWERS):
        start = time.perf_counter()
        found = best(optuna.load_study(study_name=STUDY, storage=storage))
        times.append(time.perf_counter() - start)
        assert len(found) == HOW_MANY
    return {"milliseconds": 1e3 * median(times)}


def synthetic_trial(number: int) -> optuna.trial.FrozenTrial:
    rate = 1e-3 + (number * 37 % 100) / 1e3 * 0.99
    activation = DISTRIBUTIONS["activation"].choices[number % 4]
    error = (number * 7919 % 10_007) / 20_000
    return optuna.trial.create_trial(
        params={"activation": activation, "rate": rate},
        distributions=DISTRIBUTIONS,
        value=error,
        user_attrs={"e_t": error / 2, "underfit": error / 3},
    )


def best(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    def wanted(trial: optuna.trial.FrozenTrial) -> bool:
        chosen = trial.params["activation"] == "relu" or trial.params["rate"] >= 1e-2
        return trial.value < 0.3 and chosen and trial.user_attrs["underfit"] < 0.2

    return sorted(filter(wanted, study.trials), key=lambda trial: trial.value)[:HOW_MANY]
