"""Weights in sweeps: read from files, flags and memory, and checked."""

import json
import sqlite3
from contextlib import closing

import numpy as np
import polars as pl
import pytest
from fitgap import resume_sweep, run_sweep
from fitgap.runner.spec import sweep_from_text

ROWS = 60


@pytest.fixture
def table(own_folder):
    rng = np.random.default_rng(5)
    rare = np.arange(ROWS) % 6 == 0
    frame = pl.DataFrame(
        {
            "x": rng.normal(size=ROWS) + rare,
            "z": rng.normal(size=ROWS),
            "cost": rng.integers(0, 4, size=ROWS) / 2,
            "y": np.where(rare, "rare", "usual"),
        }
    )
    frame.write_csv("loans.csv")
    return frame


def stored(name):
    with closing(sqlite3.connect("fitgap.db")) as connection, connection:
        query = "SELECT id, specification FROM sweep WHERE name = ?"
        number, text = connection.execute(query, (name,)).fetchone()
        rows = connection.execute("SELECT e_t, e_v FROM trial WHERE sweep_id = ? ORDER BY id", (number,)).fetchall()
        floors = connection.execute("SELECT constant_e_v FROM split WHERE sweep_id = ?", (number,)).fetchall()
    return json.loads(text)["data"], rows, floors


RUN = (
    "run",
    "--data",
    "loans.csv",
    "--target",
    "y",
    "--hidden",
    "4",
    "--epochs",
    "3",
    "--repeats",
    "2",
    "--engine",
    "local",
)


def test_weights_change_the_errors_and_can_be_repeated(table, invoke):
    assert invoke(*RUN, "--ignore", "cost", "--name", "plain").code == 0
    assert invoke(*RUN, "--ignore", "cost", "--class-weight", "balanced", "--name", "balanced").code == 0
    assert invoke(*RUN, "--weight", "cost", "--class-weight", "balanced", "--name", "both").code == 0
    found = {name: stored(name) for name in ("plain", "balanced", "both")}
    assert "weight" not in found["plain"][0] and "class_weight" not in found["plain"][0]
    assert found["both"][0]["weight"] == "cost" and found["both"][0]["class_weight"] == "balanced"
    assert len({str(rows) for _, rows, _ in found.values()}) == 3
    # With two balanced classes, the best constant is no better than chance.
    assert found["balanced"][2][0][0] == pytest.approx(0.25, rel=0.02)
    for number in (1, 3, 5):
        assert "equal bit for bit" in invoke("replay", number).out
    assert invoke("predict", 5, "loans.csv", "--score").code == 0
    table.drop("cost").write_csv("new.csv")
    assert invoke("predict", 5, "new.csv").code == 0


def test_engines_and_files_agree(table, invoke, own_folder):
    text = "{data: {source: loans.csv, target: y, weight: cost, class_weight: {rare: 3}}, training: {epochs: 3}}"
    (own_folder / "s.yaml").write_text(text)
    assert invoke("run", "s.yaml", "--name", "file", "--engine", "local").code == 0
    assert invoke("run", "s.yaml", "--name", "auto").code == 0
    flags = ("--data", "loans.csv", "--target", "y", "--weight", "cost", "--class-weight", "rare=3", "--epochs", "3")
    assert invoke("run", *flags, "--name", "flags", "--engine", "local").code == 0
    assert stored("file")[1] == stored("auto")[1] == stored("flags")[1]


@pytest.mark.nightly
def test_weights_of_data_in_memory(table):
    settings = {"training": {"epochs": 3}, "data": table, "target": "y"}
    run_sweep({**settings, "weight": "cost", "name": "named"}, engine="local")
    weights = table["cost"].to_numpy()
    inputs, target = table.select("x", "z"), table["y"]
    for number, given in enumerate((weights, weights.tolist(), pl.Series(weights))):
        pair = {"data": {"source": (inputs, target), "weight": given}, "training": {"epochs": 3}}
        run_sweep({**pair, "name": f"array{number}"}, engine="local")
        assert stored(f"array{number}")[1] == stored("named")[1]
    resume_sweep("array0")


