"""Sweeps on windows of a time series, from a table to forecasts."""

import json

import numpy as np
import pytest

SWEEP = """\
name: forecast
data: {source: series.csv, target: load, sequence: {window: 4, by: day}}
training: {epochs: 3, batch_size: 8, keep: state}
axes:
  architecture: [gru4, "conv3x2-globalpool", 5]
"""
ROWS = 40


@pytest.fixture
def series(own_folder):
    """A series whose rows are not in the order of time."""
    order = np.random.default_rng(2).permutation(ROWS)
    lines = [f"2026-{1 + day // 28:02d}-{1 + day % 28:02d},{np.cos(day):.5f},{np.sin(day):.5f}" for day in order]
    (own_folder / "series.csv").write_text("\n".join(["day,warmth,load", *lines]) + "\n")
    return own_folder


@pytest.fixture
def trained(invoke, series):
    (series / "forecast.yaml").write_text(SWEEP)
    answer = invoke("run", "forecast.yaml", "--engine", "local")
    assert answer.code == 0, answer.err
    assert "axes: 4 steps of 2 channels" in answer.err
    return series


def rows_of(answer):
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_windows_are_split_in_time_without_rows_in_common(invoke, trained):
    examples = rows_of(invoke("data", "forecast", "--format", "json"))
    sides = {side: [row for row in examples if row["side"] == side] for side in ("training", "validation")}
    # Of 36 windows, the last 11 validate, and 4 before them are left out because they share rows with these.
    assert [len(rows) for rows in sides.values()] == [21, 11]
    first, last = sides["training"][0], sides["validation"][-1]
    assert first["load.t-4"] == 0 and first["load"] == pytest.approx(np.sin(4), abs=1e-5)
    assert last["load"] == pytest.approx(np.sin(ROWS - 1), abs=1e-5)
    assert sides["training"][-1]["load"] == pytest.approx(np.sin(24), abs=1e-5)
    assert sides["validation"][0]["load.t-4"] == pytest.approx(np.sin(25), abs=1e-5)
    shown = rows_of(invoke("trials", "forecast", "--format", "json"))[0]
    assert shown["layers"] == "4x2-gru4-1"


def test_tested_windows_are_the_last_and_apart(invoke, series):
    options = (
        "--target",
        "load",
        "--sequence",
        "window=3,by=day",
        "--test",
        "0.1",
        "--hidden",
        "rnn2",
        "--epochs",
        "1",
    )
    answer = invoke("run", "--data", "series.csv", *options, "--name", "tested", "--engine", "local")
    assert answer.code == 0, answer.err
    examples = rows_of(invoke("data", "tested", "--format", "json"))
    # 37 windows over 4 rows each; the 3 before the last 4 and the 3 before the 9 in front of these are on no side.
    sides = [row["side"] for row in examples if row["side"] in ("training", "validation", "test")]
    assert sides == ["training"] * 18 + ["validation"] * 9 + ["test"] * 4
    assert examples[-1]["load"] == pytest.approx(np.sin(ROWS - 1), abs=1e-5)


def test_networks_are_repeated_continued_and_forecast(invoke, trained):
    assert "equal bit for bit" in invoke("replay", 1).out
    assert invoke("extend", "forecast", "--epochs", "4", "--engine", "local").code == 0
    assert invoke("export", 1, "-o", "model.npz").code == invoke("export", 1, "-o", "model.onnx").code == 0
    found = [rows_of(invoke("predict", network, "series.csv", "--format", "json")) for network in (1, "model.npz")]
    # One more prediction than there are targets: the last one is for the day after the last row.
    assert found[0] == found[1] and len(found[0]) == ROWS - 4 + 1
    assert rows_of(invoke("predict", 1, "series.csv", "--score", "--format", "json"))[0]["examples"] == ROWS - 4


def test_dates_are_read_as_in_training(invoke, series):
    """Day before month: without the format, the rows would have another order, or none."""
    lines = [f"{1 + day:02d}/0{month}/2026,{day + 30 * month}" for month in (1, 2) for day in range(12)]
    (series / "days.csv").write_text("\n".join(["day,load", *reversed(lines)]) + "\n")
    # Its own past is the only input.
    sequence = ("--sequence", "window=2,by=day", "--dates", "day=%d/%m/%Y")
    options = ("--target", "load", "--hidden", "rnn2", "--epochs", "2", "--name", "days", "--keep", "last")
    answer = invoke("run", "--data", "days.csv", *sequence, *options, "--engine", "local")
    assert answer.code == 0, answer.err
    examples = rows_of(invoke("data", "days", "--format", "json"))
    assert all(row["load.t-2"] < row["load.t-1"] < row["load"] for row in examples)
    trial = rows_of(invoke("trials", "days", "--format", "json"))[0]["trial"]
    whole = [row["load"] for row in rows_of(invoke("predict", trial, "days.csv", "--format", "json"))]
    (series / "sorted.csv").write_text("\n".join(["day,load", *lines]) + "\n")
    assert whole == [row["load"] for row in rows_of(invoke("predict", trial, "sorted.csv", "--format", "json"))]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--sequence", "window=4,by=day", "--validation", "5-fold"), "the last ones must be held out"),
        (("--sequence", "window=4,by=day", "--validation", "group=warmth"), "the last ones must be held out"),
        (("--sequence", "by=day"), "window must be given"),
        (("--sequence", "window=40"), "40 rows are too few for a window of 40 rows"),
        (("--sequence", "window=35"), "as all share rows"),
        (("--sequence", "window=4,by=dey"), "there is no column 'dey'"),
        (("--sequence", "window=4,by=day,horizon=0", "--ignore", "warmth"), "no input column is left"),
        (("--sequence", "window=0"), "must be a whole number, at least 1"),
    ],
)
def test_what_cannot_be_is_refused(options, words, invoke, series):
    answer = invoke("run", "--data", "series.csv", "--target", "load", *options, "--dry-run")
    assert (answer.code, words in answer.err) == (2, True), answer.err
