"""A store of many synthetic trials to query: realistic settings and plausible curves."""

from collections.abc import Iterator, Sequence

import numpy as np
from fitgap.runner.driver import write_sweep
from fitgap.runner.messages import Block, EpochRows, TrialEnd
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.trial_status import Status

from benchmarks.ours.driving import nameless_driver, prepared_sweep
from benchmarks.sweeps import written

NAME = "made"
REPEATS = 5
ARCHITECTURES, ACTIVATIONS = ("8", "16", "32", "64-32"), ("relu", "tanh", "sigmoid", "prelu")
OPTIMIZERS = ("gradient_descent", "adam")
# Number of architectures, of activation functions, of L2 weights (in addition to no regularizer), and of learning rates
# per optimizer. With five repeats, 16 · (1 + 24) · 2 · 25 configurations make 100,000 trials; the other sizes have
# 1,000,000, 10,240, 1,600 and 10.
SIZES = {
    "million": (4, 4, 124, 50),
    "full": (4, 4, 24, 25),
    "tenth": (4, 4, 7, 8),
    "quick": (4, 4, 4, 2),
    "ten": (1, 1, 0, 1),
}
TRIALS_AT_A_TIME = 200


def trial_count(size: str) -> int:
    architectures, activations, weights, rates = SIZES[size]
    return architectures * activations * (1 + weights) * len(OPTIMIZERS) * rates * REPEATS


def fill_store(database: str, *, epochs: int, size: str = "full") -> None:
    """Write a sweep called `made` with all its trials and epochs, and the fit of each trial."""
    architectures, activations, weights, rates = SIZES[size]
    penalties = [{"l2": {"weight": [(1 + number) / 1e5 for number in range(weights)]}}] if weights else []
    axes = {
        "architecture": list(ARCHITECTURES[:architectures]),
        "activation": list(ACTIVATIONS[:activations]),
        "regularizer": ["none", *penalties],
        "optimizer": [{name: {"rate": [(1 + number) / 1e3 for number in range(rates)]}} for name in OPTIMIZERS],
    }
    sweep = prepared_sweep(written(NAME, axes, epochs=epochs, repeats=REPEATS))
    with open_store_for_writing(database) as store:
        sweep_id = write_sweep(store, sweep).sweep_id
        driver = nameless_driver(store)
        numbers = range(1, trial_count(size) + 1)
        for start in range(0, len(numbers), TRIALS_AT_A_TIME):
            trials = numbers[start : start + TRIALS_AT_A_TIME]
            driver.claim(trials)
            driver.record(synthetic_block(trials, epochs))
        driver.end()
        store.refresh_fit(sweep_id)


def synthetic_block(trials: Sequence[int], epochs: int) -> Block:
    """All epochs of some trials: errors fall, and in some trials E_v rises again."""
    numbers = np.random.default_rng(trials[0])
    epoch = np.arange(1, epochs + 1)
    floor, pace, rise = (numbers.uniform(*bounds, (len(trials), 1)) for bounds in ((0.01, 0.2), (5, 40), (-0.1, 0.1)))
    e_t = floor + 0.4 * np.exp(-epoch / pace) + numbers.normal(0, 1e-4, (len(trials), epochs))
    e_v = e_t + 0.01 + np.maximum(0, rise) * epoch / epochs
    columns = {
        "trial_id": np.repeat(trials, epochs),
        "epoch": np.tile(epoch, len(trials)),
        "e_t": e_t,
        "e_v": e_v,
        "e_t_running": e_t,
        "se_t": e_t / 30,
        "se_v": e_v / 20,
        "accuracy_t": 1 - e_t,
        "accuracy_v": 1 - e_v,
        "learning_rate": np.full(e_t.shape, 1e-3),
    }
    rows = EpochRows(**{name: values.reshape(-1) for name, values in columns.items()})
    return Block(rows, tuple(synthetic_ends(trials, e_t, e_v)))


def synthetic_ends(trials: Sequence[int], e_t: np.ndarray, e_v: np.ndarray) -> Iterator[TrialEnd]:
    """The summary of each trial, computed from its curves (T, epochs)."""
    for row, trial in enumerate(trials):
        best = int(e_v[row].argmin())
        yield TrialEnd(
            trial,
            Status.COMPLETED,
            epochs=e_v.shape[1],
            e_t=float(e_t[row, -1]),
            e_v=float(e_v[row, -1]),
            best_epoch=best + 1,
            best_e_t=float(e_t[row, best]),
            best_e_v=float(e_v[row, best]),
            accuracy_t=float(1 - e_t[row, -1]),
            accuracy_v=float(1 - e_v[row, -1]),
            seconds=0.1,
        )