def test_weights_in_an_npz_file(table, invoke):
    """An array of weights works like a column, and loses the same rows as the examples."""
    inputs, targets, cost = (
        table.select("x", "z").to_numpy(),
        table["y"].to_numpy().astype(str),
        table["cost"].to_numpy(),
    )
    np.savez("loans.npz", inputs=inputs, targets=targets, cost=cost)
    shared = (*RUN[5:], "--class-weight", "rare=3", "--weight", "cost")
    assert invoke(*RUN, *shared[-4:], "--name", "table").code == 0
    assert invoke("run", "--data", "loans.npz", *shared, "--name", "arrays").code == 0
    assert stored("arrays")[1] == stored("table")[1]
    assert "equal bit for bit" in invoke("replay", 3).out
    gap = np.where(np.arange(ROWS)[:, None] == 7, np.nan, inputs)
    np.savez("gap.npz", inputs=gap, targets=targets, cost=cost[:, None].astype(np.float32))
    assert invoke("run", "--data", "gap.npz", *shared, "--missing", "drop", "--name", "gap").code == 0
    table.filter(pl.int_range(ROWS) != 7).write_csv("loans.csv")
    assert invoke(*RUN, *shared[-4:], "--name", "without").code == 0
    assert stored("gap")[1] == stored("without")[1]


@pytest.mark.parametrize(
    ("weights", "options", "expected"),
    [
        (np.ones(ROWS), ("--weight", "costs"), "there is no array 'costs'"),
        (np.ones(ROWS), ("--weight", "inputs"), "array 'inputs' is the inputs and cannot be the weight"),
        (np.ones(ROWS), ("--weight", "targets"), "array 'targets' is a target and cannot be the weight"),
        (np.ones(ROWS - 1), (), "has the shape (59,), but there are 60 rows"),
        (np.ones((ROWS, 2)), (), "has the shape (60, 2)"),
        (np.full(ROWS, "a"), (), "but weights must be non-negative numbers"),
        (np.where(np.arange(ROWS) == 3, -1, 1), (), "array 'cost', row 4: the value is negative"),
        (np.where(np.arange(ROWS) == 3, np.nan, 1), (), "array 'cost', row 4: the value is missing"),
        (np.where(np.arange(ROWS) == 3, np.inf, 1), (), "array 'cost', row 4: the value is infinite"),
        (np.zeros(ROWS), (), "all weights in array 'cost' are 0"),
    ],
)
def test_wrong_arrays_of_weights_are_refused(weights, options, expected, invoke):
    np.savez(
        "loans.npz", inputs=np.random.default_rng(1).normal(size=(ROWS, 2)), targets=np.arange(ROWS) % 2, cost=weights
    )
    refused = invoke("run", "--data", "loans.npz", "--hidden", "4", *(options or ("--weight", "cost")))
    assert refused.code == 2 and expected in refused.err and "Traceback" not in refused.err
    assert refused.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--class-weight", "rere=2"), "no class 'rere'"),
        (("--class-weight", "balance"), "must be balanced, or weights from 0 by class"),
        (("--class-weight", "rare=-1"), "must be balanced, or weights from 0"),
        (("--class-weight", "rare=nan"), "must be balanced, or weights from 0"),
        (("--class-weight", "rare=0,usual=0"), "above 0 for at least one class"),
        (("--weight", "y"), "is a target"),
        (("--weight", "costs"), "there is no column 'costs'"),
        (("--weight", "x"), "is negative; use 0 or more"),
        (("--weight", "word"), "the weight 'two' is not a number"),
        (("--weight", "zero"), "are 0; at least one must be above 0"),
        (("--weight", "gap"), "column 'gap'"),
        (("--weight", "huge"), "column 'huge'"),
    ],
)
def test_wrong_weights_are_refused_with_their_place(options, expected, table, invoke):
    words = pl.Series("word", ["1", "two"] + ["3"] * (ROWS - 2))
    more = [words, pl.Series("zero", [0.0] * ROWS), pl.Series("gap", [None, *range(1, ROWS)])]
    table.with_columns(*more, pl.Series("huge", ["inf"] + ["1"] * (ROWS - 1))).write_csv("loans.csv")
    refused = invoke(*RUN, *options, "--inputs", "x,z")
    assert refused.code == 2 and expected in refused.err and "Traceback" not in refused.err


def test_weights_are_of_files_and_classes(invoke):
    assert "built-in data set has none" in invoke("run", "--data", "iris", "--weight", "a").err
    assert "the targets are numbers" in invoke("run", "--data", "diabetes", "--class-weight", "balanced").err


def test_names_of_classes_may_look_like_numbers():
    data = sweep_from_text("{data: {source: x.csv, class_weight: {'0': 1, '1': 5}}}").data
    assert data.class_weight == {"0": 1.0, "1": 5.0}
    assert sweep_from_text("{data: {source: x.csv}}").data.canonical().keys().isdisjoint({"weight", "class_weight"})
