"""Sweeps on data in memory, which are stored with them: they can be resumed, replayed and queried elsewhere."""

import datetime
import json
import re
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas
import polars
import pytest
from fitgap import inspect_data, open_store, run_sweep
from fitgap.runner.data import memory
from fitgap.runner.errors import DataError, FitgapError
from fitgap.runner.frames.tables import as_file, as_frame, frame_of
from polars.testing import assert_frame_equal
from support.sampling import every

COUNT = 40
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(COUNT, 2))
Y = X[:, 0] - X[:, 1]
QUICK = {"axes": {"architecture": ["none"]}, "training": {"epochs": 2}}
FRAME = polars.DataFrame({"input_1": X[:, 0], "input_2": X[:, 1], "target": Y})


class Arrow:
    """A table from a library that polars does not know."""

    def __init__(self, frame):
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema=None):
        return self.frame.__arrow_c_stream__(requested_schema)


STRUCTURED = np.array([tuple(row) for row in FRAME.iter_rows()], [(name, "f8") for name in FRAME.columns])
PANDAS = pandas.DataFrame({"input_1": X[:, 0], "input_2": X[:, 1], "target": Y}, index=range(5, 5 + COUNT))
FORMS = {
    "pair": ((X, Y), {}),
    "lists": ((X.tolist(), Y.tolist()), {}),
    "frame and column": ((FRAME[["input_1", "input_2"]], FRAME["target"]), {}),
    "pandas pair": ((PANDAS[["input_1", "input_2"]], PANDAS["target"]), {}),
    "polars": (FRAME, {"target": "target"}),
    "lazy": (FRAME.lazy(), {"target": "target"}),
    "arrow": (Arrow(FRAME), {"target": "target"}),
    "fields": (STRUCTURED, {"target": "target"}),
    "pandas": (PANDAS, {"target": "target"}),
    "section": ({"source": FRAME, "target": "target", "validation": {"last": 0.3}}, {}),
}


def train(data, db="a.db", **more):
    lines = []
    sweep = run_sweep({"data": data, **more, **QUICK}, db=str(db), engine="local", notify=lines.append)
    return sweep, lines


@pytest.mark.parametrize("form", every(3, FORMS))
def test_every_kind_of_table_is_the_same_data(form, tmp_path):
    data, more = FORMS[form]
    sweep, lines = train(data, tmp_path / "a.db", **more)
    assert sweep.name == "data" and lines[0].startswith(f"data: {COUNT} examples, 2 inputs; target target: numbers")
    assert sweep.trials()["status"].to_list() == ["completed"]
    assert_frame_equal(frame_of(data["source"] if form == "section" else data)[0], FRAME)


def test_an_array_has_numbered_columns(tmp_path):
    sweep, _ = train(np.column_stack([X, Y]), tmp_path / "a.db", target="column_3")
    assert sweep.trials().height == 1


def test_types_of_pandas(tmp_path):
    frame = pandas.DataFrame(
        {
            "text": ["a", None, "b"],
            "mixed": [1, "x", None],
            "day": pandas.to_datetime(["2020-01-01", None, "2020-01-03"]),
            "whole": pandas.array([1, None, 3], "Int64"),
            "kind": pandas.Categorical(["u", "v", None]),
            "gap": [1.5, np.nan, 2.5],
            "flag": [True, False, True],
        }
    )
    found = as_frame(frame, "column")
    assert found["text"].to_list() == ["a", None, "b"]
    assert found["mixed"].to_list() == ["1", "x", None]
    assert found["day"].to_list() == [datetime.datetime(2020, 1, 1), None, datetime.datetime(2020, 1, 3)]
    assert found["whole"].to_list() == [1, None, 3]
    assert found["kind"].to_list() == ["u", "v", None]
    assert found["gap"].to_list() == [1.5, None, 2.5]
    assert found["flag"].to_list() == [True, False, True]


@pytest.mark.nightly
def test_another_process_can_go_on(tmp_path):
    """The data are in the database and nowhere else."""
    train((X, Y), tmp_path / "a.db")
    for words in (["replay", "1"], ["extend", "data", "--repeats", "2", "--engine", "local"]):
        command = [sys.executable, "-m", "fitgap", *words, "--db", str(tmp_path / "a.db")]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        assert done.returncode == 0, done.stderr
    with open_store(str(tmp_path / "a.db")) as store:
        assert store.trials("data").height == 2


