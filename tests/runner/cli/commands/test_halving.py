"""Commands on sweeps with halving: planning, training, comparing, and what they refuse."""

import re
import shlex
from pathlib import Path

import pytest
from fitgap.runner.store import open_store

NETWORKS = ("--hidden", "2", "--hidden", "4", "--activation", "relu", "--activation", "tanh")
FLAGS = ("--data", "iris", "--epochs", "8", *NETWORKS)
RATES = ("--optimizer", "adam:rate=0.1", "--optimizer", "adam:rate=0.05", "--optimizer", "adam:rate=1e-4")
RUN = ("run", *FLAGS, *RATES, "--halving", "first=2,factor=2", "--engine", "local")
PRUNED = (
    "9 of 12 trials were pruned. The means are over the trials that were kept because their E_v was low, so they are "
    "better than those of all."
)


@pytest.fixture
def halved(trained_once):
    trained_once("halved", *RUN)


def test_the_plan_is_shown_and_kept_to(invoke):
    plan = invoke(*RUN, "--dry-run").out.splitlines()
    assert "halving: 12 configurations: 12 to epoch 2, 6 to epoch 4, 3 to epoch 8" in plan
    assert "at most 48 of 96 epochs (50%)" in plan
    assert not list(Path().iterdir())
    answer = invoke(*RUN)
    assert "12 trials: 3 completed, 9 pruned." in answer.err
    assert "iris: the best 3 of 12 configurations" in answer.out
    assert "halving: at most 12 to epoch 2, 6 to epoch 4, 3 to epoch 8; pruned trials: fitgap trials iris" in answer.err
    shown = re.search("pruned trials: fitgap (.*)", answer.err)[1]
    assert len(invoke(*shlex.split(shown), "--format", "json").json) == 9, "the command in the line shows them"
    epochs = [row["epochs"] for row in invoke("trials", "iris", "--format", "json").json]
    assert sorted(epochs) == [2] * 6 + [4] * 3 + [8] * 3


def test_pruned_trials_are_told_wherever_trials_are_compared(invoke, halved):
    assert PRUNED in invoke("compare", "iris", "--by", "optimizer").out.replace("\n", " ")
    assert PRUNED in invoke("compare", "iris", "--by", "optimizer,activation", "--table").out.replace("\n", " ")
    assert PRUNED in invoke("importance", "iris").out.replace("\n", " ")
    invoke("run", *FLAGS, *RATES, "--name", "whole", "--engine", "local")
    assert "pruned" not in invoke("compare", "whole", "--by", "optimizer").out


def test_the_diagnosis_says_that_advice_needs_a_new_sweep(invoke, halved):
    page, found = invoke("diagnose", "iris").out, invoke("diagnose", "iris", "--format", "json").json
    assert found["advice_obstacle"].endswith("follow the advice in a new sweep")
    assert "; try " in page and found["advice_obstacle"] in page.replace("\n", " ")
    invoke("run", "--data", "iris", "--hidden", "2", "--epochs", "4", "--name", "whole", "--engine", "local")
    assert invoke("diagnose", "whole", "--format", "json").json["advice_obstacle"] is None


def test_json_counts_them(invoke, halved):
    """Pruned trials are counted in every group and with every share of variance."""
    groups = invoke("compare", "iris", "--by", "optimizer", "--format", "json").json
    assert {group["optimizer"]: (group["trials"], group["pruned_trials"]) for group in groups} == {
        group["optimizer"]: (4, 4 - group["completed"]) for group in groups
    }
    assert sum(group["pruned_trials"] for group in groups) == 9
    assert {row["pruned"] for row in invoke("importance", "iris", "--format", "json").json} == {9}
    where = ("--where", "epochs == 4 or status == 'completed'")
    assert {row["pruned"] for row in invoke("importance", "iris", *where, "--format", "json").json} == {3}


def test_the_epochs_that_are_planned_are_those_of_the_rungs(invoke):
    """So the rest of a stopped sweep is not taken for that of a whole grid, which has 96 epochs."""
    assert invoke(*RUN, "--max-epochs-total", "26").code == 1
    with open_store() as store:
        progress = store.progress(1)
    assert progress.planned_epochs == 48 and 26 <= progress.epochs < 48
    assert progress.epochs_left == 48 - progress.epochs


