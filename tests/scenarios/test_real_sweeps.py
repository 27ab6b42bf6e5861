"""Verdicts that users see after a sweep on data sets shipped with the program."""

import pytest
from fitgap import run_sweep

DIGITS = {
    "data": "digits",
    "repeats": 3,
    "axes": {
        "optimizer": {"adam": {"rate": 3e-3}},
        "architecture": [1, 64],
        "regularizer": ["none", {"l2": {"weight": 0.3}}],
        "epochs": [1, 30],
    },
}
DIABETES = {
    "data": "diabetes",
    "repeats": 3,
    "training": {"epochs": 80},
    "axes": {
        "optimizer": {"adam": {"rate": 3e-3}},
        "architecture": [16, 256],
        "regularizer": ["none", {"l2": {"weight": [0.1, 3.0]}}],
    },
}


@pytest.fixture
def verdicts_of(tmp_path):
    """`verdicts_of(sweep)`: the verdicts on its trials by architecture, regularizer and number of epochs."""

    def read(sweep):
        trials = run_sweep(sweep, engine="local", db=str(tmp_path / "fit.db")).trials()
        keys = trials.select("architecture", "regularizer", "epochs").rows()
        found = {}
        for key, verdict in zip(keys, trials["verdict"], strict=True):
            found.setdefault(key, []).append(verdict)
        return found

    return read


def test_a_sweep_of_digits(verdicts_of):
    """One unit, one epoch and a far too large λ all underfit, whatever the other settings."""
    found = verdicts_of(DIGITS)
    good = found.pop(("64", "none", 30))
    assert good.count("good") >= 2
    assert len(found) == 7 and set().union(*found.values()) == {"underfit"}


def test_a_sweep_of_diabetes(verdicts_of):
    found = verdicts_of(DIABETES)
    assert set(found["256", "none", 80]) == {"overfit"}
    for architecture in ("16", "256"):
        assert found[architecture, "l2:weight=0.1", 80].count("good") >= 2
        assert set(found[architecture, "l2:weight=3", 80]) == {"underfit"}
