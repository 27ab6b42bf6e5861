"""Ray Tune with ASHA: random points, PyTorch, one trial at a time on each worker, reused actors, JSON log."""

import secrets
import time
from tempfile import TemporaryDirectory
from typing import Any

import ray
from ray import tune
from ray.tune.logger import JsonLoggerCallback
from ray.tune.schedulers import ASHAScheduler

from benchmarks.child import STARTED
from benchmarks.peers.ray_tune import start_ray
from benchmarks.peers.search_networks import Choice, begin_pytorch
from benchmarks.search_space import ACTIVATIONS, BATCH_SIZES, EPOCHS, FACTOR, FIRST_RUNG, RATES, WEIGHTS, WIDTHS

# More than can be trained within the time limit.
MOST_TRIALS = 10_000


class SearchTrial(tune.Trainable):
    """Trains one network, one epoch per step."""

    def setup(self, config: dict[str, Any]) -> None:
        self.train_epoch = begin_pytorch(Choice(**config), secrets.randbelow(2**31))

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.setup(new_config)
        return True

    def step(self) -> dict[str, float]:
        return {"e_v": self.train_epoch()}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Save nothing. Without this method Tune marks every trial as failed at its end and stops its actor."""


class Finish(tune.Stopper, tune.Callback):
    """Ends the search when an E_v of at most `wanted` was reported, or `limit` seconds after the first trial began."""

    def __init__(self, wanted: float, limit: float):
        self.wanted, self.limit = wanted, limit
        self.begun = self.reached = 0.0

    def on_trial_start(self, iteration, trials, trial, **info) -> None:
        self.begun = self.begun or time.time()

    def on_trial_result(self, iteration, trials, trial, result, **info) -> None:
        if result["e_v"] <= self.wanted:
            self.reached = self.reached or time.time()

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return result["training_iteration"] >= EPOCHS

    def stop_all(self) -> bool:
        return bool(self.reached) or (bool(self.begun) and time.time() - self.begun > self.limit)


def time_search(wanted: float, limit: float, workers: int) -> dict[str, float]:
    """Seconds until an E_v of at most `wanted` was reported; the limit if none was."""
    finish = Finish(wanted, limit)
    with TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
        start_ray(workers)
        try:
            search(finish, folder)
        finally:
            ray.shutdown()
    found = finish.reached or float("inf")
    return {"seconds": min(limit, found - STARTED), "searching": min(limit, found - finish.begun)}


def search(finish: Finish, folder: str) -> None:
    space = {
        "width": tune.choice(WIDTHS),
        "activation": tune.choice(ACTIVATIONS),
        "batch_size": tune.choice(BATCH_SIZES),
        "weight": tune.loguniform(*WEIGHTS),
        "rate": tune.loguniform(*RATES),
    }
    scheduler = ASHAScheduler(max_t=EPOCHS, grace_period=FIRST_RUNG, reduction_factor=FACTOR)
    results = tune.Tuner(
        tune.with_resources(SearchTrial, {"cpu": 1}),
        param_space=space,
        tune_config=tune.TuneConfig(
            metric="e_v", mode="min", scheduler=scheduler, num_samples=MOST_TRIALS, reuse_actors=True
        ),
        run_config=tune.RunConfig(
            stop=finish, storage_path=folder, verbose=0, callbacks=[JsonLoggerCallback(), finish]
        ),
    ).fit()
    assert not results.errors, results.errors
