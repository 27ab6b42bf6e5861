"""Sweeps with halving in the commands: planned, trained, compared, and what cannot be done with them."""

from pathlib import Path

import pytest

NETWORKS = ("--hidden", "2", "--hidden", "4", "--activation", "relu", "--activation", "tanh")
FLAGS = ("--data", "iris", "--epochs", "8", *NETWORKS)
RATES = ("--optimizer", "adam:rate=0.1", "--optimizer", "adam:rate=0.05", "--optimizer", "adam:rate=1e-4")
RUN = ("run", *FLAGS, *RATES, "--halving", "first=2,factor=2", "--engine", "local")
PRUNED = "9 of 12 trials were pruned: the others, of which the means are, went on because of their E_v."


@pytest.fixture
def halved(invoke):
    answer = invoke(*RUN)
    assert answer.code == 0, answer.err
    return answer


def test_the_plan_is_shown_and_kept_to(invoke):
    plan = invoke(*RUN, "--dry-run").out.splitlines()
    assert "halving: 12 configurations: 12 to epoch 2, 6 to epoch 4, 3 to epoch 8" in plan
    assert "at most 48 of 96 epochs (50%)" in plan
    assert not list(Path().iterdir())
    answer = invoke(*RUN)
    assert "12 trials: 3 completed, 9 pruned." in answer.err
    assert "iris: the best 3 of 12 configurations" in answer.out
    epochs = [row["epochs"] for row in invoke("trials", "iris", "--format", "json").json]
    assert sorted(epochs) == [2] * 6 + [4] * 3 + [8] * 3


def test_pruned_trials_are_told_wherever_trials_are_compared(invoke, halved):
    assert PRUNED in invoke("compare", "iris", "--by", "optimizer").out.replace("\n", " ")
    assert PRUNED in invoke("compare", "iris", "--by", "optimizer,activation", "--table").out.replace("\n", " ")
    assert PRUNED in invoke("importance", "iris").out.replace("\n", " ")
    invoke("run", *FLAGS, *RATES, "--name", "whole", "--engine", "local")
    assert "pruned" not in invoke("compare", "whole", "--by", "optimizer").out


def test_a_pruned_trial_says_when_and_why(invoke, halved):
    where = ("--where", "status == 'pruned' and rung == 4")
    rows = invoke("trials", "iris", *where, "--columns", "trial,rung,rank,reason,verdict", "--format", "json").json
    assert [row["rank"] for row in sorted(rows, key=lambda row: row["rank"])] == [4, 5, 6]
    for row in rows:
        assert row["reason"] == f"rank {row['rank']} of 12 after epoch 4, where the best 3 went on"
        assert row["verdict"] is None
    assert "pruned, so it has no verdict\n" in invoke("diagnose", rows[0]["trial"]).out
    assert "all 4 epochs are equal bit for bit" in invoke("replay", rows[0]["trial"]).out


def test_it_can_neither_be_extended_nor_limited_by_trials(invoke, halved):
    for words in (("extend", "iris", "--repeats", "3"), ("improve", "iris")):
        answer = invoke(*words)
        assert answer.code == 2
        assert answer.err.splitlines() == [
            "fitgap: sweep iris has halving, whose rungs have compared the trials with which it began; start another "
            "sweep with more alternatives"
        ]
    for words in ((*RUN, "--name", "other"), ("resume", "iris")):
        answer = invoke(*words, "--max-trials", "3")
        assert (answer.code, "cannot limit a sweep with halving" in answer.err) == (2, True)
    assert len(invoke("sweeps", "--format", "json").json) == 1


def test_a_budget_of_epochs_stops_it_and_resume_prunes_the_same(invoke, halved):
    answer = invoke(*RUN, "--name", "stopped", "--max-epochs-total", "30")
    assert (answer.code, "continue with: fitgap resume stopped" in answer.err) == (1, True)
    assert invoke("resume", "stopped", "--engine", "local").code == 0
    keys = ("--columns", "configuration,status,epochs,e_v,rung,rank", "--format", "json")
    both = [sorted(map(str, invoke("trials", name, *keys).json)) for name in ("iris", "stopped")]
    assert both[0] == both[1]


def test_a_trial_that_is_retried_finds_the_others_ahead(invoke):
    """The configuration that diverged has none of the places that are left."""
    invoke(*RUN, "--optimizer", "gradient_descent:rate=1e30", "--repeats", "2")
    before = invoke("trials", "iris", "--format", "json").json
    assert {row["status"] for row in before if "1e+30" in row["optimizer"]} == {"diverged"}
    assert invoke("retry", "iris", "--status", "diverged", "--engine", "local").code == 0
    after = invoke("trials", "iris", "--format", "json").json
    without_times = [[{**row, "seconds": None} for row in rows] for rows in (before, after)]
    assert without_times[0] == without_times[1]


def test_a_configuration_with_a_cancelled_trial_does_not_go_on(invoke):
    """Its other repeat is pruned at the rung where the others are compared."""
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
    assert "rank 4 of 12 after epoch 5, where the best 3 went on" in reasons


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
