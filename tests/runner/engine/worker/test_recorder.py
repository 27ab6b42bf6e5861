"""What workers send if not every epoch is recorded: fewer numbers, but bit for bit the same."""

import itertools
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from fitgap.runner.engine.worker import block_builder
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.messages import MEASURED
from fitgap.runner.planning.packs import pack_shape as shape_of
from fitgap.runner.planning.packs import pack_task, planned_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.recorded_epochs import COMPLETE, Recording, always_recorded
from fitgap.runner.spec import sweep_from_text
from support.engine.worker_blocks import rows_of
from support.sampling import every_row

# Trials that are best in the middle, that stop early, that diverge at once and that train to the end.
SWEEP = """
data: iris
repeats: 2
training: {epochs: 41, batch_size: 16, keep: KEEP}
axes:
  architecture: 6
  stopping: [none, {no_improvement: {epochs: 3}}, {no_improvement: {epochs: 9}}]
  optimizer: [{adam: {rate: [0.01, 0.3]}}, {gradient_descent: {rate: 1e+30}}]
"""
THIN = [Recording(5), Recording(1000), Recording(None)]


@pytest.fixture
def task_of():
    """`task_of(keep)`: all trials of the sweep in one pack, and the source of their examples."""

    def make(keep="none"):
        sweep = prepare_sweep(sweep_from_text(SWEEP.replace("KEEP", keep)))
        trials = list(planned_trials(sweep))
        return pack_task(trials, shape_of(trials[0].configuration, sweep), sweep), PreparedRepeats(sweep.dataset)

    return make


def bytes_of(blocks):
    """The rows of all blocks, as bytes, by trial and epoch."""
    return {key: tuple(np.float64(row[name]).tobytes() for name in MEASURED) for key, row in rows_of(blocks).items()}


def rest_of(blocks):
    """Everything else in the blocks except for times, in a form that can be compared."""
    ends = {end.trial_id: repr(replace(end, seconds=0.0)) for block in blocks for end in block.ended}
    kept = {(each.trial_id, each.epoch): each.parameters.tobytes() for block in blocks for each in block.kept}
    evidence = {
        each.trial_id: (repr(each.statistics), each.errors.tobytes()) for block in blocks for each in block.evidence
    }
    return ends, kept, evidence


def expected_rows(complete, blocks, recording):
    """The rows to record, which depend on how the trials ended."""
    ends = {end.trial_id: end for block in blocks for end in block.ended}
    return {
        (trial, epoch): row
        for (trial, epoch), row in complete.items()
        if recording.includes(epoch) or epoch in always_recorded(ends[trial].epochs, ends[trial].best_epoch)
    }


@pytest.mark.parametrize("seconds", [0.0, 1000.0])
@pytest.mark.parametrize("recording", THIN)
def test_rows_are_fewer_and_all_else_is_the_same(recording, seconds, task_of, monkeypatch):
    monkeypatch.setattr(block_builder, "BLOCK_SECONDS", seconds)
    task, source = task_of("best")
    complete = list(train_pack(task, source))
    ends = [end for block in complete for end in block.ended]
    assert {end.epochs == 41 for end in ends} == {True, False}
    assert any(not recording.includes(end.best_epoch or 1) and end.best_epoch < end.epochs - 5 for end in ends)
    thinned = list(train_pack(replace(task, recording=recording), source))
    assert bytes_of(thinned) == expected_rows(bytes_of(complete), complete, recording)
    assert rest_of(thinned) == rest_of(complete)


@pytest.mark.parametrize(
    ("recording", "stops"), every_row(4, itertools.product(THIN, [(1,), (2,), (7, 8), (20, 31), (40,)]))
)
def test_stopped_and_gone_on_the_rows_are_those_of_an_undisturbed_pack(recording, stops, task_of, monkeypatch):
    """Rows held back are saved with the states: the best epoch so far, and those that may be in the last tenth."""
    monkeypatch.setattr(block_builder, "BLOCK_SECONDS", 0.0)
    task, source = task_of()
    task = replace(task, recording=recording)
    undisturbed = list(train_pack(task, source))
    blocks, rest = [], task
    for stop in stops:
        epochs = iter(range(first_epoch(rest), 99))
        part = list(train_pack(rest, source, lambda: next(epochs) >= stop))  # noqa: B023
        blocks += part
        states = {state.trial_id: state.arrays for block in part for state in block.states}
        rest = rest.subset(states)
        rest = rest.starting_from([states[trial] for trial in rest.trials])
    blocks += list(train_pack(rest, source))
    assert bytes_of(blocks) == bytes_of(undisturbed)
    assert rest_of(blocks) == rest_of(undisturbed)


def first_epoch(task):
    return int(task.states[0]["epoch"]) + 1 if task.states else 1


@pytest.mark.parametrize("recording", [COMPLETE, *THIN])
def test_every_epoch_is_counted_whether_it_is_recorded_or_not(recording, task_of, monkeypatch):
    monkeypatch.setattr(block_builder, "BLOCK_SECONDS", 0.0)
    task, source = task_of()
    trained, last = defaultdict(int), {}
    blocks = list(train_pack(replace(task, recording=recording), source))
    for block in blocks:
        if block.trained is not None:
            for trial, epoch, count in zip(
                block.trained.trial_id.tolist(), block.trained.last.tolist(), block.trained.count.tolist(), strict=True
            ):
                trained[trial] += count
                last[trial] = epoch
    ends = {end.trial_id: end.epochs for block in blocks for end in block.ended}
    assert trained == last == ends


def test_a_block_that_only_counts_is_nothing_to_store(task_of, monkeypatch):
    """The first epoch is sent at once; after that, most epochs are only counted."""
    monkeypatch.setattr(block_builder, "BLOCK_SECONDS", 0.0)
    task, source = task_of()
    first, *others = [block for block in train_pack(replace(task, recording=Recording(1000)), source) if block.trained]
    assert first.is_to_be_stored and set(first.rows.epoch.tolist()) == {1}
    assert sum(not block.is_to_be_stored for block in others) > 10
    assert all(block.is_to_be_stored for block in train_pack(task, source) if block.trained)


def test_what_is_saved_grows_by_the_last_tenth_of_the_epochs_and_the_best(task_of):
    """After thirty epochs: the last three, the one before them, and the best. Nothing if all epochs are recorded."""
    task, source = task_of()
    for recording in (COMPLETE, *THIN):
        epochs = iter(range(1, 99))
        blocks = list(train_pack(replace(task, recording=recording), source, lambda: next(epochs) >= 30))  # noqa: B023
        states = [state.arrays for block in blocks for state in block.states]
        held = [len(arrays["held_rows"]) for arrays in states if "held_rows" in arrays]
        assert max(held, default=0) <= (0 if recording is COMPLETE else 5)
        assert bool(held) is (recording is not COMPLETE)
