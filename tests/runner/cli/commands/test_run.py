"""`fitgap run`: what it writes, refuses and prints."""

import sys
from pathlib import Path

import pytest
from fitgap.runner.engine import in_process, placement
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.trial_status import Status
from support.cli.refusals import assert_refused
from support.data.wrong_data_cases import WRONG_FILES, WRONG_FOLDER
from support.engine.made_clusters import cluster, node
from support.sampling import every
from support.spec.wrong_sweep_cases import FOLDER, WRONG_SWEEPS

COMMAND = Path(sys.executable).parent / "fitgap"
QUICK = ("--data", "iris", "--hidden", "4", "--epochs", "2", "--engine", "local")


@pytest.fixture
def failing_engine(monkeypatch):
    """An in-process engine whose first pack fails."""

    def fail_first(task, dataset, should_stop):
        failing = 1 in task.trials
        status, reason = (Status.FAILED, "ValueError: injected") if failing else (Status.COMPLETED, None)
        yield Block(None, tuple(TrialEnd(trial, status, reason) for trial in task.trials))

    monkeypatch.setattr(in_process, "train_pack", fail_first)


def test_a_file_and_the_same_flags_give_equal_rows(invoke, small_sweep, small_flags):
    Path("small.yaml").write_text(small_sweep)
    assert invoke("run", "small.yaml", "--engine", "local").code == 0
    assert invoke("run", *small_flags, "--engine", "local").code == 0
    by_file, by_flags = (invoke("trials", name, "--format", "json").json for name in ("small", "small-2"))
    for trials in (by_file, by_flags):
        first = trials[0]["trial"]
        for trial in trials:
            trial.update(trial=trial["trial"] - first, seconds=None)
    assert by_file == by_flags
    epochs = [invoke("epochs", name, "--format", "json").json for name in ("small", "small-2")]
    assert [[*row.values()][1:] for row in epochs[0]] == [[*row.values()][1:] for row in epochs[1]]


def test_flags_beside_a_file_replace_what_it_says(invoke, small_sweep):
    Path("small.yaml").write_text(small_sweep)
    flags = ("--hidden", "none", "--activation", "tanh", "--repeats", "1", "--epochs", "1", "--name", "mine")
    assert invoke("run", "small.yaml", *flags, "--optimizer", "adam", "--engine", "local").code == 0
    trials = invoke("trials", "mine", "--format", "json").json
    assert len(trials) == 2
    assert {(row["architecture"], row["activation"], row["epochs"]) for row in trials} == {("none", "tanh", 1)}
    assert {row["batch_size"] for row in trials} == {16}


def test_a_run_answers_on_standard_output_and_reports_on_standard_error(invoke, small_sweep, small_counts):
    Path("small.yaml").write_text(small_sweep)
    answer = invoke("run", "small.yaml", "--engine", "local")
    trials, diverged = small_counts
    assert answer.code == 0
    assert answer.out.startswith("small: the best 10 of 24 configurations, by honest E_v at the best epoch\n")
    assert f"{trials} trials: {trials - diverged} completed, {diverged} diverged" in answer.err
    assert "trials:" not in answer.out


def test_the_leaderboard_is_led_by_the_lowest_mean_best_e_v(invoke, small_sweep):
    """Configurations that diverged come after all others."""
    Path("small.yaml").write_text(small_sweep)
    answer = invoke("run", "small.yaml", "--engine", "local")
    groups = invoke("compare", "small", "--by", "configuration", "--format", "json").json
    means = [group["best_e_v"] for group in groups if group["completed"] == group["trials"]]
    assert means == sorted(means)
    assert f" {means[0]:.3g} " in answer.out
    assert "1e+30" not in answer.out and "1e + 30" not in answer.out


