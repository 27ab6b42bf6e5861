"""Rounds of repeats are the same with any engine, and if a sweep moves from one engine to another."""

import pytest
from fitgap import resume_sweep, run_sweep
from fitgap.runner.engine import auto
from support.faults.evidence import Evidence
from support.sampling import at_night

pytestmark = pytest.mark.xdist_group("searches on Ray")

# The slow rate is clearly worse after some repeats; the two good rates hardly differ.
SWEEP = {
    "data": "iris",
    "seed": 4,
    "repeats": {"from": 1, "to": 8, "until": 0.95},
    "training": {"epochs": 2, "batch_size": 16},
    "axes": {
        "architecture": [2, 6],
        "optimizer": [{"adam": {"rate": [1e-4, 0.01, 0.05]}}, {"gradient_descent": {"rate": 1e30}}],
    },
}
SEARCH = SWEEP | {
    "search": {"method": "tpe", "trials": 12, "generation": 4},
    "axes": {"architecture": [2, 6], "optimizer": [{"adam": {"rate": "1e-4..0.1"}}]},
}


@pytest.fixture(params=[at_night(SWEEP, id="grid"), pytest.param(SEARCH, id="search")])
def settings(request):
    return request.param


@pytest.fixture
def expected(settings, own_folder):
    """The results of one process, in rounds of which some repeat only a few configurations."""
    sweep = run_sweep(settings, engine="local", db="alone.db")
    counts = sweep.trials().group_by("configuration").len()["len"]
    assert counts.min() < counts.max(), "the case has become too simple"
    return Evidence("alone.db").export


def test_rounds_are_the_same_in_local_processes(settings, expected, monkeypatch):
    monkeypatch.setattr(auto, "WORTH_PROCESSES_SECONDS", 0.0)
    run_sweep(settings, engine="auto", workers=2, db="processes.db")
    assert Evidence("processes.db").export == expected


@pytest.mark.nightly
def test_rounds_are_the_same_on_ray(settings, expected):
    run_sweep(settings, engine="ray", workers=2, db="ray.db")
    assert Evidence("ray.db").export == expected


@pytest.mark.nightly
def test_rounds_are_the_same_if_they_are_handed_over_from_engine_to_engine(settings, expected):
    """One process trains the first trials, Ray the next and one process the rest, within and between rounds."""
    run_sweep(settings, name="handed", engine="local", max_trials=10, db="handed.db")
    resume_sweep("handed", engine="ray", workers=2, max_trials=10, db="handed.db")
    assert Evidence("handed.db").export != expected
    resume_sweep("handed", engine="local", db="handed.db")
    assert Evidence("handed.db").export == expected
