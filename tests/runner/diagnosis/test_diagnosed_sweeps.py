"""Diagnoses of small sweeps: siblings, ends of axes, trials that diverged, and changes that can be applied."""

import pytest
from fitgap import run_sweep
from fitgap.runner.diagnosis import diagnose_sweep
from fitgap.runner.diagnosis.explained import judged_reasons
from fitgap.runner.spec import sweep_from_mapping
from fitgap.runner.store import open_store

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("diagnosed sweeps")

SWEEP = {
    "name": "rates",
    "data": "iris",
    "repeats": 2,
    "training": {"epochs": 20},
    "axes": {
        "architecture": [4, 16],
        "optimizer": [{"adam": {"rate": [1e-5, 1e-2]}}, {"gradient_descent": {"rate": 1e30}}],
        "batch_size": [8, 32],
    },
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    database = str(tmp_path_factory.mktemp("diagnosed") / "it.db")
    run_sweep(SWEEP, engine="local", db=database)
    with open_store(database) as store:
        return diagnose_sweep(store, "rates")


def causes(found):
    return [(row, cause) for trouble in found["troubles"] for row in trouble["worst"] for cause in row["causes"]]


def test_a_sibling_leads(found):
    """The same network is good with a higher rate."""
    first = causes(found)[0][1]
    assert first["cause"] == "sibling" and "the optimizer is the cause" in first["seen"]
    (change,) = first["changes"]
    assert (change["axis"], change["from"], change["to"]) == ("optimizer", "adam:rate=1e-05", "adam:rate=0.01")


def test_changes_are_alternatives_of_their_axis(found):
    for row, cause in causes(found):
        for change in cause["changes"]:
            assert change["from"] == row[change["axis"]] != change["to"]
            sweep = sweep_from_mapping({"data": "iris", "axes": {change["axis"]: change["to"]}})
            assert len(sweep.axes[change["axis"]]) == 1


IMPATIENT = {
    "name": "impatient",
    "data": {"source": "digits", "preprocess": "none"},
    "training": {"epochs": 30},
    "axes": {
        "architecture": [32],
        "optimizer": [{"gradient_descent": {"rate": 0.3}}],
        "batch_size": [16],
        "stopping": [
            "none",
            {"no_improvement": {"epochs": 1, "least": 0.02}},
            {"acceptable_error": {"error": 0.4, "share": 0.5, "epochs": 1}},
        ],
    },
}


def test_a_trial_that_stopped_while_it_still_learned_should_stop_later(tmp_path):
    """More epochs would change nothing, so the advice is a rule with more patience, or a stricter one."""
    database = str(tmp_path / "it.db")
    run_sweep(IMPATIENT, engine="local", db=database)
    with open_store(database) as store:
        number = store.sweep("impatient")["id"]
        found = {row["stopping"]: reasons for row, reasons in judged_reasons(store, number, siblings=False)}
    assert len(found) == 2
    changed = {}
    for stopping, reasons in found.items():
        first = reasons[0]
        assert first.found.cause == "stopped_early" and "E_t still fell by" in first.found.seen
        assert "epochs" not in {change.axis for reason in reasons for change in reason.changes}
        changed[stopping] = first.changes[0].after
    assert changed == {
        "no_improvement:epochs=1,least=0.02": "no_improvement:epochs=20,least=0.02",
        "acceptable_error:error=0.4,share=0.5,epochs=1": "acceptable_error:error=0.04,share=0.5,epochs=1",
    }


def test_trials_that_diverged_are_reported_with_their_setting(found):
    (outcome,) = found["outcomes"]
    assert (outcome["status"], outcome["trials"], outcome["configurations"]) == ("diverged", 8, 4)
    assert outcome["most_with"]["setting"] == "gradient_descent:rate=1e+30"
    assert outcome["most_with"]["trials"] == outcome["most_with"]["of"] == 8
    assert outcome["advice"] == "a lower learning rate (gradient_descent:rate=0.1)"


def test_the_ends_of_axes_are_named(found):
    """The best network has the highest rate, so the advice is to go beyond it."""
    edges = {edge["axis"]: edge["changes"][0] for edge in found["edges"]}
    assert edges["optimizer"]["direction"] == "higher" and edges["optimizer"]["setting"] == "optimizer.rate"
    assert edges["optimizer"]["to"] == "adam:rate=0.1"


def test_every_axis_that_varies_is_named(found):
    assert found["varying"] == ["architecture", "optimizer", "batch_size"]