def test_a_terminal_of_80_columns_shows_both_errors_their_gap_and_the_verdict(in_terminal, plain_text):
    """With as many axes as vary among the leaders of examples/digits.yaml."""
    axes = (
        *("--activation", "relu", "--activation", "prelu:beta=0.05", "--regularizer", "none"),
        *(
            "--regularizer",
            "l1:weight=1e-4+dropout:ratio=0.2",
            "--optimizer",
            "adam:rate=1e-3",
            "--optimizer",
            "adam:rate=1e-2",
        ),
    )
    code, written = in_terminal("run", *QUICK, *axes, "--repeats", "3")
    assert code == 0
    (header,) = [line for line in plain_text(written).splitlines() if line.startswith(" activation ")]
    assert header.split()[-5:] == ["e_v", "e_t", "e_v", "gap", "verdict"]


def test_a_second_run_of_one_file_gets_a_number(invoke):
    names = [invoke("run", *QUICK).err for _ in range(3)]
    assert [
        name.count(f"fitgap diagnose {each}\n") for name, each in zip(names, ("iris", "iris-2", "iris-3"), strict=True)
    ] == [1] * 3


def test_a_dry_run_tells_the_trials_and_writes_nothing(invoke, small_sweep, small_counts):
    Path("small.yaml").write_text(small_sweep)
    answer = invoke("run", "small.yaml", "--dry-run")
    said = " ".join(answer.out.split())
    assert answer.code == 0
    assert f"24 configurations × 2 repeats = {small_counts[0]} trials on iris" in said
    assert "150 examples, 4 inputs, 3 outputs" in said
    assert [path.name for path in Path().iterdir()] == ["small.yaml"]


def test_a_dry_run_shows_the_packs_for_the_cluster_that_would_train_them(invoke, monkeypatch):
    words = ("run", "--data", "iris", "--repeats", "40", "--epochs", "10", "--dry-run")
    assert "2 workers" in invoke(*words, "--workers", "2").out
    nodes = (node(cores=7), node(cores=4))
    monkeypatch.setattr(placement, "find_cluster", lambda settings: cluster(*nodes))
    answer = invoke(*words, "--address", "10.0.0.1:6379")
    assert answer.code == 0 and "11 workers" in answer.out
    assert list(Path().iterdir()) == []


def test_a_dry_run_leaves_a_database_as_it_is(invoke):
    invoke("run", *QUICK)
    before = Path("fitgap.db").read_bytes()
    assert invoke("run", *QUICK, "--dry-run").code == 0
    assert Path("fitgap.db").read_bytes() == before


def test_a_failed_trial_gives_exit_code_1_and_its_reason_is_kept(invoke, failing_engine):
    answer = invoke("run", *QUICK, "--activation", "relu", "--activation", "tanh")
    assert answer.code == 1
    assert "1 failed" in answer.err and "1 completed" in answer.err
    assert invoke("show", 1, "--format", "json").json["reason"] == "ValueError: injected"


def test_a_diverged_trial_is_an_answer_and_no_failure(invoke):
    answer = invoke("run", *QUICK, "--optimizer", "gradient_descent:rate=1e30")
    assert answer.code == 0
    assert "1 trial: 1 diverged. " in answer.err
    assert "after epoch 1" in invoke("show", 1).out


def test_the_database_is_the_option_else_the_environments_else_here(invoke, monkeypatch):
    invoke("run", *QUICK)
    assert Path("fitgap.db").exists()
    monkeypatch.setenv("FITGAP_DB", "environment.db")
    invoke("run", *QUICK, "--name", "by-environment")
    invoke("run", *QUICK, "--name", "by-option", "--db", "option.db")

    def names(*arguments):
        return [row["name"] for row in invoke("sweeps", "--format", "json", *arguments).json]

    assert names() == ["by-environment"]
    assert names("--db", "option.db") == ["by-option"]
    assert names("--db", "sqlite:///fitgap.db") == ["iris"]


# tests/runner/spec/test_wrong_sweeps.py and tests/runner/data/test_wrong_files.py cover all of them.
@pytest.mark.parametrize("name", every(10, WRONG_SWEEPS))
def test_a_wrong_sweep_is_refused_in_one_line_and_nothing_is_written(name, invoke):
    assert_refused(invoke("run", FOLDER / name, "--engine", "local"), WRONG_SWEEPS[name])


