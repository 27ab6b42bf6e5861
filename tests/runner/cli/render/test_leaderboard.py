"""The leaderboard: its order, and the trials that it names."""

import pytest

QUICK = (
    "--data",
    "moons",
    "--hidden",
    "2",
    "--hidden",
    "4",
    "--activation",
    "tanh",
    "--activation",
    "relu",
    "--repeats",
    "3",
)


@pytest.fixture
def trained(invoke):
    """The output of a briefly trained sweep with two axes."""
    return invoke("run", *QUICK, "--epochs", "6", "--engine", "local")


def test_the_best_trial_of_a_row_is_the_one_with_the_lowest_honest_e_v(trained, invoke):
    rows = invoke("trials", "moons", "--format", "json").json
    groups = invoke("compare", "moons", "--by", "configuration", "--of", "honest_e_v", "--format", "json").json
    for group in groups:
        own = [row for row in rows if row["configuration"] == group["configuration"]]
        assert group["best_trial"] == min(own, key=lambda row: row["honest_e_v"])["trial"]
    best = groups[0]["best_trial"]
    assert "by honest E_v at the best epoch" in trained.out
    assert f"Look closer: fitgap show {best}," in trained.err


def test_a_terminal_of_80_columns_shows_it_too(in_terminal, plain_text):
    code, written = in_terminal("run", *QUICK, "--epochs", "1", "--engine", "local")
    (header,) = [line for line in plain_text(written).splitlines() if line.startswith(" tecture ")]
    assert code == 0 and "trial" in header.split()


def test_with_accuracy_the_best_trial_has_the_highest(trained, invoke):
    rows = invoke("trials", "moons", "--format", "json").json
    (group,) = invoke("compare", "moons", "--by", "optimizer", "--of", "accuracy_v", "--format", "json").json
    best = max(row["accuracy_v"] for row in rows)
    assert group["best_trial"] == min(row["trial"] for row in rows if row["accuracy_v"] == best)
