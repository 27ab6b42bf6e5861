"""Files that `fitgap data` writes can be read back by `predict`, which says what its rows were used for."""

import numpy as np
import pytest
from support.sampling import at_night

RUN = ("--repeats", "2", "--epochs", "3", "--hidden", "3", "--test", "0.2", "--engine", "local")

# BLAS may add products in a different order for another number of rows. The network has single precision.
ROUNDING = 1e-6


def table(target):
    """A table with dates, text and numbers; `target(row)` gives the target of a row."""
    towns = ("Ulm", "Bonn", "Jena")
    rows = (f"2020-{row % 12 + 1:02}-{row % 27 + 1:02},{towns[row % 3]},{row % 7},{target(row)}" for row in range(60))
    return "\n".join(["day,town,x,y", *rows]) + "\n"


@pytest.fixture(params=["numbers", "classes"])
def trained(request, invoke, own_folder):
    """The file that a sweep was trained on."""
    path = own_folder / "d.csv"
    path.write_text(table(lambda row: row * 1.5 if request.param == "numbers" else ("no", "yes")[row % 2]))
    assert invoke("run", "--data", path, "--target", "y", *RUN).code == 0
    return path


@pytest.mark.parametrize("suffix", ["csv", at_night("parquet"), "npz"])
def test_what_was_written_is_predicted_and_scored_as_the_rows_it_came_from(suffix, trained, invoke):
    assert invoke("data", "d", "--side", "test", "-o", f"t.{suffix}").code == 0
    examples = invoke("data", "d", "--side", "test", "--format", "json").json
    whole = invoke("predict", 1, trained, "--format", "json").json
    written = invoke("predict", 1, f"t.{suffix}", "--format", "json").json
    expected = [whole[each["example"] - 1]["y"] for each in examples]
    assert [row["y"] for row in written] == (
        expected if isinstance(expected[0], str) else pytest.approx(expected, rel=ROUNDING, abs=ROUNDING)
    )
    scored = invoke("predict", 1, f"t.{suffix}", "--score", "--format", "json")
    assert scored.code == 0 and scored.json[0]["examples"] == len(examples) and scored.err == ""


@pytest.mark.parametrize("suffix", ["csv", at_night("npz")])
def test_scaled_examples_are_refused_since_they_would_be_scaled_twice(suffix, trained, invoke):
    assert invoke("data", "d", "--side", "test", "--scaled", "-o", f"t.{suffix}").code == 0
    for words in ((), ("--score",)):
        answer = invoke("predict", 1, f"t.{suffix}", *words)
        assert answer.code == 2 and "write the file with `fitgap data` without --scaled" in answer.err


def test_a_network_trained_on_scaled_examples_predicts_them(trained, invoke):
    assert invoke("data", "d", "--scaled", "-o", "t.csv").code == 0
    again = ("--data", "t.csv", "--target", "y", "--ignore", "side", "--ignore", "example", "--name", "again")
    assert invoke("run", *again, "--hidden", "3", "--epochs", "1", "--engine", "local").code == 0
    (last, *_) = invoke("trials", "again", "--format", "json").json
    assert invoke("predict", last["trial"], "t.csv", "--score").code == 0


def test_scored_rows_that_trained_are_counted(trained, invoke):
    sides = [row["side"] for row in invoke("data", "1", "--format", "json").json]
    answer = invoke("predict", 1, trained, "--score")
    counts = (
        f"{sides.count('training')} were used for training, and {sides.count('validation')} to choose the best epoch"
    )
    assert f"of 60 scored rows, {counts}" in answer.err
    assert "fitgap data d --side test -o test.csv" in answer.err


def test_the_test_error_is_told_in_the_unit_of_numeric_targets(trained, invoke):
    invoke("data", "d", "--side", "test", "-o", "t.csv")
    report = invoke("resume", "d", "--engine", "local").err
    shown = invoke("show", 1, "--format", "json").json
    (scored,) = invoke("predict", 1, "t.csv", "--score", "--format", "json").json
    if "rmse" in scored:
        assert (shown["test_rmse"], shown["test_mae"]) == (pytest.approx(scored["rmse"]), pytest.approx(scored["mae"]))
        assert "in the unit of the target: RMSE " in report
    else:
        assert (shown["test_rmse"], shown["test_mae"]) == (None, None)
        assert "RMSE" not in report


def test_an_array_of_targets_without_its_name_is_refused(trained, invoke, own_folder):
    invoke("data", "d", "-o", "t.npz")
    with np.load(own_folder / "t.npz") as arrays:
        changed = {**arrays, "target_names": np.array(["other"])}
    np.savez(own_folder / "u.npz", **changed)
    answer = invoke("predict", 1, "u.npz", "--score")
    assert answer.code == 2 and "there is no target 'y'" in answer.err
