"""A sweep exported as an MLflow experiment, read back by MLflow itself."""

import os
import warnings
from pathlib import Path

import pytest
from fitgap import FitgapError, open_store, run_sweep
from fitgap.runner.integrations import mlflow_tracking
from fitgap.runner.integrations.mlflow_tracking import CURVES, send_to_mlflow
from fitgap.runner.store import open_store as open_rows
from fitgap.runner.store.schema.tables import METRICS

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
with warnings.catch_warnings():
    # MLflow's dependencies may not support this version of Python.
    warnings.simplefilter("ignore")
    from mlflow import MlflowClient

SWEEP = {
    "name": "small",
    "data": {"source": "iris", "validation": 0.3},
    "training": {"epochs": 3, "batch_size": 16},
    "axes": {
        "architecture": [4, "none"],
        "optimizer": [{"gradient_descent": {"rate": [0.1, 1e30]}}, {"adam": {"rate": 0.01}}],
    },
}
TRIALS = 6
# These warnings are MLflow's own.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder with a small sweep, a third of whose trials have diverged."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FITGAP_DB", raising=False)
    run_sweep(SWEEP, engine="local")
    with open_store() as store:
        store.tag(1, "odd/one")
        store.note(1, "look")
    return tmp_path


@pytest.fixture
def client(folder):
    return MlflowClient(f"sqlite:///{folder}/mlflow.db")


def send(**options):
    with open_rows() as store:
        return send_to_mlflow(store, "small", "mlflow.db", **options)


def runs(client, name="small"):
    """The runs of an experiment, by trial number."""
    experiment = client.get_experiment_by_name(name)
    return {int(run.data.tags["fitgap.trial"]): run for run in client.search_runs([experiment.experiment_id])}


def test_mlflow_finds_every_trial_with_settings_curves_and_times(client):
    sent = send()
    assert (sent.name, sent.new, sent.known) == ("small", TRIALS, 0)
    found = runs(client)
    with open_rows() as store:
        rows = {row["trial"]: store.show(row["trial"]) for row in store.trials("small")}
        epochs = {number: store.epochs([number]) for number in rows}
    assert set(found) == set(rows)
    for number, run in found.items():
        row, data = rows[number], run.data
        assert data.params["architecture"] == row["architecture"] and data.params["batch_size"] == "16"
        assert float(data.params["optimizer.rate"]) == row["settings"]["optimizer"]["rate"]
        assert data.tags["fitgap.status"] == row["status"] and data.tags["fitgap.configuration"] == row["configuration"]
        assert run.info.status == ("FINISHED" if row["status"] == "completed" else "FAILED")
        assert abs(run.info.start_time - 1000 * row["started"]) <= 1
        assert abs(run.info.end_time - 1000 * row["ended"]) <= 1
        for name in CURVES:
            expected = [(each["epoch"], each[name]) for each in epochs[number] if each[name] is not None]
            there = client.get_metric_history(run.info.run_id, name) if expected else []
            assert sorted((each.step, each.value) for each in there) == expected
            assert all(run.info.start_time <= each.timestamp <= run.info.end_time for each in there)
        if row["status"] == "completed":
            assert data.metrics["best_e_v"] == row["best_e_v"]
            metrics = {name: row[name] for name in METRICS if row[name] is not None}
            assert "best_f1_macro_v" in metrics
            assert {name: data.metrics[name] for name in metrics} == metrics
    assert found[1].data.tags["fitgap.tag.odd_one"] == "true"
    assert found[1].data.tags["mlflow.note.content"] == "look"


def test_what_is_there_stays_and_what_was_cut_off_is_written_anew(client, monkeypatch):
    def cut_off(self, *arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "set_terminated", cut_off)
        with pytest.raises(KeyboardInterrupt):
            send()
    assert send().new == TRIALS
    again = send()
    assert (again.new, again.known) == (0, TRIALS)
    assert len(runs(client)) == TRIALS
    assert all(run.info.status != "RUNNING" for run in runs(client).values())


def test_long_curves_and_many_settings_are_sent_in_parts(client, monkeypatch):
    monkeypatch.setattr(mlflow_tracking, "MOST_METRICS", 7)
    monkeypatch.setattr(mlflow_tracking, "MOST_PARAMS", 4)
    send()
    for run in runs(client).values():
        assert "dtype" in run.data.params and "architecture" in run.data.params
        if run.info.status == "FINISHED":
            assert len(client.get_metric_history(run.info.run_id, "e_v")) == 3


def test_an_experiment_of_somebody_else_is_left_as_it_is(client):
    client.create_experiment("small")
    with pytest.raises(FitgapError, match="not for this sweep") as refused:
        send()
    assert "\n" not in str(refused.value) and not client.search_runs(["1"])
    assert send(name="mine").new == TRIALS


def test_what_cannot_be_written_is_told_in_one_line():
    Path("mlflow.db").write_text("no database at all" * 100)
    with pytest.raises(FitgapError, match="is not an SQLite database that can be read") as refused:
        send()
    assert "\n" not in str(refused.value)
