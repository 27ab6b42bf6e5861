"""A worker's blocks contain the whole training, in pieces, with a summary of each trial at its end."""

import math
import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from fitgap.core.training import EpochResults, Pack, train
from fitgap.runner.engine.worker import block_builder, pack_trainer
from fitgap.runner.engine.worker.block_builder import BlockBuilder
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.trial_status import Status
from support.engine.worker_blocks import MEASURED, ends_of, rows_of

# Trains in a process of its own, whose environment asks for four threads.
COUNT_THREADS = """
import numpy as np
from threadpoolctl import threadpool_info
import fitgap.core.training, fitgap.runner.engine.worker.pack_trainer as pack_trainer
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.planning.packs import PlannedTrial, pack_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

class Spy(fitgap.core.training.Pack):
    def run_in_parts(self):
        print("inside", max(each["num_threads"] for each in threadpool_info()))
        yield from super().run_in_parts()

pack_trainer.Pack = Spy
sweep = prepare_sweep(sweep_from_text("{data: iris, training: {epochs: 1}}"))
trials = [PlannedTrial(1, sweep.configurations[0], 1)]
(task,) = pack_trials(trials, sweep, workers=1)
print("before", max(each["num_threads"] for each in threadpool_info()))
list(pack_trainer.train_pack(task, PreparedRepeats(sweep.dataset)))
"""


def trained(task, dataset):
    """The epochs of a pack trained by the core alone: one dictionary per row, by trial and epoch."""
    rows = {}
    for results in train(task.shape, task.members, PreparedRepeats(dataset).of_task(task)):
        for position, member in enumerate(results.members):
            numbers = {name: getattr(results, name)[position] for name in (*MEASURED, "diverged", "finished")}
            rows[task.trials[member], results.epoch] = numbers
    return rows


@pytest.mark.parametrize("seconds", [0.0, 1000.0])
def test_the_blocks_of_a_pack_together_are_its_training(seconds, tasks_of, small_sweep, monkeypatch):
    """However often blocks are sent: after every epoch, or once at the end."""
    monkeypatch.setattr(block_builder, "BLOCK_SECONDS", seconds)
    tasks, dataset = tasks_of(small_sweep)
    assert len(tasks) > 1
    for task in tasks:
        blocks = list(train_pack(task, PreparedRepeats(dataset)))
        rows, expected = rows_of(blocks), trained(task, dataset)
        assert rows.keys() == expected.keys()
        for key, numbers in rows.items():
            for name, value in numbers.items():
                assert np.array_equal(value, expected[key][name], equal_nan=True)
        assert set(ends_of(blocks)) == set(task.trials)


def test_the_first_epoch_is_sent_at_once(tasks_of, monkeypatch):
    """Even if it is reported in several parts. The other epochs come together."""
    monkeypatch.setattr(block_builder, "BLOCK_SECONDS", 1000.0)
    (task,), dataset = tasks_of("{data: iris, training: {epochs: 5, batch_size: 1}}")
    blocks = list(train_pack(task, PreparedRepeats(dataset)))
    assert [block.rows.epoch.tolist() for block in blocks] == [[1], [2, 3, 4, 5]]


def test_a_worker_among_many_sends_seldom_and_not_even_its_first_epoch_at_once(tasks_of, monkeypatch):
    monkeypatch.setattr(block_builder, "BLOCK_SECONDS", 0.0)
    (task,), dataset = tasks_of("{data: iris, training: {epochs: 5}}")
    (block,) = train_pack(replace(task, block_seconds=1000.0), PreparedRepeats(dataset))
    assert block.rows.epoch.tolist() == [1, 2, 3, 4, 5] and len(block.ended) == 1


def test_a_summary_is_that_of_the_trials_epochs(tasks_of, small_sweep):
    """Best is the first epoch with the lowest E_v, and diverged epochs never count."""
    for task in tasks_of(small_sweep)[0]:
        dataset = tasks_of(small_sweep)[1]
        blocks = list(train_pack(task, PreparedRepeats(dataset)))
        epochs, ends = rows_of(blocks), ends_of(blocks)
        for trial, end in ends.items():
            check_summary(end, [epochs[key] for key in sorted(epochs) if key[0] == trial])


