"""Numbers that a search drew from ranges are grouped by quantiles for comparison."""

import pytest

SEARCH = ("--data", "moons", "--search", "random:trials=32", "--epochs", "2", "--repeats", "2", "--engine", "local")


@pytest.fixture
def searched(invoke):
    """A random search over the rate of one optimizer."""
    answer = invoke("run", *SEARCH, "--hidden", "3", "--optimizer", "adam:rate=0.001..0.1", "--name", "s")
    assert answer.code == 0, answer.err


@pytest.mark.parametrize("key", ["optimizer", "optimizer.rate", "learning_rate"])
def test_quarters_of_the_rates_are_the_groups(key, searched, invoke):
    groups = invoke("compare", "s", "--by", key, "--format", "json").json
    rates = sorted(row["learning_rate"] for row in invoke("trials", "s", "--format", "json").json)
    assert len(groups) == 4 and all(group["configurations"] == 4 and group["grouped"] for group in groups)
    lowest = min(groups, key=lambda group: float(group[key].removeprefix("adam rate ").split()[0]))
    assert lowest[key].removeprefix("adam rate ") == f"{rates[0]:.3g} to {rates[7]:.3g}"
    assert all(group["pairs"] for group in groups if group["difference"] is not None)


def test_the_table_says_so(searched, invoke):
    assert "grouped by quantiles" in invoke("compare", "s", "--by", "optimizer").out
    assert "grouped by quantiles" in invoke("compare", "s", "--by", "optimizer,activation", "--table").out
    configurations = invoke("compare", "s", "--by", "configuration", "--format", "json").json
    assert len(configurations) == 16 and not any(group["grouped"] for group in configurations)


def test_a_frame_holds_the_intervals(searched):
    from fitgap import open_store

    with open_store() as store:
        frame = store.compare("s", by="learning_rate")
    assert frame.height == 4 and frame["grouped"].all() and " to " in frame["learning_rate"][0]


def test_lists_stay_as_they_are(invoke):
    rates = [word for number in range(1, 11) for word in ("--optimizer", f"adam:rate={number / 100}")]
    assert invoke("run", "--data", "moons", "--epochs", "1", *rates, "--engine", "local").code == 0
    groups = invoke("compare", "moons", "--by", "optimizer.rate", "--format", "json").json
    assert len(groups) == 10 and not any(group["grouped"] for group in groups)