@pytest.mark.nightly
def test_data_that_were_forgotten_are_read_from_the_database(tmp_path, invoke):
    train((X, Y), tmp_path / "a.db")
    memory._kept.clear()
    assert invoke("replay", 1, "--db", tmp_path / "a.db").code == 0
    memory._kept.clear()
    assert invoke("db", "copy", tmp_path / "a.db", tmp_path / "b.db").code == 0
    assert invoke("replay", 1, "--db", tmp_path / "b.db").code == 0


def test_only_some_data_are_kept_in_memory():
    for number in range(20):
        memory.keep(b"%d" % number)
    assert len(memory._kept) == memory.MOST_KEPT
    with pytest.raises(DataError, match="given in memory, and are stored only with their sweep; give them again"):
        memory.kept_content("memory:0000")


def test_a_table_can_be_inspected():
    found = inspect_data(FRAME, "target")
    assert [column["use"] for column in found["columns"]] == ["number", "number", "target"]
    json.dumps(found)


@pytest.mark.parametrize(
    ("data", "pattern"),
    [
        ((X, Y[:5]), "X has 40 rows, but y has 5"),
        ((X, "y"), "data may be a polars or pandas frame"),
        (np.zeros((2, 2, 2)), "must have one or two dimensions"),
        (polars.DataFrame(), "have no columns"),
        (FRAME, "name the target column"),
        (5, "must be the name of one data set"),
    ],
)
def test_what_is_no_table_is_told_in_one_line(data, pattern, tmp_path):
    with pytest.raises(FitgapError, match=pattern) as caught:
        train(data, tmp_path / "a.db")
    assert str(caught.value).isprintable()


def test_objects_become_text():
    frame = polars.DataFrame({"a": [1, 2], "o": polars.Series("o", [object(), None], dtype=polars.Object)})
    assert as_file(frame).startswith(b"ARROW1")


def refusal(**sweep):
    """The message with which `run_sweep` refuses data."""
    with pytest.raises(FitgapError) as refused:
        run_sweep({"training": {"epochs": 1}, **sweep}, engine="local")
    assert not re.search(r"memory:[0-9a-f]{4}|--[a-z]", str(refused.value)), refused.value
    return str(refused.value)


NUMBERS = np.random.default_rng(0).normal(size=(20, 2))
DICTIONARIES = np.array([[{"a": 1}, 2]] * 20, object)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ((NUMBERS * 1j, NUMBERS[:, 0]), "'input_1' holds complex128, which cannot be trained on; give real and"),
        ((NUMBERS, NUMBERS[:, 0] * 1j), "'target' holds complex128"),
        ((DICTIONARIES, NUMBERS[:, 0]), r"'input_1' holds Python objects \(dict in row 1\)"),
        ((NUMBERS, np.array([object()] * 20)), r"'target' holds Python objects \(object in row 1\)"),
        ((np.zeros((20, 1), "V4"), NUMBERS[:, 0]), "'input' holds .*, which cannot be trained on; give numbers"),
        ((NUMBERS[:0], NUMBERS[:0, 0]), "the table has no rows"),
        (NUMBERS, "name the target column with data.target; columns: column_1, column_2"),
        ({"source": NUMBERS, "target": "z"}, "the data in memory: there is no target column 'z'"),
        ({"source": (NUMBERS, NUMBERS[:, 0]), "strict": True, "inputs": "q"}, "no column fits 'q' in inputs"),
        ({"source": (np.full((20, 1), np.nan), NUMBERS[:, 0]), "strict": True}, "choose with data.missing how to"),
        ({"source": (NUMBERS, NUMBERS[:, 0]), "weight": [1, 2]}, "one number for each of the 20 rows"),
        (
            {"source": (NUMBERS, NUMBERS[:, 0]), "class_weight": "balanced"},
            "a weight for each example with data.weight",
        ),
    ],
)
def test_data_that_cannot_be_trained_on_are_refused_in_words_of_python(data, expected):
    assert re.search(expected, refusal(data=data))


@pytest.mark.nightly
def test_every_kind_of_numbers_and_times_is_read():
    target = NUMBERS[:, 0]
    for inputs in (
        NUMBERS.astype(object),
        NUMBERS.astype(np.longdouble),
        NUMBERS.astype(np.float16),
        np.array([[Decimal(row), datetime.date(2024, 1, 1 + row)] for row in range(20)], object),
        np.arange("2024-01-01", "2024-01-21", dtype="datetime64[D]"),
        np.array([b"a", b"b"] * 10),
    ):
        assert run_sweep({"data": (inputs, target), "training": {"epochs": 1}}, engine="local").trials().height == 1
