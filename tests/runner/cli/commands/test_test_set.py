"""A test set plays no part in any choice, and is reported once, for the best configuration."""

import re

import numpy as np
import pytest
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
    # The same by hand: half the squared distance to a 1 for the class and 0 for the others.
    wanted = np.eye(3)[data.targets[rows, 0].astype(int)]
    outputs = model.outputs(data.inputs[rows])
    assert found.errors[0] == pytest.approx((((outputs - wanted) ** 2).sum(axis=1) / 2).mean(), rel=1e-6)
    assert found.accuracies[0] == pytest.approx((outputs.argmax(axis=1) == data.targets[rows, 0]).mean())


def test_errors_of_a_model_are_those_of_training(invoke, tmp_path):
    """On the validation examples, the model has the E_v that was stored."""
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
    assert len(encoded_targets(data, prepared.preparation, prepared.reading, split)[1]) == len(split.validation)
