"""Stored metrics equal those that scikit-learn computes from a network's predictions."""

import itertools
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fitgap import open_store as open_frames
from fitgap.core.datasets import split_examples
from fitgap.runner.models.trial_models import model_of_trial
from fitgap.runner.retraining import stored_trial
from fitgap.runner.store import open_store
from sklearn import metrics
from support.sampling import every_row, on_sqlite_per_commit

CLASSES = ("balanced_accuracy", "f1_macro", "lowest_recall", "roc_auc", "log_loss")
NUMBERS = ("mae", "rmse")


def predicted(store, trial, at):
    """The model of a trial with the inputs and targets of its training and validation examples."""
    planned, prepared = stored_trial(store, store.show(trial))
    split = split_examples(
        prepared.dataset, prepared.preparation.division, seed=prepared.sweep.seed, repeat=planned.repeat
    )
    model = model_of_trial(store, trial, at=at).model
    rows = {"t": split.training, "v": split.validation}
    return model, {side: (prepared.dataset.inputs[rows[side]], prepared.dataset.targets[rows[side]]) for side in rows}


def of_classes(model, inputs, targets):
    truth, answers, shares = targets[:, 0], model.predict(inputs), model.outputs(inputs).astype(float)
    shares /= shares.sum(axis=1, keepdims=True)
    return {
        "accuracy": metrics.accuracy_score(truth, answers),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, answers),
        "f1_macro": metrics.f1_score(truth, answers, average="macro"),
        "lowest_recall": metrics.recall_score(truth, answers, average=None).min(),
        "roc_auc": metrics.roc_auc_score(truth, shares, multi_class="ovr", average="macro"),
        "log_loss": metrics.log_loss(truth, shares),
    }


def of_numbers(model, inputs, targets):
    answers = model.predict(inputs)
    return {
        "accuracy": metrics.r2_score(targets, answers),
        "mae": metrics.mean_absolute_error(targets, answers),
        "rmse": metrics.root_mean_squared_error(targets, answers),
    }


SWEEPS = {
    "classes": (["--data", "iris", "--loss", "softmax_cross_entropy", "--optimizer", "adam:rate=0.1"], of_classes),
    "numbers": (["--data", "diabetes", "--optimizer", "adam:rate=0.1"], of_numbers),
}


@on_sqlite_per_commit
@pytest.mark.parametrize(("sweep", "keep"), every_row(5, itertools.product(SWEEPS, ("none", "best", "last"))))
def test_metrics_are_those_of_the_predictions(sweep, keep, invoke):
    options, expected_of = SWEEPS[sweep]
    sizes = ("--hidden", "16", "--hidden", "8", "--epochs", "12", "--repeats", "2", "--batch-size", "4")
    assert invoke("run", *options, *sizes, "--name", "s", "--keep", keep, "--engine", "local").code == 0
    with open_store() as store:
        rows = store.trials("s")
        for row in rows:
            for at, prefix in (("last", ""), ("best", "best_")):
                model, sides = predicted(store, row["trial"], at)
                for side, (inputs, targets) in sides.items():
                    expected = expected_of(model, inputs, targets)
                    stored = {name: row.get(f"{prefix}{name}_{side}") for name in expected}
                    assert at == "best" or side == "t" or None not in stored.values()
                    for name, value in stored.items():
                        assert value is None or value == pytest.approx(expected[name], rel=1e-4), (name, at, side)
        assert any(row["best_epoch"] < row["epochs"] for row in rows)
        others = NUMBERS if sweep == "classes" else CLASSES
        assert all(row[f"{name}_v"] is None and row[f"best_{name}_v"] is None for row in rows for name in others)


