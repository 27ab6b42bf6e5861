"""Commands on existing sweeps: resume, extend, retry, cancel, replay."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fitgap.runner.engine import in_process
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.trial_status import Status
from support.sampling import per_commit

QUICK = ("--data", "iris", "--hidden", "4", "--epochs", "3", "--engine", "local")
NUMBERS = ("epoch", "e_t", "e_v", "e_t_running", "se_t", "se_v", "accuracy_t", "accuracy_v", "learning_rate")


@pytest.fixture
def rows(invoke):
    """`rows(command, *arguments)`: the output of a command as rows."""

    def ask(*arguments):
        answer = invoke(*arguments, "--format", "json")
        assert answer.code == 0, answer.err
        return answer.json

    return ask


def execute(statement):
    with closing(sqlite3.connect("fitgap.db")) as connection, connection:
        connection.execute(statement)


def curves(rows, sweep):
    """The epochs of every trial of a sweep, by settings, repeat and number of epochs."""
    trials = rows("trials", sweep)
    epochs = rows("epochs", sweep)
    return {
        (trial["activation"], trial["optimizer"], trial["repeat"], trial["epochs"]): [
            [epoch[name] for name in NUMBERS] for epoch in epochs if epoch["trial"] == trial["trial"]
        ]
        for trial in trials
    }


@pytest.mark.nightly
@pytest.mark.parametrize("record", per_commit(["every=4"], ["every=4", "every=100", "epochs=log"]))
def test_an_extended_sweep_that_records_fewer_epochs_has_the_rows_of_a_whole_one(record, invoke, rows):
    """Also if the last tenth of a longer trial begins within the shorter one, or its best epoch is there."""
    flags = ("--data", "iris", "--hidden", "4", "--engine", "local", "--repeats", "3", "--record", record)
    invoke("run", *flags, "--epochs", "20", "--keep", "state", "--name", "grown")
    for epochs in ("21", "33", "40"):
        answer = invoke("extend", "grown", "--epochs", epochs, "--engine", "local")
        assert "3 of them continuing finished trials" in answer.err, answer.err
    grown = curves(rows, "grown")
    for epochs in ("20", "21", "33", "40"):
        invoke("run", *flags, "--epochs", epochs, "--name", f"whole{epochs}")
        whole = curves(rows, f"whole{epochs}")
        assert whole and all(grown[key] == curve for key, curve in whole.items())


@pytest.mark.parametrize("keep", ["none", "state"])
def test_an_extended_sweep_is_the_one_that_asks_for_everything_at_once(keep, invoke, rows):
    """Alternatives, repeats and epochs are added one after another; existing trials are not trained again."""
    invoke("run", *QUICK, "--keep", keep, "--name", "grown")
    first = rows("trials", "grown")
    for more in (("--activation", "tanh"), ("--repeats", "2"), ("--epochs", "5")):
        answer = invoke("extend", "grown", *more, "--engine", "local")
        assert answer.code == 0, answer.err
    assert (" 4 of them continuing finished trials" in answer.err) is (keep == "state")
    text = """
    name: whole
    data: iris
    repeats: 2
    axes: {architecture: [4], activation: [relu, tanh], epochs: [3, 5]}
    """
    Path("whole.yaml").write_text(text)
    invoke("run", "whole.yaml", "--engine", "local")
    assert curves(rows, "grown") == curves(rows, "whole")
    again = {row["trial"]: row for row in rows("trials", "grown")}
    assert all(again[row["trial"]]["seconds"] == row["seconds"] for row in first)
    if keep == "state":
        assert invoke("replay", max(again)).code == 0


def test_extending_by_what_is_there_adds_nothing(invoke, rows):
    invoke("run", *QUICK)
    before = rows("trials", "iris")
    answer = invoke("extend", "iris", "--activation", "relu", "--epochs", "3", "--engine", "local")
    assert answer.code == 0 and "0 new trials" in answer.err
    assert rows("trials", "iris") == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--hidden", "conv4x9"), "conv4x9 does not fit digits: layer 1 (conv4x9): a window of 9"),
        (("--training-examples", "5000"), "training_examples: 5000 of 1258"),
        (("--loss", "sigmoid_cross_entropy"), "training.loss: sigmoid_cross_entropy needs the outputs"),
    ],
)
def test_extending_by_what_does_not_suit_the_data_is_refused_as_in_a_new_sweep(words, told, invoke, rows):
    """The database also has a search: other errors must not make its proposals look damaged."""
    digits = "run", "--data", "digits", "--epochs", "1", "--engine", "local"
    assert invoke(*digits, "--hidden", "depth=1,width=2..3", "--search", "tpe:trials=2", "--name", "s").code == 0
    assert invoke(*digits, "--hidden", "2", "--name", "d").code == 0
    refused = invoke("extend", "d", *words, "--engine", "local")
    assert refused.code == 2 and told in refused.err and len(refused.err.splitlines()) == 1
    assert [row["trials"] for row in rows("sweeps")] == [2, 1]


def test_extending_by_a_file_adds_its_alternatives(invoke, rows):
    Path("small.yaml").write_text("{data: iris, training: {epochs: 2}, axes: {architecture: [4]}}")
    invoke("run", "small.yaml", "--engine", "local")
    Path("more.yaml").write_text("{data: iris, repeats: 2, axes: {architecture: [4, 8], epochs: 2}}")
    assert invoke("extend", "small", "more.yaml", "--engine", "local").code == 0
    assert sorted((row["architecture"], row["repeat"]) for row in rows("trials", "small")) == [
        ("4", 1),
        ("4", 2),
        ("8", 1),
        ("8", 2),
    ]


def test_what_an_extension_would_add_is_shown_and_nothing_is_written(invoke, rows):
    invoke("run", *QUICK)
    before = rows("sweeps"), rows("trials", "iris")
    answer = invoke("extend", "iris", "--hidden", "9", "--repeats", "2", "--dry-run")
    assert answer.code == 0 and answer.out.splitlines()[-1] == "iris: 3 new trials"
    assert any(line.split()[:2] == ["9", "relu"] for line in answer.out.splitlines())
    assert (rows("sweeps"), rows("trials", "iris")) == before
    assert invoke("extend", "iris", "--hidden", "9", "--repeats", "2", "--engine", "local").code == 0
    assert len(rows("trials", "iris")) == len(before[1]) + 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("iris", "--repeats", "1"), "--repeats 1: must be at least 2, as many as the sweep has"),
        (("iris", "--activation", "rleu"), "did you mean 'relu'"),
        (("iris", "other.yaml"), "data: must be the same as in sweep iris"),
        (("irsi", "--repeats", "3"), "did you mean 'iris'"),
    ],
)
def test_an_extension_that_cannot_be_is_refused_in_one_line_and_nothing_changes(arguments, message, invoke, rows):
    Path("other.yaml").write_text("{data: wine, repeats: 2}")
    invoke("run", *QUICK, "--repeats", "2")
    before = rows("trials", "iris")
    answer = invoke("extend", *arguments, "--engine", "local")
    assert answer.code == 2 and message in answer.err and answer.err.count("\n") == 1
    assert rows("trials", "iris") == before


@pytest.fixture
def one_failed(invoke, monkeypatch):
    """A sweep of two trials, the first of which failed."""

    def fail_first(task, dataset, should_stop):
        yield Block(None, tuple(TrialEnd(trial, Status.FAILED, "injected") for trial in task.trials if trial == 1))
        yield Block(None, tuple(TrialEnd(trial, Status.COMPLETED) for trial in task.trials if trial != 1))

    with monkeypatch.context() as patched:
        patched.setattr(in_process, "train_pack", fail_first)
        assert invoke("run", *QUICK, "--repeats", "2").code == 1


def test_resume_leaves_failed_trials_and_retry_trains_them_again(one_failed, invoke, rows):
    assert invoke("resume", "iris", "--engine", "local").code == 1
    assert [row["status"] for row in rows("trials", "iris")] == ["failed", "completed"]
    answer = invoke("retry", "iris", "--engine", "local")
    assert answer.code == 0 and "1 trial to train again" in answer.err
    first, second = rows("trials", "iris")
    assert (first["status"], first["epochs"], second["epochs"]) == ("completed", 3, None)
    shown = rows("show", "1")
    assert (shown["reason"], shown["attempt"]) == (None, 2)


@pytest.mark.parametrize("keep", ["last", "best", "state"])
def test_diverged_trials_are_retried_from_the_start_and_keep_their_networks_again(keep, invoke, rows):
    """What the first attempt kept neither blocks the second attempt nor serves as its start."""
    flags = ("--optimizer", "gradient_descent:rate=1e+30", "--repeats", "2", "--keep", keep)
    assert invoke("run", *QUICK, *flags).code == 0
    before = rows("trials", "iris"), rows("epochs", "1", "2")
    assert {row["status"] for row in before[0]} == {"diverged"}
    answer = invoke("retry", "iris", "--status", "diverged", "--engine", "local")
    assert answer.code == 0 and "2 trials to train again" in answer.err
    assert rows("epochs", "1", "2") == before[1]
    assert [{**row, "seconds": None} for row in rows("trials", "iris")] == [
        {**row, "seconds": None} for row in before[0]
    ]
    assert rows("show", "1")["attempt"] == 2


def test_cancelled_trials_stay_so_until_they_are_retried(invoke, rows):
    invoke("run", *QUICK, "--repeats", "3")
    execute("UPDATE trial SET status = 'pending' WHERE id > 1")
    assert "1 trial cancelled" in invoke("cancel", "iris", "--trial", "3", "--trial", "1").err
    assert "1 trial cancelled" in invoke("cancel", "iris").err
    assert [row["status"] for row in rows("trials", "iris")] == ["completed", "cancelled", "cancelled"]
    assert rows("show", "3")["reason"] == "cancelled by the user"
    assert invoke("resume", "iris", "--engine", "local").code == 0
    assert rows("sweeps")[0]["cancelled"] == 2
    assert invoke("retry", "iris", "--status", "cancelled", "--engine", "local").code == 0
    assert rows("sweeps")[0]["completed"] == 3


def test_trials_cancelled_while_they_run_are_left_alone_by_their_driver(invoke, rows, monkeypatch):
    """The other trials of the pack are trained to the end."""
    train = in_process.train_pack

    def cancelling(task, dataset, should_stop):
        blocks = train(task, dataset, should_stop)
        yield next(blocks)
        execute("UPDATE trial SET status = 'cancelled' WHERE id = 2")
        yield from blocks

    monkeypatch.setattr(in_process, "train_pack", cancelling)
    assert invoke("run", *QUICK, "--repeats", "3").code == 0
    assert [row["status"] for row in rows("trials", "iris")] == ["completed", "cancelled", "completed"]
    assert [row["epochs"] for row in rows("trials", "iris")] == [3, None, 3]


def test_a_replay_of_every_kind_of_trial_is_equal_to_the_last_bit(invoke, rows, small_sweep):
    """Trials are replayed alone, although they were trained in a pack; also diverged ones."""
    Path("small.yaml").write_text(small_sweep)
    invoke("run", "small.yaml", "--engine", "local")
    statuses = {}
    for row in rows("trials", "small")[::5]:
        answer = invoke("replay", row["trial"], "--format", "json")
        assert answer.code == 0, answer.out
        assert answer.json == {
            "trial": row["trial"],
            "epochs": row["epochs"],
            "equal": True,
            "differences": [],
            "environment": {},
        }
        statuses[row["status"]] = True
    assert set(statuses) == {"completed", "diverged"}


def test_a_replay_compares_the_epochs_that_are_stored(invoke, rows):
    invoke("run", *QUICK[:4], "--epochs", "30", "--record", "every=10", "--engine", "local")
    count = len(rows("epochs", "1"))
    assert 5 <= count <= 6
    assert f"all {count} stored epochs (of 30) are equal bit for bit" in invoke("replay", "1").out
    execute("UPDATE epoch SET e_v = e_v + 0.25 WHERE epoch = 10")
    answer = invoke("replay", "1")
    assert answer.code == 1 and f"differences in {count} stored epochs (of 30)" in answer.out


def test_a_replay_tells_what_differs_and_where(invoke):
    invoke("run", *QUICK)
    execute("UPDATE epoch SET e_v = e_v + 0.25 WHERE epoch = 2")
    execute("UPDATE epoch SET e_v = e_v + 0.125, e_t = NULL WHERE epoch = 3")
    execute("UPDATE driver SET environment = json_set(environment, '$.numpy', '1.0')")
    answer = invoke("replay", "1", "--format", "json")
    assert answer.code == 1
    assert [(row["quantity"], row["epochs"], row["at_epoch"]) for row in answer.json["differences"]] == [
        ("e_t", 1, 3),
        ("e_v", 2, 2),
    ]
    assert answer.json["differences"][0]["largest"] is None
    assert answer.json["differences"][1]["largest"] == pytest.approx(0.25)
    assert answer.json["environment"]["numpy"]["then"] == "1.0"
    plain = invoke("replay", "1")
    assert plain.code == 1 and "numpy: 1.0 then" in plain.out and "differences in 3 epochs" in plain.out


@pytest.mark.parametrize(("trial", "message"), [("9", "there is no trial 9"), ("1", "has no epochs to compare")])
def test_a_trial_that_has_not_run_cannot_be_replayed(trial, message, invoke):
    invoke("run", *QUICK)
    execute("DELETE FROM epoch")
    answer = invoke("replay", trial)
    assert (answer.code, answer.out) == (2, "") and message in answer.err


@pytest.mark.parametrize("trial", ["424242", "-1"])
def test_a_trial_that_is_not_there_cannot_be_cancelled(trial, trained_database, invoke, tmp_path):
    shutil.copy(trained_database, tmp_path / "copy.db")
    answer = invoke("cancel", "small", "--trial", trial, "--db", tmp_path / "copy.db")
    assert (answer.code, answer.out) == (2, "")
    lists = f"`fitgap trials SWEEP --db {tmp_path / 'copy.db'}` lists its trials"
    assert answer.err == f"fitgap: the sweep has no trial {trial}; {lists}\n"
