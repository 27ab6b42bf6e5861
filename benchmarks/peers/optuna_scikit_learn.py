"""Optuna with scikit-learn: two processes share a study on SQLite, and store the errors of every epoch.

A report holds one number, E_v; E_t is an attribute of the trial. MLPRegressor lacks prelu, rmsprop and dropout: relu
and adam replace the first two, and dropout is left out.
"""

import multiprocessing
import random
from tempfile import TemporaryDirectory

import numpy as np
import optuna
from optuna.trial import Trial
from sklearn.neural_network import MLPRegressor

from benchmarks.child import STARTED
from benchmarks.digits import digits
from benchmarks.peers.scaling import trials_per_second
from benchmarks.sweeps import ACTIVATIONS, ARCHITECTURES, OPTIMIZERS, REPEATS

STUDY = "digits"
ACTIVATION_NAMES = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "prelu": "relu"}
SOLVERS = {
    "gradient_descent": {"solver": "sgd", "momentum": 0.0, "nesterovs_momentum": False},
    "momentum": {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False},
    "rmsprop": {"solver": "adam"},
    "adam": {"solver": "adam"},
}


def time_study(trials: int, epochs: int, workers: int, wanted: int) -> dict[str, float]:
    """Trials per second of a sweep of `wanted` trials, extrapolated from `trials` trials."""
    with TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
        storage = f"sqlite:///{folder}/study.db"
        study = optuna.create_study(study_name=STUDY, storage=storage)
        context = multiprocessing.get_context("spawn")
        processes = [
            context.Process(target=optimize, args=(storage, number, trials // workers, epochs))
            for number in range(workers)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        finished = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    assert len(finished) == trials // workers * workers
    first = min(trial.datetime_start for trial in finished).timestamp()
    last = max(trial.datetime_complete for trial in finished).timestamp()
    return {"trials": trials_per_second(STARTED, first, last, len(finished), wanted)}


def optimize(storage: str, seed: int, trials: int, epochs: int) -> None:
    """The program of one process."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.RandomSampler(seed)
    study = optuna.load_study(study_name=STUDY, storage=storage, sampler=sampler)
    data = digits()
    study.optimize(lambda trial: train(trial, data, epochs), n_trials=trials)


def train(trial: Trial, data: tuple[np.ndarray, np.ndarray], epochs: int) -> float:
    """Train a trial; returns its last E_v."""
    network = suggested(trial)
    inputs, targets = data
    order = np.random.default_rng(trial.suggest_categorical("repeat", list(range(REPEATS)))).permutation(len(inputs))
    validation, training = np.split(order, [len(inputs) // 5])
    for epoch in range(epochs):
        network.partial_fit(inputs[training], targets[training])
        e_t, e_v = (half_squared_error(network, inputs[rows], targets[rows]) for rows in (training, validation))
        trial.report(e_v, epoch)
        trial.set_user_attr(f"e_t_{epoch}", e_t)
    return e_v


def suggested(trial: Trial) -> MLPRegressor:
    """The network that Optuna suggests for the trial."""
    hidden = trial.suggest_categorical("architecture", ARCHITECTURES)
    activation = trial.suggest_categorical("activation", ACTIVATIONS)
    number = trial.suggest_categorical("optimizer", list(range(len(OPTIMIZERS))))
    name, rate = OPTIMIZERS[number]
    return MLPRegressor(
        hidden_layer_sizes=tuple(map(int, hidden.split("-"))),
        activation=ACTIVATION_NAMES[activation],
        learning_rate_init=rate,
        batch_size=32,
        alpha=0,
        random_state=random.randrange(2**31),
        **SOLVERS[name],
    )


def half_squared_error(network: MLPRegressor, inputs: np.ndarray, targets: np.ndarray) -> float:
    return float(0.5 * ((network.predict(inputs) - targets) ** 2).sum(axis=1).mean())