def test_a_pruned_trial_says_when_and_why(invoke, halved):
    where = ("--where", "status == 'pruned' and rung == 4")
    rows = invoke("trials", "iris", *where, "--columns", "trial,rung,rank,reason,verdict", "--format", "json").json
    assert [row["rank"] for row in sorted(rows, key=lambda row: row["rank"])] == [4, 5, 6]
    for row in rows:
        assert row["reason"] == f"rank {row['rank']} of 6 after epoch 4, where the best 3 went on"
        assert row["verdict"] is None
    assert "pruned, so it has no verdict\n" in invoke("diagnose", rows[0]["trial"]).out
    assert "all 4 epochs are equal bit for bit" in invoke("replay", rows[0]["trial"]).out


def test_it_can_neither_be_extended_nor_limited_by_trials(invoke, halved):
    for words in (("extend", "iris", "--repeats", "3"), ("improve", "iris")):
        answer = invoke(*words)
        assert answer.code == 2
        assert answer.err.splitlines() == [
            "fitgap: sweep iris uses halving, which compared all its trials with each other, so nothing can be added; "
            "start a new sweep with the settings you want, or continue what was pruned: fitgap extend iris --pruned"
        ]
    for words in ((*RUN, "--name", "other"), ("resume", "iris")):
        answer = invoke(*words, "--max-trials", "3")
        assert (answer.code, "cannot limit a sweep with halving" in answer.err) == (2, True)
        assert "(--max-trials)" in answer.err and "--max-epochs-total or --max-time instead" in answer.err
    assert len(invoke("sweeps", "--format", "json").json) == 1


def test_what_is_not_pruned_is_not_to_be_continued(invoke):
    assert invoke(*RUN, "--max-epochs-total", "1").code == 1
    for words in (("extend", "iris"), ("improve", "iris")):
        assert invoke(*words).err.endswith("; start a new sweep with the settings you want\n")


def test_the_layers_of_a_pruned_trial_are_there_once_it_trains_on(invoke, halved):
    rows = invoke("trials", "iris", "--where", "status == 'pruned'", "--columns", "trial", "--format", "json").json
    number = rows[0]["trial"]
    told = f"and trial {number} is pruned; let it train to its end: fitgap "
    (line,) = invoke("layers", number).out.splitlines()
    assert told in line
    plan = invoke(*shlex.split(line.partition(told)[2]), "--dry-run")
    assert plan.out.startswith("iris: 1 pruned trial to continue")


def test_pruned_trials_train_on(invoke, halved):
    """First those pruned at the second rung. They are no longer pruned, and are judged like all others."""
    where = ("--where", "rung == 4")
    plan = invoke("extend", "iris", "--pruned", *where, "--dry-run")
    assert plan.out == "iris: 3 pruned trials to continue, with 12 epochs left\n"
    assert invoke("sweeps", "--format", "json").json[0]["pruned"] == 9
    answer = invoke("extend", "iris", "--pruned", *where, "--engine", "local")
    assert answer.code == 0 and "iris: 3 pruned trials to continue, with 12 epochs left" in answer.err
    rows = invoke("trials", "iris", "--columns", "status,epochs,verdict", "--format", "json").json
    assert sorted((row["status"], row["epochs"]) for row in rows) == [("completed", 8)] * 6 + [("pruned", 2)] * 6
    assert all((row["verdict"] is None) == (row["status"] == "pruned") for row in rows)
    told = "9 of 12 trials were pruned, and 3 of these were continued. The means leave out the other 6, so they cover"
    assert told in invoke("compare", "iris", "--by", "optimizer").out.replace("\n", " ")
    assert told in invoke("importance", "iris").out.replace("\n", " ")
    assert invoke("extend", "iris", "--pruned", "--engine", "local").code == 0
    assert "pruned" not in invoke("compare", "iris", "--by", "optimizer").out, "all are trained to the end"


