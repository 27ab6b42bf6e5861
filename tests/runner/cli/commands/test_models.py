"""`fitgap export` and `fitgap predict`: predictions in every format from every kind of file, and errors in one line."""

import csv
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import polars
import pytest
from fitgap.runner.cli.main import main

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("commands about models")

HOUSES = """
data: {source: houses.csv, target: price, missing: mean, text: one_hot}
training: {epochs: 5, keep: best}
axes: {architecture: 6, activation: "silu:learn=beta+tanh", optimizer: "adam:rate=0.05"}
"""
ANIMALS = """
data: {source: animals.csv, target: kind}
training: {epochs: 8, loss: softmax_cross_entropy}
axes: {architecture: 6, optimizer: "adam:rate=0.1"}
"""
DIVERGING = """
data: {source: animals.csv, target: kind}
axes: {optimizer: "gradient_descent:rate=1e30"}
"""


def write_data():
    random = np.random.default_rng(3)
    lines = ["size,town,rooms,price"]
    for row in range(40):
        size, town, rooms = random.uniform(20, 200), ("Ulm", "Bonn", "Köln")[row % 3], random.integers(1, 7)
        lines.append(f"{'' if row % 7 == 3 else size},{town},{rooms},{1000 * size + 5000 * rooms}")
    Path("houses.csv").write_text("\n".join(lines) + "\n")
    lines = ["a,b,kind"]
    for row in range(60):
        a, b = random.normal([row % 3, -(row % 3)], 0.3)
        lines.append(f"{a},{b},{('ant', 'bee', 'cat')[row % 3]}")
    Path("animals.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data and fitgap.db: trial 1 predicts prices, trial 2 animals, and trial 3 diverged."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("asked")
        patch.chdir(folder)
        patch.delenv("FITGAP_DB", raising=False)
        write_data()
        for name, text in (("houses", HOUSES), ("animals", ANIMALS), ("diverging", DIVERGING)):
            Path(f"{name}.yaml").write_text(text)
            patch.setattr(sys, "argv", ["fitgap", "run", f"{name}.yaml", "--engine", "local"])
            with pytest.raises(SystemExit) as ended:
                main()
            assert ended.value.code == 0
    return folder


@pytest.fixture
def fitgap(folder, monkeypatch, capsys):
    """`fitgap(*words, code=0)`: what the command prints in that folder, or its error output for any other code."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FITGAP_DB", raising=False)

    def run(*words, code=0):
        monkeypatch.setattr(sys, "argv", ["fitgap", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed, complaint = capsys.readouterr()
        assert (ended.value.code or 0) == code, complaint
        if words[0] == "export" and code == 0:
            assert re.fullmatch(r"network of trial \d+ after epoch \d+: .+\n", complaint) and printed == ""
        else:
            assert complaint == "" if code == 0 else printed == ""
        return complaint if code else printed

    return run


@pytest.fixture
def complaint(fitgap):
    """`complaint(*words)`: the single line of error output of a command that exits with code 2."""

    def run(*words):
        text = fitgap(*words, code=2)
        assert text.startswith("fitgap: ") and text.endswith("\n") and text.count("\n") == 1
        return text.removeprefix("fitgap: ").removesuffix("\n")

    return run


def as_json(fitgap, *words):
    return json.loads(fitgap(*words, "--format", "json"))


def test_numbers_as_json_csv_and_table(fitgap):
    rows = as_json(fitgap, "predict", 1, "houses.csv")
    assert [row["row"] for row in rows] == list(range(1, 41))
    assert all(set(row) == {"row", "price"} and isinstance(row["price"], float) for row in rows)
    written = list(csv.DictReader(io.StringIO(fitgap("predict", 1, "houses.csv", "--format", "csv"))))
    assert [(int(row["row"]), float(row["price"])) for row in written] == [(row["row"], row["price"]) for row in rows]
    table = [line.split() for line in fitgap("predict", 1, "houses.csv").splitlines()]
    assert ["row", "price"] in table
    shown = {line[0]: float(line[1].replace(",", "")) for line in table if len(line) == 2 and line[0].isdigit()}
    assert shown == pytest.approx({str(row["row"]): row["price"] for row in rows}, rel=1e-3)


def test_classes_as_json_csv_and_table(fitgap):
    rows = as_json(fitgap, "predict", 2, "animals.csv")
    truth = list(csv.DictReader(Path("animals.csv").read_text().splitlines()))
    assert [row["row"] for row in rows] == list(range(1, 61))
    right = [row["kind"] == one["kind"] for row, one in zip(rows, truth, strict=True)]
    assert np.mean(right) > 0.9
    written = list(csv.DictReader(io.StringIO(fitgap("predict", 2, "animals.csv", "--format", "csv"))))
    assert [(int(row["row"]), row["kind"]) for row in written] == [(row["row"], row["kind"]) for row in rows]
    table = [line.split() for line in fitgap("predict", 2, "animals.csv").splitlines()]
    assert all([str(row["row"]), row["kind"]] in table for row in rows)


@pytest.mark.parametrize("trial", [1, 2])
@pytest.mark.parametrize("at", [(), ("--at", "best"), ("--at", "last")])
def test_an_exported_file_answers_like_its_trial(trial, at, fitgap):
    data = ("houses.csv", "animals.csv")[trial - 1]
    assert fitgap("export", trial, "-o", "model.npz", *at) == ""
    assert as_json(fitgap, "predict", "model.npz", data) == as_json(fitgap, "predict", trial, data, *at)


def test_an_export_says_which_network_it_has_written(folder, invoke, monkeypatch):
    monkeypatch.chdir(folder)
    shown = invoke("show", 1, "--format", "json").json
    for at in ("best", "last"):
        epoch = shown["best_epoch"] if at == "best" else shown["epochs"]
        answer = invoke("export", 1, "-o", "told.npz", "--at", at)
        assert (answer.out, answer.err) == ("", f"network of trial 1 after epoch {epoch}: told.npz\n")
    assert f"honest_e_v{' ' * 9}{shown['honest_e_v']:.3g}\n" in invoke("show", 1).out


def test_an_exported_file_needs_no_database(fitgap, tmp_path, monkeypatch):
    fitgap("export", 2, "--output", tmp_path / "model.npz")
    (tmp_path / "new.csv").write_text("b,a\n-2,2\n0,0\n")
    monkeypatch.chdir(tmp_path)
    rows = as_json(fitgap, "predict", "model.npz", "new.csv")
    assert rows == [{"row": 1, "kind": "cat"}, {"row": 2, "kind": "ant"}]


def test_best_and_last_differ_where_the_trial_got_worse(fitgap):
    (trial,) = as_json(fitgap, "trials", "houses")
    same = as_json(fitgap, "predict", 1, "houses.csv", "--at", "last") == as_json(fitgap, "predict", 1, "houses.csv")
    assert same == (trial["best_epoch"] == trial["epochs"])


@pytest.mark.parametrize("network", ["1", "model.npz"])
def test_every_kind_of_file_gives_the_same_answers(network, fitgap):
    fitgap("export", 1, "-o", "model.npz")
    expected = as_json(fitgap, "predict", network, "houses.csv")
    frame = polars.read_csv("houses.csv")
    # Columns are matched by name: their order and additional columns do not matter.
    frame.select("rooms", "price", "town", "size").write_parquet("houses.parquet")
    assert as_json(fitgap, "predict", network, "houses.parquet") == expected
    towns = [(frame["town"] == town).to_numpy() for town in ("Bonn", "Köln", "Ulm")]
    sizes = frame["size"].to_numpy(writable=True).astype(float)
    np.savez("houses.npz", inputs=np.column_stack([sizes, *towns, frame["rooms"].to_numpy()]))
    assert np.isnan(sizes).any()
    assert as_json(fitgap, "predict", network, "houses.npz") == expected


def test_a_town_that_was_never_seen_is_none_of_those_known(fitgap):
    fitgap("export", 1, "-o", "model.npz")
    Path("unseen.csv").write_text("size,town,rooms\n100,Paris,3\n100,,3\n")
    np.savez("unseen.npz", inputs=np.array([[100, 0, 0, 0, 3], [100, np.nan, np.nan, np.nan, 3]]))
    assert as_json(fitgap, "predict", "model.npz", "unseen.csv") == as_json(fitgap, "predict", 1, "unseen.npz")


def test_a_single_example(fitgap):
    Path("one.csv").write_text("a,b\n2,-2\n")
    assert as_json(fitgap, "predict", 2, "one.csv") == [{"row": 1, "kind": "cat"}]
    assert fitgap("predict", 2, "one.csv", "--format", "csv") == "row,kind\n1,cat\n"
    assert "cat" in fitgap("predict", 2, "one.csv")


DATA_MISTAKES = {
    "no_column.csv": ("b,c\n1,2\n", r"no_column\.csv: there is no column 'a', which the network was trained on: .*"),
    "missing.csv": ("a,b\n1,2\n3,\n", r"missing\.csv: line 3, column 'b': the value is missing; fill it in.*"),
    "word.csv": ("a,b\n1,2\n3,many\n", r"word\.csv: line 3, column 'b': 'many' is not a number, .*; correct it"),
    "infinite.csv": ("a,b\n1,inf\n", r"infinite\.csv: line 2, column 'b': the value is infinite; correct it.*"),
    "no_rows.csv": ("a,b\n", r"no_rows\.csv: the file has no rows; at least 1 is needed"),
    "empty.csv": ("", r"empty\.csv: the file is empty; .*"),
    "broken.parquet": ("PAR1,b\n1,2\n", r"broken\.parquet: this is not a complete Parquet file, .*"),
    "broken.npz": ("PK\3\4", r"broken\.npz: this is not a complete NPZ file; .*"),
    "page.csv": ("<html></html>", r"page\.csv: this is an HTML page, .*"),
}


@pytest.mark.parametrize("network", ["2", "animals.npz"])
@pytest.mark.parametrize("name", DATA_MISTAKES)
def test_wrong_data_are_told_in_one_line(name, network, fitgap, complaint):
    fitgap("export", 2, "-o", "animals.npz")
    text, message = DATA_MISTAKES[name]
    Path(name).write_text(text)
    assert re.fullmatch(message, complaint("predict", network, name))


def test_wrong_arrays_are_told_in_one_line(complaint):
    np.savez("narrow.npz", inputs=np.zeros((2, 1)))
    message = (
        "narrow.npz: array 'inputs' has 1 columns, but the network was trained on 2; "
        "store the same columns in the same order"
    )
    assert complaint("predict", 2, "narrow.npz") == message
    np.savez("missing.npz", inputs=np.array([[1, 2], [np.nan, 1]]))
    message = "missing.npz: array 'inputs', row 2, column 1: the value is missing; correct it or remove the row"
    assert complaint("predict", 2, "missing.npz") == message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("export", 99, "-o", "x.npz"), "there is no trial 99; the highest number is 3"),
        (("predict", 99, "animals.csv"), "there is no trial 99; the highest number is 3"),
        (("predict", "9" * 30, "animals.csv"), f"there is no trial {'9' * 30}; the highest number is 3"),
        (("export", 3, "-o", "x.npz"), "trial 3 is diverged and has no usable network after its best epoch; .*"),
        (
            ("export", 3, "-o", "x.npz", "--at", "last"),
            "trial 3 is diverged and has no usable .* last epoch; .*",
        ),
        (("predict", 3, "animals.csv"), "trial 3 is diverged and has no usable network after its best epoch; .*"),
        (("predict", 3, "animals.csv", "--at", "last"), "trial 3 is diverged and has no usable network .*"),
        (("export", 2, "-o", "missing/x.npz"), "missing/x.npz cannot be written: No such file or directory; .*"),
        (("export", 2, "-o", "."), r"\. is a folder; name a file"),
        (("predict", "nothing.npz", "animals.csv"), "there is no file nothing.npz; `fitgap export TRIAL -o .*"),
        (("predict", "animals.csv", "animals.csv"), "animals.csv is not a fitgap model file or is damaged; .*"),
        (
            ("predict", "animals.onnx", "animals.csv"),
            r"animals.onnx: an ONNX file is for other programs, .* \.npz file",
        ),
        (("predict", ".", "animals.csv"), r"\. is not a fitgap model file: Is a directory; .*"),
        (("predict", 2, "nothing.csv"), "nothing.csv: there is no such file; .*"),
        (("predict", 2, "."), r"\.: this is a folder; .*"),
        (("predict", 2, "animals.csv", "--db", "nothing.db"), r".*nothing\.db.*"),
    ],
)
def test_mistakes_are_told_in_one_line(words, message, complaint):
    assert re.fullmatch(message, complaint(*words))
    assert not Path("x.npz").exists()


def test_broken_model_files_are_told_in_one_line(fitgap, complaint):
    fitgap("export", 2, "-o", "whole.npz")
    content = Path("whole.npz").read_bytes()
    for broken in (b"", b"no model", content[:400], content[:-100], content[: len(content) // 2] * 2):
        Path("broken.npz").write_bytes(broken)
        message = complaint("predict", "broken.npz", "animals.csv")
        assert re.fullmatch(r"broken\.npz is not a fitgap model file or is damaged; name a trial, or .* -o .*", message)
    with np.load("whole.npz") as file:
        arrays = dict(file)
    told = json.loads(str(arrays["description"]))
    np.savez("newer.npz", **{**arrays, "description": np.array(json.dumps({**told, "format": "fitgap model 4"}))})
    message = "newer.npz has the format 'fitgap model 4', but this program reads 'fitgap model 3'; update fitgap"
    assert complaint("predict", "newer.npz", "animals.csv") == message
    np.savez("pickled.npz", **{**arrays, "biases_1": np.array([{}], dtype=object)})
    assert complaint("predict", "pickled.npz", "animals.csv").startswith("pickled.npz is not a fitgap model file")


def test_changed_data_are_refused(fitgap, complaint):
    original = Path("animals.csv").read_text()
    try:
        Path("animals.csv").write_text(original.replace("ant", "eel"))
        message = "the data set animals.csv has changed since trial 2 was trained; restore the old one"
        assert complaint("predict", 2, "houses.csv") == message
        assert complaint("export", 2, "-o", "x.npz") == message
    finally:
        Path("animals.csv").write_text(original)
