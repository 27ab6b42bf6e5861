"""`fitgap importance` says so if most of the values behind the shares of variance are estimated."""

import pytest
from fitgap import open_store, run_sweep
from fitgap.runner.cli.commands.importance import estimated
from fitgap.runner.store import open_store_for_writing


@pytest.mark.parametrize(("trials", "holes", "is_told"), [(10, 0, False), (10, 10, False), (10, 11, True)])
def test_only_most_values_are_worth_a_line(trials, holes, is_told):
    line = estimated([{"trials": trials, "filled": holes}, {"trials": trials - 1, "filled": holes}])
    assert (line is not None) == is_told
    assert line is None or f"Most values ({holes} of {trials + holes}) were not measured" in line


def test_a_sweep_of_which_few_trials_are_left_says_it(invoke):
    axes = {"architecture": [2, 3, 4], "batch_size": [16, 32, 64], "epochs": [1, 2]}
    run_sweep({"name": "s", "data": "iris", "axes": axes}, db="s.db", engine="local", notify=lambda line: None)
    assert "but estimated" not in invoke("importance", "s", "--db", "s.db").out
    # Every alternative remains, but only in few combinations.
    kept = [("2", 16, 1), ("3", 32, 2), ("4", 64, 1), ("2", 32, 2), ("3", 64, 2), ("4", 16, 2)]
    delete_all_but(kept)
    page = " ".join(invoke("importance", "s", "--db", "s.db").out.split())
    assert "Most values (12 of 18) were not measured but estimated" in page
    with open_store("s.db") as store:
        assert "12 of 18 values are estimated" in store.plot("importance", "s").to_json()
    # The effects: the mean, two of the architecture, two of the batch size and one of the epochs.
    delete_all_but(kept[:5])
    answer = invoke("importance", "s", "--db", "s.db")
    assert answer.code == 2 and answer.err.count("\n") == 1
    assert "at least as many completed trials as their settings have effects, 6, but there are 5" in answer.err


def delete_all_but(kept):
    keys = ["trial", "architecture", "batch_size", "planned_epochs"]
    with open_store_for_writing("s.db") as store:
        rows = store.trials(1, columns=keys)
        store.delete([str(number) for number, *settings in map(dict.values, rows) if tuple(settings) not in kept])