def test_what_cannot_be_continued_is_told(invoke):
    """Not before all rungs are decided, and only if there is something to continue."""
    assert invoke(*RUN, "--max-epochs-total", "26").code == 1
    early = invoke("extend", "iris", "--pruned")
    assert "so it is not decided yet which are pruned; train them first: fitgap resume iris" in early.err
    assert invoke("resume", "iris", "--engine", "local").code == 0
    for words, told in (
        (("--pruned", "--where", "rung == 3"), "no pruned trials that match --where"),
        (("--pruned", "--repeats", "2"), "--pruned only continues pruned trials"),
        (("--where", "rung == 2"), "--where chooses among pruned trials; use it with --pruned"),
    ):
        answer = invoke("extend", "iris", *words)
        assert (answer.code, told in answer.err) == (2, True), answer.err
    invoke("run", *FLAGS, "--name", "whole", "--engine", "local")
    assert "so it has no pruned trials" in invoke("extend", "whole", "--pruned").err


def test_pruned_trials_have_a_column_in_the_table_of_sweeps(invoke, halved):
    header, row = (line.split() for line in invoke("sweeps").out.splitlines() if line.strip(" ─"))
    assert header[:5] == ["sweep", "name", "trials", "completed", "pruned"]
    assert row[:5] == ["1", "iris", "12", "3", "9"]


def test_the_fit_map_counts_them_as_pruned(invoke, halved):
    picture = invoke("plot", "fitmap", "iris").out
    assert "pruned (9)" in picture and "not judged" not in picture


def test_the_diagnosis_says_what_it_is_not_about(invoke, halved):
    """The nine pruned configurations have no verdict, so nothing is concluded about everything that was tried."""
    text = " ".join(invoke("diagnose", "iris").out.split())
    told = "iris: 9 of 12 configurations were pruned at rungs and not judged"
    assert text.startswith(f"{told}; what follows is about the 3 configurations that were judged iris: 3 conf")
    assert not any(
        words in text for words in ("everything tried", "at the edge of the sweep", "a wider sweep", "extend")
    )


def test_before_the_first_has_finished_there_is_no_leaderboard(invoke):
    answer = invoke(*RUN, "--max-epochs-total", "26")
    assert answer.out == "iris: none of 12 configurations has been trained to its end so far\n"
    assert (answer.code, "continue with: fitgap resume iris" in answer.err) == (1, True)


def test_a_budget_of_epochs_stops_it_and_resume_prunes_the_same(invoke, halved):
    answer = invoke(*RUN, "--name", "stopped", "--max-epochs-total", "30")
    assert (answer.code, "continue with: fitgap resume stopped" in answer.err) == (1, True)
    assert invoke("resume", "stopped", "--engine", "local").code == 0
    keys = ("--columns", "configuration,status,epochs,e_v,rung,rank,reason", "--format", "json")
    both = [sorted(map(str, invoke("trials", name, *keys).json)) for name in ("iris", "stopped")]
    assert both[0] == both[1]


def test_a_trial_that_is_retried_finds_the_others_ahead(invoke):
    """The others have taken all remaining places, so the diverged configuration gets none."""
    invoke(*RUN, "--optimizer", "gradient_descent:rate=1e30", "--repeats", "2")
    before = invoke("trials", "iris", "--format", "json").json
    assert {row["status"] for row in before if "1e+30" in row["optimizer"]} == {"diverged"}
    assert invoke("retry", "iris", "--status", "diverged", "--engine", "local").code == 0
    after = invoke("trials", "iris", "--format", "json").json
    without_times = [[{**row, "seconds": None} for row in rows] for rows in (before, after)]
    assert without_times[0] == without_times[1]


def test_a_configuration_with_a_cancelled_trial_does_not_go_on(invoke):
    """Its other repeat is pruned at the rung at which the others are compared."""
    stopped = (*RUN, "--repeats", "2", "--max-epochs-total", "10")
    assert invoke(*stopped).code == 1
    rows = invoke("trials", "iris", "--format", "json").json
    first = next(row for row in rows if row["optimizer"] == "adam:rate=0.1" and row["status"] == "pending")
    assert invoke("cancel", "iris", "--trial", first["trial"]).code == 0
    assert invoke("resume", "iris", "--engine", "local").code == 0
    rows = invoke("trials", "iris", "--columns", "configuration,status,rung,rank", "--format", "json").json
    own = [row for row in rows if row["configuration"] == first["configuration"]]
    assert sorted((row["status"], row["rung"], row["rank"]) for row in own if row["status"] == "pruned") == [
        ("pruned", 2, 12)
    ]
    assert sorted(row["status"] for row in rows) == ["cancelled", *["completed"] * 6, *["pruned"] * 17]


