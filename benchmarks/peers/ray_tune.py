"""Ray Tune: one trial at a time on each of two workers, reused actors, every epoch reported and logged as JSON.

One trainable trains with fitgap's core, one with PyTorch; both train the trials of the same sweep on the same examples.
"""

import logging
import os
import secrets
import time
from tempfile import TemporaryDirectory

os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
os.environ["TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S"] = "0"

import ray
from fitgap.core.datasets import Dataset
from fitgap.core.training import Pack
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.messages import PackTask
from fitgap.runner.planning.preparation import PreparedSweep
from ray import tune
from ray.tune.logger import JsonLoggerCallback

from benchmarks.child import STARTED
from benchmarks.ours.driving import planned_packs, prepared_sweep
from benchmarks.peers.scaling import trials_per_second


class OneTrial(tune.Trainable):
    """Trains one trial, one epoch per step. Subclasses define `begin` and `train_epoch`."""

    def setup(self, config: dict, tasks: list[PackTask], dataset: Dataset) -> None:
        self.tasks, self.source = tasks, PreparedRepeats(dataset)
        self.begin_trial(config["trial"])

    def reset_config(self, new_config: dict) -> bool:
        self.begin_trial(new_config["trial"])
        return True

    def begin_trial(self, number: int) -> None:
        task = self.tasks[number]
        self.begin(task, self.source.of_task(task))

    def step(self) -> dict[str, float]:
        return self.train_epoch()

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Save nothing. Without this method Tune marks every trial as failed at its end and stops its actor."""


class WithCore(OneTrial):
    """Trains with fitgap's core, in packs of one."""

    def begin(self, task: PackTask, examples: dict) -> None:
        self.pack = Pack(task.shape, task.members, examples)

    def train_epoch(self) -> dict[str, float]:
        results = self.pack.run_epoch()
        return {"e_t": float(results.e_t[0]), "e_v": float(results.e_v[0])}


class WithPyTorch(OneTrial):
    """Trains a PyTorch module with the settings of the trial."""

    def begin(self, task: PackTask, examples: dict) -> None:
        # Imported here, since only this trainable needs it.
        from benchmarks.peers.pytorch_trial import PyTorchTrial

        self.trial = PyTorchTrial(task, examples)

    def train_epoch(self) -> dict[str, float]:
        return self.trial.train_epoch()


class Clock(tune.Callback):
    """Notes when the first and the last epoch were reported."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_trial_result(self, iteration, trials, trial, result, **info) -> None:
        self.times.append(time.time())


def time_core(sweep: str, trials: int, workers: int) -> dict[str, float]:
    """Trials per second of the sweep, extrapolated from `trials` of its trials."""
    return time_tune(WithCore, sweep, trials, workers)


def time_pytorch(sweep: str, trials: int, workers: int) -> dict[str, float]:
    """The same with PyTorch."""
    return time_tune(WithPyTorch, sweep, trials, workers)


def time_tune(trainable: type[OneTrial], sweep: str, trials: int, workers: int) -> dict[str, float]:
    prepared = prepared_sweep(sweep)
    before = time.time()
    tasks = spread(tasks_of_one(prepared, workers), trials)
    # fitgap's own planning is not timed, since a user of Tune would not need it.
    started = STARTED + time.time() - before
    clock = Clock()
    with TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
        start_ray(workers)
        try:
            fit(tune.with_parameters(trainable, tasks=tasks, dataset=prepared.dataset), tasks, folder, clock)
        finally:
            ray.shutdown()
    assert len(clock.times) == sum(task.members[0].epochs for task in tasks)
    return {"trials": trials_per_second(started, clock.times[0], clock.times[-1], trials, prepared.trial_count)}


def tasks_of_one(prepared: PreparedSweep, workers: int) -> list[PackTask]:
    """Every trial of the sweep as its own pack."""
    return [task.subset({trial}) for task in planned_packs(prepared, workers) for trial in task.trials]


def spread(tasks: list[PackTask], count: int) -> list[PackTask]:
    """`count` tasks, evenly spread over the list, so that every kind is included."""
    return [tasks[number * len(tasks) // count] for number in range(count)]


def fit(trainable, tasks: list[PackTask], folder: str, clock: Clock) -> None:
    results = tune.Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        param_space={"trial": tune.grid_search(list(range(len(tasks))))},
        tune_config=tune.TuneConfig(reuse_actors=True),
        run_config=tune.RunConfig(
            stop={"training_iteration": tasks[0].members[0].epochs},
            storage_path=folder,
            verbose=0,
            callbacks=[JsonLoggerCallback(), clock],
        ),
    ).fit()
    assert not results.errors, results.errors


def start_ray(workers: int) -> None:
    """Start our own Ray, as fitgap does."""
    ray.init(
        address="local",
        num_cpus=workers,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        logging_level=logging.ERROR,
        log_to_driver=False,
    )