def check_summary(end, epochs):
    finite = [epoch for epoch in epochs if math.isfinite(epoch["e_t"]) and math.isfinite(epoch["e_v"])]
    assert end.status is (Status.COMPLETED if len(finite) == len(epochs) else Status.DIVERGED)
    assert end.epochs == len(epochs)
    for name in ("e_t", "e_v", "accuracy_t", "accuracy_v"):
        assert np.array_equal(getattr(end, name), epochs[-1][name], equal_nan=True)
    assert end.seconds > 0
    if finite:
        best = int(np.argmin([epoch["e_v"] for epoch in finite]))
        assert (end.best_epoch, end.best_e_v, end.best_e_t) == (best + 1, finite[best]["e_v"], finite[best]["e_t"])
    else:
        assert end.best_epoch is None


def test_of_equal_errors_the_first_epoch_is_the_best(tasks_of):
    (task,), dataset = tasks_of("{data: iris, training: {epochs: 3}}")
    noted, pack = BlockBuilder(task), untrained(task, dataset)
    for epoch, e_v in enumerate([2.0, 1.0, 1.0, 3.0], start=1):
        noted.add(results_of(epoch, e_t=float(epoch), e_v=e_v, finished=epoch == 4), pack)
    (end,) = noted.ended
    assert (end.best_epoch, end.best_e_v, end.best_e_t, end.e_v) == (2, 1.0, 2.0, 3.0)


def untrained(task, dataset):
    """The untrained pack of a task, whose parameters a test needs."""
    return Pack(task.shape, task.members, PreparedRepeats(dataset).of_task(task))


def results_of(epoch, e_t, e_v, *, finished=False):
    numbers = {name: np.array([0.5]) for name in MEASURED} | {"e_t": np.array([e_t]), "e_v": np.array([e_v])}
    diverged = ~np.isfinite(numbers["e_t"]) | ~np.isfinite(numbers["e_v"])
    return EpochResults(
        np.array([0]), epoch, **numbers, diverged=diverged, finished=np.array([finished]), stopped_because=(None,)
    )


@pytest.mark.parametrize(("e_t", "e_v"), [(math.nan, 0.1), (0.1, math.inf), (math.inf, math.nan), (-math.inf, 0.1)])
def test_an_epoch_in_which_either_error_is_not_finite_ends_the_trial_and_is_never_its_best(e_t, e_v, tasks_of):
    (task,), dataset = tasks_of("{data: iris}")
    noted, pack = BlockBuilder(task), untrained(task, dataset)
    noted.add(results_of(1, e_t=3.0, e_v=2.0), pack)
    noted.add(results_of(2, e_t=e_t, e_v=e_v), pack)
    block = noted.block()
    (end,) = block.ended
    assert (end.status, end.epochs, end.best_epoch, end.best_e_v) == (Status.DIVERGED, 2, 1, 2.0)
    assert "after epoch 2" in end.reason
    # The diverged epoch is kept as evidence.
    assert block.rows.epoch.tolist() == [1, 2]


def test_a_trial_that_diverges_leaves_the_others_as_they_were(tasks_of):
    """The same members with and without one that diverges: bit for bit the same numbers."""
    text = "{{data: iris, training: {{epochs: 3}}, axes: {{optimizer: [adam, {{gradient_descent: {{rate: {}}}}}]}}}}"
    (sick,), dataset = tasks_of(text.format("1e+30"))
    (healthy,), _ = tasks_of(text.format("0.1"))
    with_it, without = (
        rows_of(train_pack(sick, PreparedRepeats(dataset))),
        rows_of(train_pack(healthy, PreparedRepeats(dataset))),
    )
    assert ends_of(train_pack(sick, PreparedRepeats(dataset)))[11].status is Status.DIVERGED
    assert [with_it[10, epoch] for epoch in (1, 2, 3)] == [without[10, epoch] for epoch in (1, 2, 3)]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("bad\nnumber"), "ValueError: bad\nnumber"),
        (FloatingPointError("overflow"), "FloatingPointError: overflow"),
        (TypeError("odd"), "TypeError: odd"),
        (MemoryError("too large"), "out of memory: too large"),
        (MemoryError(), "out of memory: no more could be allocated"),
    ],
)
def test_a_training_that_breaks_loses_the_trials_that_were_open(error, told, tasks_of, small_sweep, monkeypatch):
    """Earlier measurements and ends of trials are kept. Only a lack of memory may be temporary."""
    tasks, dataset = tasks_of(small_sweep)
    task = max(tasks, key=lambda task: len(task.trials))

    class Breaking(Pack):
        def run_in_parts(self):
            results = (each for each in Pack.run_in_parts(self) if isinstance(each, EpochResults))
            yield next(results)
            yield next(results)
            raise error

    monkeypatch.setattr(pack_trainer, "Pack", Breaking)
    blocks = list(train_pack(task, PreparedRepeats(dataset)))
    diverged, failure = set(ends_of(blocks)), blocks[-1].failure
    assert diverged and failure.trials and not diverged & set(failure.trials)
    assert diverged | set(failure.trials) == set(task.trials)
    assert {(trial, epoch) for trial, epoch in rows_of(blocks)} >= {(trial, 2) for trial in failure.trials}
    assert failure.task is task and failure.reason.startswith(told)
    assert failure.is_certain is not isinstance(error, MemoryError)


