"""Budgets end training cleanly, say how to continue, and do not change results."""

from pathlib import Path

import pytest

SWEEP = ("--data", "iris", "--hidden", "2", "--hidden", "3", "--activation", "relu", "--activation", "tanh")
RUN = ("run", *SWEEP, "--repeats", "3", "--epochs", "6", "--engine", "local")
NUMBERS = ("epoch", "e_t", "e_v", "accuracy_v", "learning_rate")


def stored(invoke, sweep):
    """The epochs of every trial, by its settings, repeat and status."""
    trials = invoke("trials", sweep, "--format", "json").json
    epochs = invoke("epochs", sweep, "--format", "json").json
    return {
        (trial["architecture"], trial["activation"], trial["repeat"], trial["status"]): [
            [row[name] for name in NUMBERS] for row in epochs if row["trial"] == trial["trial"]
        ]
        for trial in trials
    }


def counts(invoke, sweep):
    (row,) = [row for row in invoke("sweeps", "--format", "json").json if row["name"] == sweep]
    return row


def test_a_number_of_trials_is_trained_exactly(invoke):
    answer = invoke(*RUN, "--max-trials", "5")
    assert answer.code == 1
    assert answer.err.splitlines()[-1] == (
        "stopped after 5 trials, the limit of its budget; 7 trials are still pending; continue with: fitgap resume iris"
    )
    assert (counts(invoke, "iris")["completed"], counts(invoke, "iris")["pending"]) == (5, 7)
    assert invoke("resume", "iris", "--max-trials", "6", "--engine", "local").code == 1
    assert counts(invoke, "iris")["completed"] == 11
    last = invoke("resume", "iris", "--max-trials", "1", "--engine", "local")
    assert (last.code, "budget" in last.err) == (0, False), "nothing is left that a budget kept back"
    invoke(*RUN, "--name", "whole")
    assert stored(invoke, "iris") == stored(invoke, "whole")


def test_a_number_of_epochs_ends_a_trial_in_training_which_resumes_where_it_stopped(invoke):
    run = ("run", "--data", "iris", "--hidden", "2", "--epochs", "1500", "--record", "every=500", "--engine", "local")
    answer = invoke(*run, "--max-epochs-total", "100")
    assert (answer.code, "epochs, the limit of its budget; 1 trial is still pending" in answer.err) == (1, True), (
        answer.err
    )
    assert stored(invoke, "iris").keys() == {("2", "relu", 1, "pending")}
    assert invoke("resume", "iris", "--engine", "local").code == 0
    invoke(*run, "--name", "whole")
    assert stored(invoke, "iris") == stored(invoke, "whole")


@pytest.mark.parametrize("written", ["--max-time", "file"])
def test_a_time_ends_the_training(invoke, written):
    Path("a.yaml").write_text("data: iris\ntraining: {epochs: 1000000}\nbudget: {time: 0.2}\n")
    given = ("run", "a.yaml") if written == "file" else ("run", "--name", "a", "--data", "iris", "--max-time", "0.2s")
    answer = invoke(*given, "--epochs", "1000000", "--record", "epochs=log", "--engine", "local")
    assert (answer.code, "stopped after 0.2 s, the limit of its budget; 1 trial is still" in answer.err) == (1, True), (
        answer.err
    )
    again = invoke("resume", "a", "--max-time", "0.3", "--engine", "local")
    assert (again.code, "stopped after 0.3 s" in again.err) == (1, True)
    if written == "file":
        again = invoke("resume", "a", "--engine", "local")
        assert (again.code, "stopped after 0.2 s" in again.err) == (1, True), "the file's limit holds for every command"


def test_other_commands_train_without_the_budget(invoke):
    Path("a.yaml").write_text("data: iris\ntraining: {epochs: 2}\nbudget: {trials: 1}\nrepeats: 2\n")
    assert invoke("run", "a.yaml", "--engine", "local").code == 1
    assert invoke("extend", "a", "--repeats", "4", "--engine", "local").code == 0
    assert counts(invoke, "a")["completed"] == 4


def test_wrong_budgets_write_nothing(invoke):
    answer = invoke(*RUN, "--max-time", "soon")
    assert (answer.code, "--max-time: must be a time above 0" in answer.err) == (2, True), answer.err
    assert not list(Path().iterdir())
