"""Every file in examples/ runs, and shows what its first lines promise."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.planning.plan import sweep_plan
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import Configuration, sweep_from_file
from fitgap.runner.store import Store, open_store_for_writing
from support.sampling import at_night

EXAMPLES = {path.stem: path for path in (Path(__file__).parents[1] / "examples").glob("*.yaml")}
# 324 trials of 100 epochs: the tests only read and plan it.
TOO_LONG = ("digits",)

# Each takes many seconds.
LONG = ("diabetes-overfitting", "digits-convolution", "sequences", "xor")

CHECKS: dict[str, Callable[[Store, list[dict[str, Any]]], None]] = {}


def shows(name):
    """Marks the check of what an example shows, called with the store and the example's trials."""

    def add(check):
        CHECKS[name] = check
        return check

    return add


def mean(rows, key, **settings):
    """The mean of a key over the rows with these settings."""
    chosen = [row[key] for row in rows if all(row[name] == value for name, value in settings.items())]
    assert chosen, settings
    return sum(chosen) / len(chosen)


@shows("perceptron-or")
@shows("perceptron-and")
def every_row_is_told(store, trials):
    assert all(row["accuracy_t"] == row["accuracy_v"] == 1 and row["e_t"] == 0 for row in trials)
    assert all(row["epochs"] < 100 for row in trials), "stopped as soon as no row was wrong"
    assert any(row["epochs"] > 1 for row in trials), "some had something to learn"


@shows("linear-separator")
def a_line_is_found(store, trials):
    assert all(row["accuracy_t"] == 1 and row["epochs"] < 200 for row in trials)
    assert all(row["accuracy_v"] >= 0.9 for row in trials)
    assert any(row["epochs"] > 1 for row in trials)


@shows("majority")
def most_of_the_inputs(store, trials):
    (row,) = trials
    assert (row["accuracy_t"], row["accuracy_v"], row["e_t"], row["epochs"]) == (1, 1, 0, 1)
    assert store.show(row["trial"])["training_count"] == 2**7


@shows("xor")
def four_units_learn_it_and_none_cannot(store, trials):
    solved = {
        hidden: [row["accuracy_t"] == 1 for row in trials if row["architecture"] == hidden]
        for hidden in ("none", "2", "4")
    }
    assert all(solved["4"]) and not any(solved["none"])
    assert any(solved["2"]) and not all(solved["2"]), "two are a matter of luck"
    # Without a hidden layer, the best possible answer is ½ everywhere.
    assert all(row["e_t"] == pytest.approx(0.125, abs=1e-6) for row in trials if row["architecture"] == "none")


@shows("learned-activations")
def parameters_are_learned(store, trials):
    assert all(row["accuracy_v"] > 0.85 for row in trials)
    for row in trials:
        shown = store.show(row["trial"])
        learned = shown["learned"] or {}
        # Two hidden layers, each with its own β and γ.
        expected = {
            "silu": [],
            "silu:beta=1.5,learn=beta": ["1.0.beta", "2.0.beta"],
            "silu:learn=beta+gamma": ["1.0.beta", "1.0.gamma", "2.0.beta", "2.0.gamma"],
            "prelu:beta=0.25,learn=beta": ["1.0.beta", "2.0.beta"],
            "relu+silu:learn=beta": ["1.1.beta", "2.1.beta"],
            "relu:share=3+tanh": [],
            "relu/squareplus:learn=beta": ["2.0.beta"],
            "mish:learn=beta/tanh+softplus:learn=beta+gamma": ["1.0.beta", "2.1.beta", "2.1.gamma"],
        }[row["activation"]]
        assert list(learned) == [f"layer_{place}" for place in expected]
        start = {"silu:beta=1.5,learn=beta": 1.5, "prelu:beta=0.25,learn=beta": 0.25}.get(row["activation"], 1)
        assert all(abs(value - start) > 1e-3 for value in learned.values())
        assert store.kept_parameters(row["trial"], row["best_epoch"]) is not None


@shows("diabetes-overfitting")
def a_large_network_overfits_unless_hindered(store, trials):
    assert {row["repeat"] for row in trials} == {1, 2, 3, 4, 5}
    rows = [{**row, **settings(store, row)} for row in trials]
    large = {"architecture": "32-32", "schedule": "constant"}
    unhindered = {"stopping": "none", **large}
    linear = mean(rows, "best_e_v", architecture="none", regularizer="none")
    overfit = mean(rows, "gap", regularizer="none", **unhindered)
    assert overfit > 0.3 and mean(rows, "gap", architecture="none", regularizer="none") < 0.05
    assert mean(rows, "e_v", regularizer="none", **unhindered) > 1.5 * linear
    for hindrance in {row["regularizer"] for row in rows} - {"none"}:
        assert mean(rows, "gap", regularizer=hindrance, **unhindered) < overfit / 3
        assert mean(rows, "best_e_v", regularizer=hindrance, **unhindered) < mean(
            rows, "best_e_v", regularizer="none", **unhindered
        )
    stopped = {"stopping": "no_improvement:epochs=10", "regularizer": "none", **large}
    assert mean(rows, "gap", **stopped) < overfit / 2
    assert mean(rows, "epochs", **stopped) < 50 < mean(rows, "epochs", regularizer="none", **unhindered) == 100


def settings(store, row):
    """The schedule and stopping rules of a trial, in the form in which they are written."""
    configuration = Configuration.from_canonical(store.show(row["trial"])["settings"])
    return {"schedule": configuration.schedule.label, "stopping": configuration.stopping_label}


@shows("digits-convolution")
def convolutions_tell_digits_better(store, trials):
    assert {row["parameters"] for row in trials} == {4434, 4510}
    assert mean(trials, "accuracy_v", parameters=4434) >= 0.985 > mean(trials, "accuracy_v", parameters=4510)


@shows("sequences")
def gates_add_what_is_marked(store, trials):
    """Gated networks explain 98 % of the variance of unseen sums, dense ones no more than a constant does."""
    assert {row["parameters"] for row in trials} == {945, 1233, 919, 1225, 10689}
    for row in trials:
        is_recurrent = row["architecture"] in ("gru16", "lstm16")
        assert (row["accuracy_v"] > 0.98) if is_recurrent else (row["accuracy_v"] < 0.1), row["architecture"]


def test_every_example_is_checked():
    assert set(CHECKS) | set(TOO_LONG) == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_and_planned(name):
    sweep = sweep_from_file(EXAMPLES[name])
    assert sweep.name == name
    plan = sweep_plan(prepare_sweep(sweep))
    hashes = [row["hash"] for row in plan.configurations]
    assert len(set(hashes)) == len(hashes) >= 1


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_says_how_to_run_it(name):
    comment = [line for line in EXAMPLES[name].read_text().splitlines() if line.startswith("#")]
    assert 1 <= len(comment) <= 3
    assert f"fitgap run examples/{name}.yaml" in " ".join(comment)


@pytest.mark.parametrize("name", [at_night(name) if name in LONG else name for name in CHECKS])
def test_an_example_shows_what_it_promises(name, tmp_path):
    prepared = prepare_sweep(sweep_from_file(EXAMPLES[name]))
    with open_store_for_writing(str(tmp_path / "fitgap.db")) as store:
        drive(store, write_sweep(store, prepared), engine="local", workers=None, on_block=lambda block: None)
        trials = store.trials(name)
        assert {row["status"] for row in trials} == {"completed"}
        CHECKS[name](store, trials)
