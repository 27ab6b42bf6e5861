import pytest
from fitgap.runner.errors import SpecError
from fitgap.runner.spec import Budget, Sweep, budget_from_flags, sweep_from_text


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1.5 h", 5400), ("2D", 172_800), ("7", 7), (0.25, 0.25), (60, 60)],
)
def test_times(written, seconds):
    assert budget_from_flags(None, written, None) == Budget(seconds=seconds)


@pytest.mark.parametrize("written", ["", "m", "-5m", "0", "0s", "10 minutes", "1m 30", "1e99d", True, "nan"])
def test_wrong_times(written):
    with pytest.raises(SpecError, match="--max-time: must be a time above 0, such as 90s, 10m"):
        budget_from_flags(None, written, None)


@pytest.mark.parametrize(
    ("trials", "epochs", "flag"), [("0", None, "--max-trials"), (None, "2.5", "--max-epochs-total")]
)
def test_wrong_counts_name_the_flag(trials, epochs, flag):
    with pytest.raises(SpecError, match=f"^{flag}: must be a whole number, at least 1"):
        budget_from_flags(trials, None, epochs)


def test_flags_override_single_limits_of_the_file():
    sweep = sweep_from_text("data: iris\nbudget: {trials: 5, time: 10m}")
    assert sweep.budget == Budget(trials=5, seconds=600)
    assert sweep.budget.overridden_by(budget_from_flags("7", None, "90")) == Budget(7, 600, 90)
    assert Sweep.from_canonical(sweep.canonical()) == sweep


def test_a_wrong_limit_in_a_file_is_named_with_its_place():
    with pytest.raises(SpecError, match=r"sweep\.yaml:2:10: budget\.time: must be a time"):
        sweep_from_text("data: iris\nbudget: {time: soon}")
