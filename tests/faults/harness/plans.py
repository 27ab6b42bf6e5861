"""Made-up sweeps as rows, and blocks of epochs whose every number follows from its trial and epoch."""

import numpy as np

from runner.messages import MEASURED, Block, EpochRows, SavedState, TrialEnd
from runner.store import SweepPlan

CONFIGURATION = {
    "settings": {},
    "architecture": "4",
    "layers": "2-4-1",
    "activation": "relu",
    "output_activation": "identity",
    "initializer": "he_normal",
    "regularizer": "none",
    "optimizer": "adam:rate=0.001",
    "schedule": "constant",
    "stopping": "none",
    "loss": "half_squared_error",
    "learning_rate": 0.001,
    "batch_size": 32,
    "planned_epochs": 4,
    "parameters": 17,
}
DATA_SET = {
    "name": "made",
    "fingerprint": "f" * 16,
    "example_count": 10,
    "target_kind": "numbers",
    "input_names": ["left", "right"],
    "target_names": ["sum"],
    "class_names": [],
}
SPLIT = {"repeat": 1, "training_count": 7, "validation_count": 3, "constant_columns": [], "preprocessing": {}}


def plan(trials):
    """A sweep of so many trials."""
    configurations = [{"hash": f"{number:016x}", **CONFIGURATION} for number in range(trials)]
    return SweepPlan("made", {"name": "made"}, DATA_SET, [SPLIT], configurations, "0")


def number_of(trial, epoch):
    """What every column of an epoch holds."""
    return trial + epoch / 16


def rows(pairs):
    """The rows of these (trial, epoch)."""
    trials, epochs = np.array(pairs, int).reshape(-1, 2).T
    numbers = number_of(trials, epochs)
    return EpochRows(trials, epochs, **dict.fromkeys(MEASURED, numbers))


def saved(trial, epoch):
    """The state of a trial after an epoch."""
    return SavedState(trial, epoch, {"epoch": np.array(epoch), "trial": np.array(trial)})


def block(pairs=(), ends=(), states=()):
    """A block of these epochs, with trials that end as (trial, status, epochs) and states as (trial, epoch)."""
    ended = tuple(TrialEnd(trial, status, epochs=epochs) for trial, status, epochs in ends)
    return Block(rows(pairs) if pairs else None, ended, states=tuple(saved(*each) for each in states))