def test_engines_agree_and_lists_sort_filter_and_compare(invoke):
    run = ("run", "--data", "moons", "--hidden", "3", "--hidden", "9", "--epochs", "6", "--repeats", "3")
    for engine in ("local", "auto"):
        assert invoke(*run, "--name", engine, "--engine", engine).code == 0
    columns = "balanced_accuracy_v,best_f1_macro_v,roc_auc_v,best_accuracy_v,lowest_recall_v"
    one, other = (
        invoke("trials", name, "--columns", columns, "--sort", "repeat,architecture", "--format", "json").json
        for name in ("local", "auto")
    )
    assert one == other
    best = [
        row["best_f1_macro_v"]
        for row in invoke("trials", "auto", "--sort", "-best_f1_macro_v", "--format", "json").json
    ]
    assert best == sorted(best, reverse=True) and len(set(best)) > 1
    where = f"best_f1_macro_v >= {best[2]!r}"
    assert len(invoke("trials", "auto", "--where", where, "--format", "json").json) >= 3
    groups = invoke("compare", "auto", "--by", "architecture", "--of", "f1_macro_v", "--format", "json").json
    assert groups[0]["f1_macro_v"] >= groups[1]["f1_macro_v"] and groups[1]["difference"] <= 0
    refused = invoke("compare", "auto", "--by", "architecture", "--of", "rmse_v")
    assert refused.code == 2 and "rmse need numeric targets" in refused.err


def test_show_prints_the_confusions(invoke, in_terminal, plain_text):
    assert (
        invoke("run", "--data", "digits", "--hidden", "8", "--epochs", "2", "--name", "d", "--engine", "local").code
        == 0
    )
    answer = invoke("show", 1, "--format", "json").json
    matrix = answer["confusion"]
    counts = np.array(matrix["counts"])
    assert matrix["classes"] == matrix["answers"] == [str(digit) for digit in range(10)]
    assert counts.shape == (10, 10) and counts.sum() == answer["validation_count"]
    assert answer["recall"]["3"] == counts[3, 3] / counts[3].sum()
    assert min(answer["recall"].values()) == answer["best_lowest_recall_v"]
    code, text = in_terminal("show", 1)
    matrix = plain_text(text).partition("confusion (")[2].partition("trained with")[0].splitlines()
    assert code == 0 and len(matrix) >= 12 and "recall" in matrix[2] and max(map(len, matrix)) <= 80
    with open_frames() as frames:
        cells = frames.confusion(1)
        assert cells["examples"].to_list() == counts.ravel().tolist()
        assert cells.columns == ["class", "answer", "examples", "share"]


def test_of_many_classes_show_prints_the_largest_confusions(invoke, own_folder):
    rng = np.random.default_rng(1)
    truth = np.repeat(np.arange(26), 12)
    lines = [f"{rng.normal():.3f},{code:.1f},a quite long name {chr(97 + code)}" for code in truth]
    (own_folder / "letters.csv").write_text("x,y,letter\n" + "\n".join(lines) + "\n")
    ran = invoke("run", "--data", "letters.csv", "--target", "letter", "--hidden", "4", "--epochs", "3", "--name", "l")
    assert ran.code == 0, ran.err
    text = invoke("show", 1).out
    assert "the largest of 26 classes" in text and "lowest recall: a quite long name" in text


@pytest.fixture
def changed_database(trained_database, tmp_path):
    """A copy of the trained database that a test may change."""
    return Path(shutil.copy(trained_database, tmp_path / "changed.db"))


def test_trials_of_earlier_versions_have_none(invoke, changed_database):
    with closing(sqlite3.connect(changed_database)) as connection, connection:
        number = connection.execute("SELECT id FROM trial WHERE status = 'completed'").fetchone()[0]
        connection.execute("DELETE FROM confusion WHERE trial_id = ?", (number,))
    answer = invoke("show", number, "--db", changed_database, "--format", "json").json
    assert answer["confusion"] is answer["recall"] is None
    assert "confusion" not in invoke("show", number, "--db", changed_database).out
    with open_frames(str(changed_database)) as frames:
        assert frames.confusion(number).is_empty() and frames.confusion(number).columns[0] == "class"


def test_damaged_counts_are_an_error(invoke, changed_database):
    with closing(sqlite3.connect(changed_database)) as connection, connection:
        number = connection.execute("SELECT id FROM trial WHERE status = 'completed'").fetchone()[0]
        connection.execute("INSERT OR REPLACE INTO confusion VALUES (?, ?)", (number, b"no counts"))
    refused = invoke("show", number, "--db", changed_database)
    assert refused.code == 1 or refused.code == 2
    assert "cannot be read" in refused.err and "Traceback" not in refused.err
