"""Splits by rules of the sweep: by group, in order, by a column, by a second file, and a test set."""

import json

import numpy as np
import pytest
from fitgap.runner.data import fingerprint
from fitgap.runner.errors import DataError, SpecError
from fitgap.runner.planning.plan import sweep_plan
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import stored_sweep_of, sweep_from_mapping, sweep_from_text

ROWS = 60
PARTS = ("train", "train", "val", "test")
TABLE = "subject,day,part,x,kind\n" + "".join(
    f"s{row // 6},2020-01-{1 + (row * 7) % 28:02},{PARTS[row % 4]},{row % 11},{'ab'[row % 2]}\n" for row in range(ROWS)
)
OTHER = "subject,day,part,x,kind\n" + "".join(f"t{row},2021-01-01,val,{row}.5,{'ab'[row % 2]}\n" for row in range(10))


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """`prepared(**data)`: a sweep of the table with these data settings."""
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "other.csv").write_text(OTHER)
    monkeypatch.chdir(tmp_path)

    def prepare(repeats=2, **data):
        data = {"source": "table.csv", "target": "kind", **data}
        return prepare_sweep(sweep_from_mapping({"data": data, "repeats": repeats}))

    return prepare


def subjects(split):
    return {row // 6 for row in split.training}, {row // 6 for row in split.validation}


@pytest.mark.parametrize("rule", [{"group": "subject"}, "group=subject", {"group": "subject", "amount": 20}])
def test_by_group(prepared, rule):
    sweep = prepared(validation=rule)
    assert "subject" not in " ".join(sweep.dataset.input_names)
    for split in sweep.splits.values():
        training, validation = subjects(split)
        assert not training & validation and len(validation) == 3


@pytest.mark.parametrize("rule", [{"group": "subject", "folds": 5}, "group=subject,folds=5"])
def test_folds_by_group(prepared, rule):
    sweep = prepared(repeats=1, validation=rule)
    assert sweep.repeat_count == 5
    assert sorted(row for split in sweep.splits.values() for row in split.validation) == list(range(ROWS))


def test_in_order(prepared):
    assert prepared(validation={"last": 0.3}).splits[2].validation.tolist() == list(range(42, 60))
    sweep = prepared(validation={"last": 12, "by": "day"})
    days = np.array([(row * 7) % 28 for row in range(ROWS)])
    split = sweep.splits[1]
    assert days[split.validation].min() >= days[split.training].max() and len(split.validation) == 12
    assert not any(name.startswith("day") for name in sweep.dataset.input_names)
    assert len(prepared(validation="by=day").splits[1].validation) == 18


def test_by_a_column(prepared):
    sweep = prepared(validation={"column": "part"}, test={"column": "part"})
    assert sweep.splits[1].validation.tolist() == list(range(2, ROWS, 4))
    assert np.flatnonzero(sweep.dataset.marks["test"]).tolist() == list(range(3, ROWS, 4))
    with pytest.raises(DataError, match="marks test examples, too; add --test column=part"):
        prepared(validation={"column": "part"})
    with pytest.raises(DataError, match="column 'day' has '2020-01-01', but must say train or validation"):
        prepared(validation={"column": "day"})


def test_by_a_second_file(prepared):
    sweep = prepared(validation={"file": "other.csv"})
    assert sweep.dataset.example_count == ROWS + 10
    assert sweep.splits[1].validation.tolist() == list(range(ROWS, ROWS + 10))
    stored = sweep_plan(sweep).specification["data"]
    assert stored["validation"]["file"].startswith("/") and stored["validation"]["file"].endswith("other.csv")


def test_a_second_file_lies_where_the_sweep_file_does(prepared, tmp_path):
    text = "{data: {source: table.csv, target: kind, validation: {file: other.csv}}}"
    (tmp_path / "inside").mkdir()
    with pytest.raises(DataError, match="inside/"):
        prepare_sweep(sweep_from_text(text, "inside/sweep.yaml"))


@pytest.mark.parametrize(
    "data",
    [
        {"validation": {"group": "subject"}, "test": 0.2},
        {"validation": {"last": 0.3, "by": "day"}, "test": {"group": "subject", "amount": 0.2}},
        {"validation": {"file": "other.csv"}, "test": {"group": "subject", "amount": 9}},
        {"validation": {"column": "part"}, "test": {"column": "part"}, "missing": "drop"},
        {"validation": "5-fold", "test": {"file": "other.csv"}},
    ],
)
def test_a_stored_sweep_is_split_in_the_same_way(prepared, data):
    sweep = prepared(**data)
    specification = json.loads(json.dumps(sweep_plan(sweep).specification))
    again = prepare_sweep(stored_sweep_of(specification))
    assert fingerprint(again.dataset) == fingerprint(sweep.dataset)
    for repeat, split in sweep.splits.items():
        assert np.array_equal(split.validation, again.splits[repeat].validation)
        assert np.array_equal(split.training, again.splits[repeat].training)


def test_test_examples_are_the_same_in_every_repeat_and_on_neither_side(prepared):
    sweep = prepared(repeats=4, test=0.25)
    test = np.flatnonzero(sweep.dataset.marks["test"])
    assert len(test) == 15
    for split in sweep.splits.values():
        assert not set(test) & {*split.training, *split.validation}
        assert len(split.training) + len(split.validation) == 45


@pytest.mark.parametrize(
    ("data", "pattern"),
    [
        ({"validation": {"group": "subjec"}}, "did you mean 'subject'"),
        ({"validation": {"file": "nowhere.csv"}}, "nowhere.csv: there is no such file"),
        ({"validation": {"last": 60}}, "both must be at least 1"),
        ({"validation": {"last": 0.3, "by": "subject"}}, "neither numbers nor dates"),
        ({"test": {"group": "subject", "folds": 5}}, "must be one set of examples"),
        ({"test": "same"}, "must be one set of examples"),
        ({"validation": {"group": "subject", "last": 0.3}}, "last does not go with group"),
        ({"validation": {"last": 1.5}}, "must be a share above 0 and below 1"),
        ({"validation": {"groups": "subject"}}, "there is no setting 'groups' here"),
    ],
)
def test_wrong_rules_are_told_in_one_line(prepared, data, pattern):
    with pytest.raises((DataError, SpecError), match=pattern):
        prepared(**data)


def test_an_npz_file_has_no_columns_to_split_by(prepared, tmp_path):
    np.savez(tmp_path / "a.npz", inputs=np.arange(20.0).reshape(10, 2), targets=np.arange(10) % 2)
    with pytest.raises(DataError, match="no columns to split by"):
        prepared(source="a.npz", target=None, validation={"group": "subject"})


def test_sweeps_that_validate_in_different_ways_have_the_same_test_examples():
    """So that their test errors can be compared, as the documentation advises."""
    ways = (0.2, 60, {"folds": 4})
    sweeps = [
        prepare_sweep(sweep_from_mapping({"seed": 3, "data": {"source": "iris", "test": 0.2, "validation": way}}))
        for way in ways
    ]
    tests = [np.flatnonzero(sweep.dataset.marks["test"]).tolist() for sweep in sweeps]
    assert tests[0] == tests[1] == tests[2] and len(tests[0]) == 30
    assert len({len(sweep.splits[1].validation) for sweep in sweeps}) == 3
