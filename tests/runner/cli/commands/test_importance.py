"""Shares of variance that are mostly estimated: the answer says that they are."""

import pytest
from fitgap import open_store, run_sweep
from fitgap.runner.cli.commands.importance import estimated
from fitgap.runner.store import open_store_for_writing


@pytest.mark.parametrize(("trials", "holes", "is_told"), [(10, 0, False), (10, 10, False), (10, 11, True)])
def test_only_most_values_are_worth_a_line(trials, holes, is_told):
    line = estimated([{"trials": trials, "filled": holes}, {"trials": trials - 1, "filled": holes}])
    assert (line is not None) == is_told
    assert line is None or f"Most values, {holes} of {trials + holes}, are estimated" in line


def test_a_sweep_of_which_few_trials_are_left_says_it(invoke):
    axes = {"architecture": [2, 3, 4], "batch_size": [16, 32, 64], "epochs": [1, 2]}
    run_sweep({"name": "s", "data": "iris", "axes": axes}, db="s.db", engine="local", notify=lambda line: None)
    assert "are estimated" not in invoke("importance", "s", "--db", "s.db").out
    with open_store("s.db") as store:
        rows = store.trials("s", columns=["trial", "architecture", "batch_size", "planned_epochs"]).to_dicts()
    # Every alternative is left, in few combinations.
    kept = [("2", 16, 1), ("3", 32, 2), ("4", 64, 1), ("2", 32, 2)]
    deleted = [
        row["trial"] for row in rows if (row["architecture"], row["batch_size"], row["planned_epochs"]) not in kept
    ]
    with open_store_for_writing("s.db") as store:
        store.delete([str(number) for number in deleted])
    page = " ".join(invoke("importance", "s", "--db", "s.db").out.split())
    assert "Most values, 14 of 18, are estimated from the others" in page
