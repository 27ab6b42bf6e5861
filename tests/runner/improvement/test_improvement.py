"""`fitgap improve`: rounds of advised configurations within a budget, as ordinary and resumable trials."""

import pytest
from fitgap import FitgapError, improve_sweep, open_store, run_sweep
from fitgap.runner.improvement import Budget, Improvement
from fitgap.runner.improvement.candidates import Candidate, combined
from fitgap.runner.spec import sweep_from_mapping
from fitgap.runner.store import open_store as open_rows
from fitgap.runner.store import open_store_for_writing

SWEEP = {
    "name": "small",
    "data": "iris",
    "repeats": 2,
    "training": {"epochs": 6},
    "axes": {"architecture": [2, 4], "optimizer": [{"adam": {"rate": 1e-3}}]},
}


@pytest.fixture
def trained(tmp_path):
    database = str(tmp_path / "it.db")
    run_sweep(SWEEP, engine="local", db=database)
    return database


def best_error(database):
    with open_rows(database) as store:
        return store.measured_configurations(store.sweep("small")["id"], 1)[0]["error"]


def test_a_sweep_becomes_better_within_its_budget(trained):
    before, lines = best_error(trained), []
    sweep = improve_sweep("small", db=trained, trials=12, rounds=2, engine="local", notify=lines.append)
    trials = sweep.trials()
    assert 4 < len(trials) <= 16 and set(trials["status"]) == {"completed"}
    assert best_error(trained) < 0.7 * before
    assert lines[0].startswith("round 1: 3 configurations: ") and "% lower) with" in lines[1]
    assert lines[-1].startswith("stopped after ")
    # Each configuration has as many trials as the sweep has repeats.
    assert set(trials.group_by("configuration").len()["len"]) == {2}


def test_the_new_configurations_are_ordinary_ones(trained, invoke):
    """They are compared by the axes in which they differ, and a later extension leaves them alone."""
    improve_sweep("small", db=trained, trials=6, rounds=1, engine="local", notify=lambda line: None)
    with open_rows(trained) as store:
        number = store.sweep("small")["id"]
        assert {"architecture", "optimizer"} <= set(store.varying_axes(number))
        count = store.configuration_count(number)
    answer = invoke("extend", "small", "--hidden", "3", "--engine", "local", "--db", trained)
    assert answer.code == 0 and "small: 2 new trials" in answer.err
    with open_store(trained) as store:
        assert len(store.trials("small")) == 2 * (count + 1)


def test_a_dry_run_writes_nothing(trained, invoke):
    answer = invoke("improve", "small", "--dry-run", "--trials", "4", "--rounds", "1", "--db", trained)
    assert answer.code == 0 and "round 1 would add 2 configurations = 4 trials" in answer.out
    assert "at the edge of the sweep" in answer.out
    with open_store(trained) as store:
        assert len(store.trials("small")) == 4


def test_the_command_reports_rounds_and_ends_like_extend(trained, invoke):
    answer = invoke("improve", "small", "--trials", "4", "--rounds", "1", "--engine", "local", "--db", trained)
    assert answer.code == 0
    assert "round 1: E_v " in answer.err and "stopped after 1 round" in answer.err
    assert "small: the best " in answer.out


def test_pending_trials_are_trained_first(trained):
    with open_rows(trained) as store:
        number = store.sweep("small")["id"]
    with open_store_for_writing(trained) as store:
        store.cancel_trials(number)
        store.retry_trials(number, ["cancelled"])
    improve_sweep("small", db=trained, trials=2, rounds=1, engine="local", notify=lambda line: None)
    with open_store(trained) as store:
        assert set(store.trials("small")["status"]) == {"completed"}


def test_a_budget_that_is_too_small_is_refused_before_pending_trials_are_trained(trained, invoke):
    with open_store_for_writing(trained) as store:
        store.cancel_trials(store.sweep("small")["id"])
        store.retry_trials(store.sweep("small")["id"], ["cancelled"])
    with open_store(trained) as store:
        before = store.trials("small")["status"].to_list()
    answer = invoke("improve", "small", "--trials", "1", "--engine", "local", "--db", trained)
    assert (
        answer.code == 2 and "more than the limit for new trials (1); raise it to 2 or more: --trials 2" in answer.err
    )
    with open_store(trained) as store:
        assert store.trials("small")["status"].to_list() == before


def test_if_everything_diverged_lower_rates_are_tried(tmp_path):
    database = str(tmp_path / "it.db")
    wild = {**SWEEP, "axes": {"optimizer": [{"gradient_descent": {"rate": 1e30}}]}}
    run_sweep(wild, engine="local", db=database)
    lines = []
    improve_sweep("small", db=database, trials=2, rounds=1, engine="local", notify=lines.append)
    assert "gradient_descent:rate=0.1" in lines[0] and lines[1].startswith("round 1: E_v ")


@pytest.mark.parametrize(
    ("trials", "rounds", "rule"),
    [(1, 1, "has 2 repeats, .* in Python trials=2"), (0, 1, "whole number"), (4, 0, "rounds")],
)
def test_a_budget_that_allows_nothing_is_refused(trained, trials, rounds, rule):
    with pytest.raises(FitgapError, match=rule):
        improve_sweep("small", db=trained, trials=trials, rounds=rounds, engine="local")


def test_an_unknown_sweep_is_refused(trained):
    with pytest.raises(FitgapError, match="there is no sweep 'smal'"):
        improve_sweep("smal", db=trained, engine="local")


def configuration(**axes):
    return next(iter(sweep_from_mapping({"data": "iris", "axes": axes}).configurations()))


def test_changes_that_helped_are_combined():
    """Two changes of the same setting are not combined, nor is a change that did not help."""
    base = configuration(architecture="4", epochs=10)
    wider, longer = configuration(architecture="8", epochs=10), configuration(architecture="4", epochs=30)
    longest, worse = configuration(architecture="4", epochs=90), configuration(architecture="2", epochs=10)
    before = [
        Candidate(each, base, name, "") for each, name in ((wider, "w"), (longer, "l"), (longest, "x"), (worse, "n"))
    ]
    errors = {base: 0.5, longer: 0.3, wider: 0.35, longest: 0.4, worse: 0.6}
    measured = [{"configuration": each.hash, "error": error} for each, error in errors.items()]
    (found,) = combined(measured, before)
    assert found.configuration == configuration(architecture="8", epochs=30) and found.changed == "l, w"


def test_it_stops_when_a_round_does_not_help(trained):
    improvement = Improvement("small", Budget(60, 3))
    with open_rows(trained) as store:
        assert improvement.plan(store)
        improvement.before, improvement.rounds = best_error(trained), 1
        assert not improvement.conclude(store).helped
        assert not improvement.plan(store)
    assert improvement.why_stopped() == "stopped, because no advice helps any more"