@pytest.mark.parametrize("name", every(10, WRONG_FILES))
def test_a_wrong_data_file_is_refused_in_one_line_and_nothing_is_written(name, invoke):
    target, pattern = WRONG_FILES[name]
    flags = ("--target", ",".join(target)) if target else ()
    assert_refused(invoke("run", "--data", WRONG_FOLDER / name, *flags, "--strict", "--engine", "local"), pattern)


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        ((), "--data must be given"),
        (("missing.yaml",), r"missing\.yaml"),
        (("--data", "digit"), "did you mean 'digits'"),
        ((*QUICK, "--optimizer", "sgd"), "did you mean 'gradient_descent'"),
        ((*QUICK, "--optimizer", "adam:lr=1"), "did you mean 'rate'"),
        ((*QUICK, "--loss", "mse"), "did you mean 'half_squared_error'"),
        ((*QUICK, "--regularizer", "weight_decay:weight=1"), "did you mean 'l2'"),
        ((*QUICK, "--learning-rate", "1"), "No such option: --learning-rate; write --optimizer adam:rate=0.01; see"),
        ((*QUICK, "--sep", ";"), "write --separator semicolon"),
        (("--data", "https://example.org/a.csv", "--target", "y"), "fitgap reads files on this machine only"),
        (("--data", "iris", "--validation", "200"), "choose a share such as 0.3 or a smaller number"),
        (("--data", "missing.csv", "--target", "y"), "no such file"),
        ((*QUICK, "--activation", "rellu"), "did you mean 'relu'"),
        ((*QUICK, "--optimizer", "adam:rat=1"), "did you mean 'rate'"),
        ((*QUICK, "--optimizer", "adam:rate=-1"), "--optimizer adam:rate=-1"),
        ((*QUICK, "--hidden", "64,32"), "write 64-32"),
        ((*QUICK, "--name", "12"), "not only digits"),
        ((*QUICK, "--repeats", "0"), "at least 1"),
        ((*QUICK, "--seed", "-1"), "at least 0"),
        ((*QUICK, "--epochs", "99999999999999999999"), "whole number"),
        ((*QUICK, "--dtype", "float16"), "float32"),
        ((*QUICK, "--validation", "150"), "at least 1"),
        ((*QUICK[:-1], "loc"), "known: auto, ray, local"),
        ((*QUICK, "--db", "missing/folder.db"), "does not exist"),
        ((*QUICK, "--db", "."), "is a folder"),
        ((*QUICK, "--db", "postgresql://user:secret@127.0.0.1:1/name"), "name at 127.0.0.1:1 cannot be reached"),
        ((*QUICK, "--db", "mysql://user:secret@host/name"), "not supported"),
    ],
)
def test_wrong_flags_are_refused_in_one_line_and_nothing_is_written(arguments, pattern, invoke):
    assert_refused(invoke("run", *arguments), pattern)


@pytest.mark.parametrize("arguments", [("--epochs", "many"), ("--epoch", "3"), ("--workers", "0"), ("--bogus",)])
def test_options_that_cannot_be_read_exit_with_2(arguments, invoke):
    answer = invoke("run", *QUICK, *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert arguments[0] in answer.err
    assert answer.err.count("\n") == 1
    assert not list(Path().iterdir())


@pytest.mark.nightly
def test_the_installed_command_refuses_as_well(command, tmp_path):
    """The same in a process of its own: a wrong sweep, a wrong data file, an unknown engine."""
    for arguments, pattern in (
        ((FOLDER / "unknown_optimizer.yaml",), WRONG_SWEEPS["unknown_optimizer.yaml"]),
        (
            ("--data", WRONG_FOLDER / "text_column.csv", "--target", "kind", "--strict"),
            WRONG_FILES["text_column.csv"][1],
        ),
        ((*QUICK[:-1], "spark"), "known: auto, ray, local"),
    ):
        assert_refused(command("run", *arguments, cwd=tmp_path), pattern)
