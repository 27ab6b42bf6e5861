"""A sweep as an Optuna study, read back by Optuna itself."""

import warnings
from datetime import datetime

import pytest
from fitgap.runner.integrations.optuna_study import send_to_optuna
from fitgap.runner.store import open_store
from fitgap.runner.store.schema.tables import METRICS

with warnings.catch_warnings():
    # Optuna's own dependencies may be older than this Python.
    warnings.simplefilter("ignore")
    import optuna

SWEEP = """\
name: small
data: {source: iris, validation: 0.3}
repeats: 2
training: {epochs: 3, batch_size: 16}
axes:
  architecture: [4, none]
  optimizer: [{gradient_descent: {rate: [0.1, 1e+30]}}, {adam: {rate: [0.001, 0.01]}}]
"""
TRIALS = 2 * 4 * 2


@pytest.fixture
def rows(own_folder, invoke):
    """The trials of a small sweep by number; a quarter of them diverged."""
    (own_folder / "small.yaml").write_text(SWEEP)
    assert invoke("run", "small.yaml", "--engine", "local").code == 0
    invoke("tag", "1", "odd")
    with open_store() as store:
        return {row["trial"]: store.show(row["trial"]) for row in store.trials("small")}


@pytest.fixture
def study(own_folder):
    """`study(name)`: loads a study from `study.db`. Its connections are closed afterwards, which Optuna does not do."""
    storages = []

    def load(name="small", open_it=optuna.load_study):
        storages.append(optuna.storages.RDBStorage("sqlite:///study.db"))
        return open_it(study_name=name, storage=storages[-1])

    yield load
    for storage in storages:
        storage.remove_session()
        storage.engine.dispose()


def test_optuna_finds_every_trial_with_settings_curve_and_findings(rows, invoke, study):
    answer = invoke("send", "small", "--optuna", "study.db")
    assert (answer.code, answer.out, answer.err) == (0, "", f"study small: {TRIALS} trials sent\n")
    trials = {trial.user_attrs["trial"]: trial for trial in study().trials}
    assert set(trials) == set(rows)
    with open_store() as store:
        curves = {number: store.epochs([number]) for number in rows}
    for number, trial in trials.items():
        row = rows[number]
        assert trial.params["architecture"] == row["architecture"]
        assert trial.params["optimizer.rate"] == row["settings"]["optimizer"]["rate"]
        finite = {each["epoch"]: each["e_v"] for each in curves[number] if each["e_v"] is not None}
        assert trial.intermediate_values == finite
        assert trial.user_attrs["e_t_by_epoch"] == [each["e_t"] for each in curves[number]]
        assert trial.user_attrs["status"] == row["status"] and trial.user_attrs.get("reason") == row["reason"]
        metrics = {name: row[name] for name in METRICS if row[name] is not None}
        assert {name: trial.user_attrs.get(name) for name in metrics} == metrics
        assert bool(metrics) == (row["status"] == "completed")
        assert trial.datetime_start == datetime.fromtimestamp(row["started"])
        assert trial.datetime_complete == datetime.fromtimestamp(row["ended"])
        completed = row["status"] == "completed"
        assert trial.state.name == ("COMPLETE" if completed else "FAIL")
        assert trial.value == (row["best_e_v"] if completed else None)
    assert trials[1].user_attrs["tags"] == ["odd"]
    assert study().user_attrs["settings"]["batch_size"] == 16


@pytest.mark.nightly
def test_the_best_trial_is_the_same(rows, invoke, study):
    invoke("send", "small", "--optuna", "study.db")
    best = min((row for row in rows.values() if row["status"] == "completed"), key=lambda row: row["best_e_v"])
    assert study().best_trial.user_attrs["trial"] == best["trial"]
    assert set(study().best_trial.params) == {"architecture", "optimizer.name", "optimizer.rate"}


@pytest.mark.nightly
def test_what_is_there_stays_and_what_is_new_is_added(rows, invoke, study):
    invoke("send", "small", "--optuna", "study.db")
    assert f"0 trials sent, {TRIALS} already there" in invoke("send", "small", "--optuna", "study.db").err
    assert len(study().trials) == TRIALS
    invoke("extend", "small", "--repeats", "3", "--engine", "local")
    assert f"8 trials sent, {TRIALS} already there" in invoke("send", "small", "--optuna", "study.db").err
    assert {trial.user_attrs["repeat"] for trial in study().trials} == {1, 2, 3}


@pytest.mark.nightly
def test_other_alternatives_need_another_study(rows, invoke, study):
    invoke("send", "small", "--optuna", "study.db")
    invoke("extend", "small", "--hidden", "6", "--engine", "local")
    answer = invoke("send", "small", "--optuna", "study.db")
    assert answer.code == 2 and "the alternatives of the sweep" in answer.err and answer.err.count("\n") == 1
    assert invoke("send", "small", "--optuna", "study.db", "--name", "grown").code == 0
    assert (len(study().trials), len(study("grown").trials)) == (TRIALS, TRIALS + 8)


def test_a_study_of_somebody_else_is_left_as_it_is(rows, invoke, study):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study(open_it=optuna.create_study).add_trial(optuna.trial.create_trial(value=1.0))
    answer = invoke("send", "small", "--optuna", "study.db")
    assert answer.code == 2 and "not for this sweep" in answer.err and "--name" in answer.err
    assert len(study().trials) == 1


def test_what_waits_or_runs_is_not_sent(store, database, driver, make_plan, monkeypatch, own_folder, study):
    """Only trials that have ended have results to send."""
    from fitgap.runner.integrations import contents

    monkeypatch.setattr(contents, "flat_settings", lambda stored: {"number": stored["number"]})
    store.add_sweep(make_plan(2, 2, name="open"))
    driver.claim([1, 2])
    store.cancel_trials(1, [2])
    with open_store(database) as reading:
        assert send_to_optuna(reading, "open", "study.db", database=database).new == 1
    (trial,) = study("open").trials
    assert (trial.user_attrs["status"], trial.state.name) == ("cancelled", "FAIL")


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["small"], "--optuna FILE, or --mlflow FILE"),
        (["small", "--optuna", "a.db", "--mlflow", "b.db"], "name one place"),
        (["smal", "--optuna", "a.db"], "did you mean 'small'"),
        (["small", "--optuna", "fitgap.db"], "fitgap's own database"),
        (["small", "--optuna", "nowhere/at/all.db"], "Optuna cannot write there"),
        (["small", "--optuna", "no-such-kind://user:canary@host/x"], "Optuna cannot write there"),
    ],
)
def test_what_cannot_be_sent_is_told_in_one_line(arguments, words, rows, invoke):
    answer = invoke("send", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err and answer.err.count("\n") == 1 and "canary" not in answer.err


@pytest.mark.nightly
def test_a_storage_of_postgresql_is_written_too(rows, postgres, invoke):
    name = postgres.new_name()
    from support.databases.new_databases import order

    order(postgres, "CREATE DATABASE {}", name)
    answer = invoke("send", "small", "--optuna", postgres.address(name))
    assert answer.code == 0, answer.err
    assert f"{TRIALS} trials sent" in answer.err