def test_data_that_cannot_be_prepared_lose_the_trials_too(tasks_of):
    def refuse(task):
        raise ValueError("no such split")

    (task,), _ = tasks_of("{data: iris}")
    (block,) = train_pack(task, SimpleNamespace(of_task=refuse))
    assert block.rows is None and block.ended == ()
    assert (block.failure.trials, block.failure.reason) == (task.trials, "ValueError: no such split")


@pytest.mark.nightly
def test_a_worker_trains_on_one_blas_thread_whatever_the_environment_says(tmp_path):
    four = {name: "4" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", COUNT_THREADS],
        env={**os.environ, **four},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "inside 1" in done.stdout.splitlines()


def test_the_number_of_blas_threads_is_put_back(tasks_of):
    from threadpoolctl import threadpool_info, threadpool_limits

    (task,), dataset = tasks_of("{data: iris, training: {epochs: 1}}")
    with threadpool_limits(limits=2, user_api="blas"):
        before = threadpool_info()
        list(train_pack(task, PreparedRepeats(dataset)))
        assert threadpool_info() == before


def test_several_repeats_in_a_pack_have_their_own_examples(tasks_of):
    (task,), dataset = tasks_of("{data: iris, repeats: 2, training: {epochs: 1}}")
    examples = PreparedRepeats(dataset).of_task(task)
    assert set(examples) == {1, 2}
    assert not np.array_equal(examples[1].validation_inputs, examples[2].validation_inputs)


def test_what_is_kept_is_the_network_after_the_best_or_the_last_epoch(tasks_of):
    """Kept parameters equal those after the same epoch when the member is trained again."""
    text = "{{data: iris, training: {{epochs: 12, keep: {}}}, axes: {{optimizer: [{{adam: {{rate: [0.01, 0.3]}}}}]}}}}"
    for keep in ("none", "best", "last"):
        (task,), dataset = tasks_of(text.format(keep))
        blocks = list(train_pack(task, PreparedRepeats(dataset)))
        ends = ends_of(blocks)
        kept = {network.trial_id: network for block in blocks for network in block.kept}
        assert set(kept) == (set() if keep == "none" else set(task.trials))
        for trial, network in kept.items():
            assert network.epoch == (ends[trial].best_epoch if keep == "best" else 12)
            again = untrained(task.subset([trial]), dataset)
            for results in again.run():
                if results.epoch == network.epoch:
                    assert np.array_equal(again.parameters_of(0), network.parameters)


def test_learned_parameters_and_the_reason_of_a_stop_are_told_at_the_end(tasks_of):
    text = """
    data: iris
    training: {epochs: 50, stopping: {no_improvement: {epochs: 1}}}
    axes: {architecture: 4, activation: [relu, {silu: {learn: beta+gamma}}], optimizer: {adam: {rate: 0.3}}}
    """
    (task,), dataset = tasks_of(text)
    plain, learned = ends_of(train_pack(task, PreparedRepeats(dataset))).values()
    assert plain.learned is None or learned.learned is None
    values = plain.learned or learned.learned
    assert set(values) == {"layer_1.0.beta", "layer_1.0.gamma"} and 1.0 not in values.values()
    assert all("not improved for 1" in end.reason and end.epochs < 50 for end in (plain, learned))
