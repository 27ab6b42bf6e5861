"""Trials that restore their best epoch end with its network, errors, accuracies and evidence; nothing else changes."""

import math
from dataclasses import replace

import numpy as np
import pytest
from fitgap.core.stopping import AcceptableError, NoImprovement
from fitgap.core.training import Pack
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.engine.worker import block_builder
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.models.trial_models import model_of_trial
from fitgap.runner.planning.packs import PlannedTrial, pack_shape, pack_task
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing

# Overfits at once; the activation learns a parameter.
SWEEP = """\
name: small
data: {{source: diabetes, validation: 0.5}}
repeats: 2
training: {{epochs: 12, batch_size: 16, keep: {keep}, measure: {measure}}}
axes:
  architecture: [24]
  activation: [{{prelu: {{learn: beta}}}}]
  optimizer: [{{adam: {{rate: 0.03}}}}]
  stopping: [none, {{no_improvement: {{epochs: 4}}}}, {{no_improvement: {{epochs: 4, restore: best}}}},
             {{no_improvement: {{epochs: 100, restore: best}}}}]
"""
PLAIN, STOPPED, RESTORED, PATIENT = (
    "none",
    "no_improvement:epochs=4",
    "no_improvement:epochs=4,restore=best",
    ("no_improvement:epochs=100,restore=best"),
)


def of_sweep(path, keep="last", measure="all"):
    """The store of a trained sweep."""
    store = open_store_for_writing(str(path / "it.db"))
    written = write_sweep(store, prepare_sweep(sweep_from_text(SWEEP.format(keep=keep, measure=measure))))
    drive(store, written, engine="local", workers=None, on_block=lambda block: None)
    return store


def trials_by(store, stopping):
    return {row["repeat"]: store.show(row["trial"]) for row in store.trials("small", where=f"stopping == '{stopping}'")}


@pytest.mark.parametrize("measure", ["all", "50"])
def test_a_trial_ends_with_its_best_epoch(measure, tmp_path):
    with of_sweep(tmp_path, measure=measure) as store:
        plain, stopped = trials_by(store, PLAIN), trials_by(store, STOPPED)
        for repeat, row in trials_by(store, RESTORED).items():
            other = stopped[repeat]
            epochs = {each["epoch"]: each for each in store.epochs([row["trial"]])}
            assert len(epochs) == row["epochs"] == other["epochs"]
            best = epochs[row["best_epoch"]]
            assert row["best_epoch"] < row["epochs"]
            for name in ("e_t", "e_v", "accuracy_t", "accuracy_v"):
                assert row[name] == best[name]
            for name in ("best_e_v", "honest_e_t", "best_epoch", "honest_e_v"):
                assert row[name] == other[name]
            assert other["e_v"] == epochs[row["epochs"]]["e_v"] > row["e_v"]
            assert f"the network of epoch {row['best_epoch']} was restored" in row["reason"]
            assert row["learned"] != other["learned"]
            (own,) = store.layers(row["trial"])[:1]
            (theirs,) = store.layers(other["trial"])[:1]
            assert own["rms_start"] == theirs["rms_start"] and own["rms"] != theirs["rms"]
        for repeat, row in trials_by(store, PATIENT).items():
            assert row["epochs"] == 12 == plain[repeat]["epochs"]
            assert row["e_v"] == plain[repeat]["best_e_v"]
            assert row["reason"] == f"the network of epoch {row['best_epoch']} was restored"


@pytest.mark.parametrize("keep", ["none", "last", "best", "state"])
def test_the_network_is_that_of_the_best_epoch_however_it_is_kept(keep, tmp_path):
    with of_sweep(tmp_path, keep=keep) as store:
        for row in trials_by(store, RESTORED).values():
            kept = store.kept_parameters(row["trial"], row["best_epoch"])
            assert (kept is None) == (keep == "none")
            last, best = (model_of_trial(store, row["trial"], at=at).model for at in ("last", "best"))
            inputs = np.random.default_rng(0).normal(size=(5, 10))
            assert np.array_equal(last.predict(inputs), best.predict(inputs))


def task_of(text):
    sweep = prepare_sweep(sweep_from_text(text))
    trials = [PlannedTrial(number, each, 1) for number, each in enumerate(sweep.configurations, start=1)]
    return pack_task(trials, pack_shape(sweep.configurations[0], sweep), sweep), sweep.dataset


def ends_of(blocks):
    return {end.trial_id: replace(end, seconds=0.0) for block in blocks for end in block.ended}


def test_a_resumed_trial_restores_what_an_uninterrupted_one_does(monkeypatch):
    monkeypatch.setattr(block_builder, "STATE_SECONDS", 0.0)
    task, dataset = task_of(SWEEP.format(keep="none", measure="all"))
    source = PreparedRepeats(dataset)
    blocks = list(train_pack(task, source))
    whole = ends_of(blocks)
    stops = iter([False] * 5 + [True])
    states = {}
    for block in train_pack(task, source, lambda: next(stops)):
        states |= {state.trial_id: state for state in block.states}
    assert set(states) == set(task.trials) and {state.epoch for state in states.values()} == {6}
    resumed = replace(task, states=tuple(states[trial].arrays for trial in task.trials))
    assert ends_of(train_pack(resumed, source)) == whole
    evidence = {each.trial_id: each for block in blocks for each in block.evidence}
    again = {each.trial_id: each for block in train_pack(resumed, source) for each in block.evidence}
    for trial, each in evidence.items():
        assert again[trial].statistics == each.statistics
        assert np.array_equal(again[trial].errors, each.errors, equal_nan=True)


def test_a_diverged_trial_restores_nothing(tmp_path):
    text = SWEEP.format(keep="last", measure="all").replace("rate: 0.03", "rate: 1.0e+30")
    with open_store_for_writing(str(tmp_path / "it.db")) as store:
        written = write_sweep(store, prepare_sweep(sweep_from_text(text)))
        drive(store, written, engine="local", workers=None, on_block=lambda block: None)
        for row in trials_by(store, RESTORED).values():
            assert row["status"] == "diverged"
            assert "no longer finite" in row["reason"] and "restored" not in row["reason"]


def test_putting_parameters_changes_one_member_only():
    task, dataset = task_of(SWEEP.format(keep="none", measure="all"))
    pack = Pack(task.shape, task.members, PreparedRepeats(dataset).of_task(task))
    pack.run_epoch()
    before = [pack.parameters_of(number) for number in range(4)]
    pack.put_parameters(2, 2 * before[2])
    for number in range(4):
        assert np.array_equal(pack.parameters_of(number), before[number] * (1 + (number == 2)))


def test_a_configuration_without_it_is_stored_as_before():
    assert NoImprovement(epochs=3).settings() == {"epochs": 3, "least": 0.0}
    assert NoImprovement(epochs=3, restore="best").settings() == {"epochs": 3, "least": 0.0, "restore": "best"}
    assert NoImprovement.from_settings({"epochs": 3, "least": 0.0}) == NoImprovement(epochs=3)
    assert not AcceptableError(error=0.1).restores_best and not math.isnan(NoImprovement().least)
