"""A test set affects no choice, and is evaluated once, for the best configuration."""

import re

import numpy as np
import pytest
from fitgap import open_store
from fitgap.core.preprocessing import encoded_targets
from fitgap.runner.driver import stored_sweep
from fitgap.runner.holdout import best_trials, holdout_errors, model_at_best
from fitgap.runner.store import open_store_for_writing

RUN = ("--data", "iris", "--test", "0.2", "--hidden", "4", "--hidden", "none", "--repeats", "3", "--epochs", "5")


def test_the_best_configuration_is_tested(invoke, tmp_path):
    answer = invoke("run", *RUN, "--engine", "local", "--db", tmp_path / "a.db")
    assert answer.code == 0
    lines = [line for line in answer.err.splitlines() if "test examples" in line]
    assert len(lines) == 1 and re.search(r"30 test examples, .* error \d\.\d+ ± \S+, accuracy \d", lines[0])
    with open_store_for_writing(str(tmp_path / "a.db")) as store:
        written = stored_sweep(store, "iris")
        found = holdout_errors(store, written.sweep_id, written.prepared)
        (number, *_) = best_trials(store, written.sweep_id)
        row = store.show(number)
        model = model_at_best(store, row, written.prepared)
    data = written.prepared.dataset
    rows = np.flatnonzero(data.marks["test"])
    # By hand: half the squared distance from the one-hot code of the class.
    wanted = np.eye(3)[data.targets[rows, 0].astype(int)]
    outputs = model.outputs(data.inputs[rows])
    assert found.errors[0] == pytest.approx((((outputs - wanted) ** 2).sum(axis=1) / 2).mean(), rel=1e-6)
    assert found.accuracies[0] == pytest.approx((outputs.argmax(axis=1) == data.targets[rows, 0]).mean())


def test_errors_of_a_model_are_those_of_training(invoke, tmp_path):
    """On the validation examples, the mean error of a model is the stored E_v of its best epoch."""
    invoke(
        "run", "--data", "diabetes", "--hidden", "4", "--epochs", "4", "--engine", "local", "--db", tmp_path / "a.db"
    )
    with open_store_for_writing(str(tmp_path / "a.db")) as store:
        written = stored_sweep(store, "diabetes")
        row = store.show(1)
        model = model_at_best(store, row, written.prepared)
        assert holdout_errors(store, written.sweep_id, written.prepared) is None
    prepared, split = written.prepared, written.prepared.splits[1]
    data = prepared.dataset
    assert model.errors(data.inputs[split.validation], data.targets[split.validation]).mean() == pytest.approx(
        row["best_e_v"], rel=1e-6
    )
    encoded = encoded_targets(data, prepared.preparation, prepared.reading, split, seed=0, repeat=1)
    assert len(encoded[1]) == len(split.validation)


def test_the_result_is_computed_once_and_can_be_asked_for_again(invoke, own_folder):
    """Extending a sweep until the test error looks better has no effect."""
    assert invoke("run", *RUN, "--engine", "local", "--name", "t").code == 0
    with open_store() as store:
        found = store.test_result("t")
        trials = found["trial"].to_list()
        assert len(trials) == 3 and found["examples"].to_list() == [30] * 3 and found["is_best"].all()
        shown = [store.show(trial) for trial in trials]
        assert [row["test_error"][0] for row in shown] == found["error"].to_list()
        assert [row["test_accuracy"][0] for row in shown] == found["accuracy"].to_list()
        others = set(store.trials("t")["trial"]) - set(trials)
        assert all(store.show(other)["test_error"].is_null().all() for other in others)
    extended = invoke("extend", "t", "--optimizer", "adam:rate=0.1", "--engine", "local")
    assert extended.code == 0 and "measured once, before another configuration became the best" in extended.err
    with open_store() as store:
        again = store.test_result("t")
        assert again.drop("is_best").equals(found.drop("is_best")) and not again["is_best"].any()
        assert store.test_result("t")["configuration"][0] in extended.err
    assert "test_error" in invoke("show", trials[0]).out
    assert invoke("report", "t", "-o", "r.html").code == 0
    assert "30 test examples" in (own_folder / "r.html").read_text()


def test_a_sweep_without_test_examples_has_no_result(invoke):
    assert invoke("run", "--data", "iris", "--epochs", "2", "--engine", "local").code == 0
    with open_store() as store:
        assert store.test_result("iris").is_empty()
        assert store.test_result("iris").columns[1] == "trial"


def test_r2_is_not_called_accuracy(invoke):
    assert invoke("run", "--data", "diabetes", "--test", "0.2", "--epochs", "2", "--engine", "local").code == 0
    assert "test_r2" in invoke("show", 1).out
