"""Keys of single classes: recall and error in filters, columns, sorting and comparisons of groups."""

import contextlib

import numpy as np
import pytest
from fitgap import open_store as open_frames
from fitgap.core.datasets import split_examples
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.errors import FilterError, StoreError
from fitgap.runner.key_lists import split_keys
from fitgap.runner.models.trial_models import model_of_trial
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.retraining import stored_trial
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.admin.copy import copy_database
from fitgap.runner.store.filter import class_keys, filter_expression
from sklearn.metrics import recall_score
from support.sampling import on_sqlite_per_commit

CLASSES = ["Iris-setosa", "yes, often", "don't", 'a "b"', "1.5", "not"]
SWEEP = """\
name: classes
data: {source: classes.csv, target: answer, validation: 0.4}
repeats: 2
training: {epochs: 12, batch_size: 4}
axes:
  architecture: [3, 8]
  optimizer: [{adam: {rate: [0.01, 0.1, 0.5]}}]
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A database with the trained sweep; its data file is in the same folder."""
    rng = np.random.default_rng(3)
    rows = []
    for number, name in enumerate(CLASSES):
        quoted = '"{}"'.format(name.replace('"', '""'))
        points = rng.normal((number % 3, number // 3), 1, (12 + number, 2))
        rows += [f"{x:.4f},{y:.4f},{quoted}" for x, y in points]
    folder = tmp_path_factory.mktemp("classes")
    (folder / "classes.csv").write_text("x,y,answer\n" + "\n".join(rows) + "\n")
    with contextlib.chdir(folder), open_store_for_writing("trained.db") as store:
        written = write_sweep(store, prepare_sweep(sweep_from_text(SWEEP)))
        drive(store, written, engine="local", workers=None, on_block=lambda block: None)
    return folder / "trained.db"


@pytest.fixture
def database(databases, trained):
    """A copy of `trained`, in each kind of database."""
    address = databases.make(empty=True)
    copy_database(str(trained), address)
    return address


@pytest.fixture
def store(database):
    with open_store_for_writing(database) as store:
        yield store


def recalls_of(store, trial, at):
    """The recall of every class on the validation examples, as scikit-learn computes it from the predictions."""
    planned, prepared = stored_trial(store, store.show(trial))
    dataset, division = prepared.dataset, prepared.preparation.division
    sides = split_examples(dataset, division, seed=prepared.sweep.seed, repeat=planned.repeat)
    model = model_of_trial(store, trial, at=at).model
    truth, answers = dataset.targets[sides.validation, 0], model.predict(dataset.inputs[sides.validation])
    found = recall_score(truth, answers, labels=range(len(dataset.class_names)), average=None, zero_division=np.nan)
    return dict(zip(dataset.class_names, found.tolist(), strict=True))


@on_sqlite_per_commit
def test_they_are_those_of_scikit_learn(store):
    found = {
        (row["trial"], at): recalls_of(store, row["trial"], at)
        for row in store.trials("classes", columns=["trial"])
        for at in ("last", "best")
    }
    for name in CLASSES:
        keys = [class_keys.key_of(measure, name) for measure in class_keys.CLASS_MEASURES]
        recall, best_recall, error, best_error = keys
        rows = store.trials("classes", columns=["trial", *keys])
        assert len({row[recall] for row in rows}) > 1
        for row in rows:
            assert row[recall] == pytest.approx(found[row["trial"], "last"][name], rel=1e-12)
            assert row[best_recall] == pytest.approx(found[row["trial"], "best"][name], rel=1e-12)
            assert row[best_recall] == store.show(row["trial"])["recall"][name]
            assert row[error] == pytest.approx(1 - row[recall], abs=1e-15)
            assert row[best_error] == pytest.approx(1 - row[best_recall], abs=1e-15)


@on_sqlite_per_commit
@pytest.mark.parametrize("name", CLASSES)
def test_trials_are_filtered_and_sorted_by_them(name, store):
    key = class_keys.key_of("best_recall_v", name)
    recalls = {row["trial"]: store.show(row["trial"])["recall"][name] for row in store.trials("classes")}
    limit = sorted(recalls.values())[len(recalls) // 2]
    expected = {trial for trial, value in recalls.items() if value >= limit}
    assert {row["trial"] for row in store.trials("classes", where=f"{key} >= {limit!r}")} == expected
    assert store.count_trials("classes", f"not {key} < {limit!r} and 1 - {key} < 1.000001 - {limit!r}") == len(expected)
    assert [row["trial"] for row in store.trials("classes", sort=f"-{key},trial")] == sorted(
        recalls, key=lambda trial: (-recalls[trial], trial)
    )
    first = store.trials("classes", sort=f"verdict,{key}", limit=1, columns=["trial", key])
    assert first[0][key] == recalls[first[0]["trial"]]


@on_sqlite_per_commit
def test_groups_are_compared_in_them(store):
    key = "recall_v.'Iris-setosa'"
    rows = store.trials("classes", columns=["optimizer", key])
    groups = store.compare("classes", ["optimizer"], of=key, where=f"{key} > 0")
    for group in groups:
        own = [row[key] for row in rows if row["optimizer"] == group["optimizer"] and row[key] > 0]
        assert group[key] == pytest.approx(np.mean(own))
    assert [group[key] for group in groups] == sorted((group[key] for group in groups), reverse=True)
    errors = [group["error_v.1.5"] for group in store.compare("classes", ["optimizer"], of="error_v.1.5")]
    assert errors == sorted(errors)
    assert {row["of"] for row in store.importance("classes", ["recall_v.1.5"])} == {"recall_v.1.5"}


@on_sqlite_per_commit
def test_other_quotes_and_none(store):
    """In a list of keys, quotes are optional unless the name contains a comma."""
    keys = ["trial", "recall_v.Iris-setosa", "recall_v.'yes, often'", "recall_v.don't", 'recall_v."a ""b"""']
    assert split_keys(", ".join([*keys, "+e_v"])) == [*keys, "+e_v"]
    (row,) = store.trials("classes", columns=keys, limit=1)
    assert None not in row.values()
    (same,) = store.trials("classes", columns=["recall_v.'don''t'"], limit=1)
    assert same["recall_v.'don''t'"] == row["recall_v.don't"]


@on_sqlite_per_commit
def test_frames_have_them(store, database):
    with open_frames(str(database)) as frames:
        found = frames.trials("classes", columns=["trial", "error_v.1.5"], sort="error_v.1.5")
        assert str(found.schema["error_v.1.5"]) == "Float64" and found["error_v.1.5"].is_sorted()
        none = frames.trials("classes", columns=["error_v.1.5"], where="trial < 0")
        assert none.is_empty() and str(none.schema["error_v.1.5"]) == "Float64"


@on_sqlite_per_commit
@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("recall_v", "'recall_v' needs a class, such as recall_v."),
        ("recall_v.Iris", "did you mean recall_v.'Iris-setosa'?"),
        ("best_error_v.'yes, oftn'", "did you mean best_error_v.'yes, often'?"),
        ("recall_v.xyzzy", "there is no class 'xyzzy'; known: "),
    ],
)
def test_unknown_classes_are_refused(key, message, store):
    with pytest.raises(FilterError) as told:
        store.trials("classes", where=f"e_v > 0 and {key} > 0.5")
    assert message in str(told.value)
    for options in ({"columns": [key]}, {"sort": f"-{key}"}):
        with pytest.raises(StoreError) as told:
            store.trials("classes", **options)
        assert message in str(told.value)
    with pytest.raises(StoreError) as told:
        store.compare("classes", ["optimizer"], of=key)
    assert message in str(told.value)


def test_numbers_have_no_classes():
    with pytest.raises(FilterError, match="needs classes, but the targets of this sweep are numbers"):
        filter_expression("recall_v.a > 0.5")


@on_sqlite_per_commit
def test_trials_that_are_trained_again_lose_them(store):
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE trial SET status = 'failed' WHERE id = 1")
    sweep = store.sweep("classes")["id"]
    store.retry_trials(sweep, ["failed"])
    key = "recall_v.1.5"
    assert [row["trial"] for row in store.trials("classes", where=f"{key} is null")] == [1]
    assert store.trials("classes", sort=key, columns=["trial", key])[-1] == {"trial": 1, key: None}
