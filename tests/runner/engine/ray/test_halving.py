"""Halving prunes the same trials with any engine and any number of workers."""

import pytest
from fitgap import open_store, run_sweep
from fitgap.runner.engine import auto

pytestmark = pytest.mark.xdist_group("searches on Ray")

SWEEP = {
    "data": "digits",
    "repeats": 2,
    "training": {"epochs": 9},
    "halving": {"first": 1},
    "axes": {"architecture": [4, 8], "optimizer": [{"adam": {"rate": [1e-4, 1e-3, 1e-2]}}, "momentum"]},
}
FOUND = ["configuration", "repeat", "status", "epochs", "e_t", "e_v", "best_epoch", "honest_e_v", "verdict", "reason"]


def pruned(name, **where):
    """Every trial and epoch of the sweep."""
    found = run_sweep(SWEEP, name=name, **where)
    return found.trials(columns=FOUND).sort("configuration", "repeat"), found.epochs().drop("trial")


@pytest.mark.nightly
def test_the_same_is_pruned_on_ray_and_with_any_number_of_workers():
    trials, epochs = pruned("local", engine="local")
    for number, (engine, workers) in enumerate([("ray", 2), ("ray", 8), ("auto", 1), ("auto", 8)]):
        own_trials, own_epochs = pruned(f"other-{number}", engine=engine, workers=workers)
        assert own_trials.equals(trials) and own_epochs.equals(epochs), (engine, workers)


def test_the_same_is_pruned_in_local_processes(monkeypatch):
    trials, epochs = pruned("local", engine="local")
    assert set(trials["status"]) == {"completed", "pruned"}
    monkeypatch.setattr(auto, "WORTH_PROCESSES_SECONDS", 0.0)
    own_trials, own_epochs = pruned("processes", engine="auto", workers=2)
    assert own_trials.equals(trials) and own_epochs.equals(epochs)
    with open_store() as store:
        assert store.sweeps()["pruned"].to_list() == [trials["status"].to_list().count("pruned")] * 2
