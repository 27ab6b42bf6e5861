"""In a search, the ends of a range are those of all drawn values, not of the few configurations next to the best."""

import pytest

SEARCH = ("--data", "moons", "--epochs", "15", "--repeats", "1", "--engine", "local")


@pytest.fixture
def ends(invoke):
    """`ends(rates, trials, hidden)`: the ends that the best of a search over rates is at, and all rates, best first."""

    def run(rates, trials, hidden=("4", "8")):
        sizes = [word for each in hidden for word in ("--hidden", each)]
        words = (*sizes, "--optimizer", f"adam:rate={rates}", "--search", f"random:trials={trials}", "--name", "s")
        answer = invoke("run", *SEARCH, *words)
        assert answer.code == 0, answer.err
        rows = invoke("trials", "s", "--sort", "honest_e_v", "--format", "json").json
        found = invoke("diagnose", "s", "--format", "json").json["edges"]
        return [each["end"] for each in found if each["axis"] == "optimizer"], [row["learning_rate"] for row in rows]

    return run


def test_rates_that_are_all_too_low_end_at_the_highest(ends):
    """Within 15 epochs, higher rates in this range are better."""
    found, rates = ends("1e-4..1e-2", 30, ("8",))
    assert rates[0] > 0.8 * max(rates) and found == ["the highest learning rate"]


def test_a_rate_within_the_range_is_at_no_end(ends):
    """The best may have the highest rate among the few configurations of its size, but others tried higher ones."""
    found, rates = ends("1e-3..10", 30)
    assert min(rates) < rates[0] < 0.2 * max(rates) and found == []


def test_neither_is_one_of_few_that_others_exceed(ends):
    found, rates = ends("0.02..5", 5)
    assert min(rates) < rates[0] < max(rates) and found == []