def test_the_median_rule_prunes_as_well(invoke):
    run = ("run", *FLAGS, *RATES, "--median", "first=2,every=3", "--engine", "local")
    assert "median: 12 configurations: 12 to epoch 2, 6 to epoch 5, 3 to epoch 8" in invoke(*run, "--dry-run").out
    assert "12 trials: 3 completed, 9 pruned." in invoke(*run).err
    rows = invoke("trials", "iris", "--columns", "reason", "--format", "json").json
    reasons = {row["reason"] for row in rows}
    assert "rank 7 of 12 after epoch 2, where the best 6 went on" in reasons
    assert "rank 4 of 6 after epoch 5, where the best 3 went on" in reasons


HALVED = """\
name: late
data: {source: xor}
repeats: 2
training: {epochs: 6}
halving: {factor: 2, first: 2}
axes: {architecture: [4], activation: [tanh], optimizer: [{adam: {rate: [1e-3, 3e-3, 1e-2, 3e-2]}}]}
"""


def test_a_trial_that_waited_at_a_rung_comes_back_with_its_numbers_after_it(invoke):
    Path("late.yaml").write_text(HALVED)
    assert invoke("run", "late.yaml", "--engine", "local", "--max-epochs-total", "8").code == 1
    columns = ("--where", "trial == 4", "--columns", "epochs,e_v,best_e_v,gap", "--format", "json")
    (before,) = invoke("trials", "late", *columns).json
    assert before["epochs"] == 2 and before["e_v"] is not None
    assert invoke("cancel", "late", "--trial", "4").code == 0
    assert invoke("resume", "late", "--engine", "local").code == 0
    assert invoke("retry", "late", "--status", "cancelled", "--engine", "local").code == 0
    assert invoke("trials", "late", *columns).json == [before]
    assert "all 2 epochs are equal bit for bit" in invoke("replay", "4").out


def test_a_trial_comes_back_as_long_as_its_rung_is_undecided(invoke):
    Path("late.yaml").write_text(HALVED)
    assert invoke("run", "late.yaml", "--engine", "local", "--max-epochs-total", "8").code == 1
    assert invoke("cancel", "late", "--trial", "4").code == 0
    assert invoke("retry", "late", "--status", "cancelled", "--engine", "local").code == 0
    Path("whole.yaml").write_text(HALVED.replace("late", "whole"))
    assert invoke("run", "whole.yaml", "--engine", "local").code == 0
    columns = ("--columns", "configuration,repeat,status,epochs,e_v,rung,rank", "--format", "json")
    late, whole = (invoke("trials", name, *columns).json for name in ("late", "whole"))
    assert late == whole


def test_groups_have_labels_and_count_what_was_judged(invoke, halved):
    """Pruned trials have no verdict; they form a group of their own."""
    groups = invoke("compare", "iris", "--by", "verdict").out
    assert re.search(r"^ no verdict .* 0/\d+", groups, re.MULTILINE)
    for line in invoke("compare", "iris", "--by", "regularizer.name").out.splitlines():
        for agreeing, judged in re.findall(r"(?:good|underfit|overfit|both|unclear|no_skill) (\d+)/(\d+)", line):
            assert int(agreeing) <= int(judged) <= 3
    assert re.search("^ none ", invoke("compare", "iris", "--by", "regularizer.name").out, re.MULTILINE)


def test_the_attempts_of_a_trial_with_rungs_are_explained(invoke, halved):
    (row,) = invoke(
        "trials",
        "iris",
        "--where",
        "status == 'completed'",
        "--limit",
        "1",
        "--columns",
        "trial,attempt",
        "--format",
        "json",
    ).json
    assert row["attempt"] > 1
    assert f"{row['attempt']} (each part of it up to a rung counts)" in invoke("show", row["trial"]).out
