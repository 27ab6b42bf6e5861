"""A pack that is stopped resumes from its saved states as if it had not been stopped."""

import math
from dataclasses import replace

import numpy as np
import pytest
from fitgap.runner.engine.worker import block_builder
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.worker.pack_trainer import train_pack
from support.engine.worker_blocks import ends_of, rows_of


def test_a_pack_that_is_stopped_saves_its_state_and_goes_on_from_there(tasks_of, small_sweep, monkeypatch):
    """Whatever epoch it is stopped after: together the two parts have the same rows, ends and kept networks."""
    monkeypatch.setattr(block_builder, "BLOCK_SECONDS", 0.0)
    tasks, dataset = tasks_of(small_sweep.replace("epochs: 4", "epochs: 4, keep: best"))
    for task in tasks:
        undisturbed = list(train_pack(task, PreparedRepeats(dataset)))
        for stop_after in (1, 2, 3):
            epochs = iter(range(1, 9))
            first = list(train_pack(task, PreparedRepeats(dataset), lambda: next(epochs) >= stop_after))  # noqa: B023
            states = {state.trial_id: state for block in first for state in block.states}
            assert {state.epoch for state in states.values()} == {stop_after}
            rest = task.subset(states).starting_from([states[trial].arrays for trial in task.trials if trial in states])
            again = first + list(train_pack(rest, PreparedRepeats(dataset)))
            assert repr(sorted(rows_of(again).items())) == repr(sorted(rows_of(undisturbed).items()))
            assert ends_without_seconds(again) == ends_without_seconds(undisturbed)
            assert kept_of(again) == kept_of(undisturbed)


def ends_without_seconds(blocks):
    """How trials ended, as text, so that NaN equals NaN."""
    return {trial: repr(replace(end, seconds=0.0)) for trial, end in ends_of(blocks).items()}


def kept_of(blocks):
    return {(each.trial_id, each.epoch): each.parameters.tobytes() for block in blocks for each in block.kept}


def test_states_are_sent_now_and_then(tasks_of, monkeypatch):
    """Here after every epoch except the last, after which there is nothing to resume."""
    monkeypatch.setattr(block_builder, "BLOCK_SECONDS", 0.0)
    monkeypatch.setattr(block_builder, "STATE_SECONDS", 0.0)
    (task,), dataset = tasks_of("{data: iris, training: {epochs: 3}}")
    blocks = list(train_pack(task, PreparedRepeats(dataset)))
    assert [state.epoch for block in blocks for state in block.states] == [1, 2]


def test_the_state_at_the_end_is_kept_where_the_sweep_says_so(tasks_of):
    (task,), dataset = tasks_of("{data: iris, training: {epochs: 3, keep: state}}")
    blocks = list(train_pack(task, PreparedRepeats(dataset)))
    ((state,),) = [block.states for block in blocks if block.states]
    assert state.epoch == 3
    assert kept_of(blocks) == {(task.trials[0], 3): state.arrays["parameters"].tobytes()}


@pytest.mark.parametrize("keep", ["none", "best", "state"])
@pytest.mark.parametrize("after", [1, 4, 11])
def test_metrics_are_the_same_after_a_stop(after, keep, tasks_of):
    """Also if the best epoch was before the stop, or the last one before it."""
    (task,), dataset = tasks_of(
        "{data: iris, seed: 2, repeats: 2, training: {epochs: 12, batch_size: 4, keep: " + keep + "}, "
        "axes: {optimizer: [{adam: {rate: 0.2}}, {adam: {rate: 0.02}}]}}"
    )
    whole = ends_of(list(train_pack(task, PreparedRepeats(dataset))))
    epochs = iter(range(1, 13))
    before = list(train_pack(task, PreparedRepeats(dataset), lambda: next(epochs) == after))
    assert not ends_of(before)
    saved = {state.trial_id: state.arrays for block in before for state in block.states}
    # Resumes in a pack with fewer members.
    rest = task.subset(task.trials[1:])
    resumed = ends_of(
        list(train_pack(rest.starting_from([saved[trial] for trial in rest.trials]), PreparedRepeats(dataset)))
    )
    for trial, end in resumed.items():
        assert end.metrics.keys() == whole[trial].metrics.keys()
        for name, value in end.metrics.items():
            assert np.array_equal(value, whole[trial].metrics[name], equal_nan=True), name
        for name in ("confusion", "recognized", "best_recognized"):
            assert np.array_equal(getattr(end, name), getattr(whole[trial], name)), name
    assert after < 11 or any(end.best_epoch < after for end in whole.values())


def test_a_state_of_an_earlier_version_leaves_metrics_of_its_best_epoch_unknown(tasks_of):
    (task,), dataset = tasks_of(
        "{data: iris, training: {epochs: 12, batch_size: 4}, axes: {optimizer: [{adam: {rate: 0.3}}]}}"
    )
    epochs = iter(range(1, 13))
    blocks = list(train_pack(task, PreparedRepeats(dataset), lambda: next(epochs) == 11))
    (state,) = [state.arrays for block in blocks for state in block.states]
    old = {name: value for name, value in state.items() if name not in ("best_parameters", "best_accuracy")}
    (end,) = ends_of(list(train_pack(task.starting_from([old]), PreparedRepeats(dataset)))).values()
    assert end.best_epoch < 11 and end.confusion is None and math.isnan(end.metrics["best_accuracy_v"])
    assert end.best_recognized is None and end.recognized.shape == (3, 2)
    assert "best_f1_macro_v" not in end.metrics and end.metrics["f1_macro_v"] > 0
