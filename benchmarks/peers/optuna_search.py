"""Optuna's multivariate TPE with a pruner: two processes share a study on SQLite and report E_v after every epoch."""

import multiprocessing
import secrets
from tempfile import TemporaryDirectory

import optuna
from optuna.trial import Trial

from benchmarks.peers.search_networks import BEGIN, Choice
from benchmarks.peers.search_race import Race
from benchmarks.search_space import ACTIVATIONS, BATCH_SIZES, EPOCHS, FACTOR, FIRST_RUNG, RATES, WEIGHTS, WIDTHS

STUDY = "digits"
PRUNERS = {
    "median": lambda: optuna.pruners.MedianPruner(n_warmup_steps=FIRST_RUNG),
    "hyperband": lambda: optuna.pruners.HyperbandPruner(
        min_resource=FIRST_RUNG, max_resource=EPOCHS, reduction_factor=FACTOR
    ),
}


def time_search(pruner: str, network: str, wanted: float, limit: float, workers: int) -> dict[str, float]:
    """Seconds until an E_v of at most `wanted` was measured; the limit if none was."""
    context = multiprocessing.get_context("spawn")
    race = Race.among(context, wanted, limit)
    with TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
        storage = f"sqlite:///{folder}/study.db"
        optuna.create_study(study_name=STUDY, storage=storage)
        processes = [
            context.Process(target=optimize, args=(storage, pruner, network, secrets.randbelow(2**31), race))
            for _ in range(workers)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    assert all(process.exitcode == 0 for process in processes)
    return race.figures()


def optimize(storage: str, pruner: str, network: str, seed: int, race: Race) -> None:
    """The program of one process."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # Optuna recommends the constant liar when several processes search.
    sampler = optuna.samplers.TPESampler(multivariate=True, constant_liar=True, seed=seed)
    study = optuna.load_study(study_name=STUDY, storage=storage, sampler=sampler, pruner=PRUNERS[pruner]())

    def train(trial: Trial) -> float:
        race.begin_trial()
        train_epoch = BEGIN[network](suggested(trial), seed + trial.number)
        for epoch in range(1, EPOCHS + 1):
            e_v = train_epoch()
            race.measured(e_v)
            trial.report(e_v, epoch)
            if race.is_over:
                study.stop()
                break
            if trial.should_prune():
                raise optuna.TrialPruned
        return e_v

    study.optimize(train)


def suggested(trial: Trial) -> Choice:
    return Choice(
        width=trial.suggest_categorical("width", WIDTHS),
        activation=trial.suggest_categorical("activation", ACTIVATIONS),
        batch_size=trial.suggest_categorical("batch_size", BATCH_SIZES),
        weight=trial.suggest_float("weight", *WEIGHTS, log=True),
        rate=trial.suggest_float("rate", *RATES, log=True),
    )
