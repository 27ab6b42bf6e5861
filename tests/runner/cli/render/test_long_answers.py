"""Long answers: the same rows in every format, in files that appear only once they are complete."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from fitgap.runner.cli.options import output_file
from fitgap.runner.cli.render import long_answers
from fitgap.runner.cli.render.parquet import write_epochs
from fitgap.runner.errors import OutputError
from fitgap.runner.store import Store, open_store

COMMAND = Path(sys.executable).parent / "fitgap"
NUMBERS = ("e_t", "e_v", "se_t", "learning_rate")


@pytest.fixture
def ask(invoke, trained_database):
    """`ask(*words)`: runs a command on the small sweep."""
    return lambda *words: invoke(*words, "--db", trained_database)


@pytest.fixture
def exported(ask, tmp_path):
    """`exported(kind, *words)`: the rows that a command wrote to a file, as plain data."""

    def export(kind, *words):
        path = tmp_path / f"answer.{kind}"
        answer = ask(*words, "--format", kind, "-o", path)
        assert (answer.code, answer.out, answer.err) == (0, "", "")
        if kind == "parquet":
            return pl.read_parquet(path).to_dicts()
        return json.loads(path.read_text()) if kind == "json" else list(csv.DictReader(io.StringIO(path.read_text())))

    return export


@pytest.mark.parametrize("words", [("epochs", "small"), ("trials", "small"), ("epochs", "7", "3"), ("trials", "1")])
def test_every_format_has_the_same_rows_to_the_last_bit(words, exported):
    as_json, as_parquet, as_csv = (exported(kind, *words) for kind in ("json", "parquet", "csv"))
    assert as_json == as_parquet != []
    assert [list(row) for row in as_csv] == [list(row) for row in as_json]
    for row, text in zip(as_json, as_csv, strict=True):
        for key in {*NUMBERS} & row.keys():
            assert row[key] == (float(text[key]) if text[key] else None)


def test_what_goes_to_a_file_is_what_would_have_been_printed(ask, tmp_path):
    for words in (("trials", "small"), ("epochs", "7"), ("epochs", "small", "--format", "csv")):
        printed = ask(*words).out
        assert ask(*words, "-o", tmp_path / "answer").out == ""
        assert (tmp_path / "answer").read_text() == printed


@pytest.mark.nightly
def test_parquet_goes_into_a_pipe_but_not_onto_a_terminal(trained_database, monkeypatch):
    line = [COMMAND, "epochs", "small", "--format", "parquet", "--db", str(trained_database)]
    done = subprocess.run(line, capture_output=True, check=True)
    with open_store(str(trained_database)) as store:
        assert len(pl.read_parquet(io.BytesIO(done.stdout))) == len(store.sweep_epochs("small"))
    monkeypatch.setattr(output_file.sys.stdout, "isatty", lambda: True)
    with pytest.raises(OutputError, match="printed to a terminal; name a file with -o"), output_file.written_to(None):
        raise AssertionError


def test_epochs_are_those_of_the_trials_that_a_filter_leaves(exported):
    where = "activation == 'relu' and repeat == 1 and status == 'completed'"
    wanted = {row["trial"] for row in exported("json", "trials", "small", "--where", where)}
    assert {row["trial"] for row in exported("parquet", "epochs", "small", "--where", where)} == wanted != set()


def test_only_the_columns_that_are_asked_for(exported):
    for kind in ("json", "csv", "parquet"):
        assert list(exported(kind, "epochs", "7", "--columns", "epoch,e_v")[0]) == ["epoch", "e_v"]
        found = exported(kind, "trials", "small", "--columns", "trial,optimizer.rate")
        assert list(found[0]) == ["trial", "optimizer.rate"]


@pytest.mark.parametrize(
    ("words", "pattern"),
    [
        (("epochs", "7", "--where", "e_v < 1"), "--where filters the trials of a sweep; name a sweep"),
        (("epochs", "7", "--columns", "e_w"), "there is no column 'e_w'; did you mean 'e_v'?"),
        (("epochs", "smal"), "there is no sweep 'smal'; did you mean 'small'?"),
        (("epochs", "small", "--where", "e_w < 1"), "there is no column or setting 'e_w'"),
        (("epochs", "7", "-o", "no/such/folder", "--format", "csv"), "cannot be written: No such file or directory"),
        (("trials", "small", "-o", ".", "--format", "parquet"), ". is a folder; name a file"),
    ],
)
def test_mistakes_are_told_and_leave_nothing(words, pattern, ask, own_folder):
    answer = ask(*words)
    assert (answer.code, answer.out) == (2, "")
    assert pattern in answer.err and "Traceback" not in answer.err
    assert list(own_folder.iterdir()) == []


@pytest.mark.parametrize("kind", ["json", "csv", "parquet"])
def test_an_answer_that_breaks_off_leaves_the_file_that_was_there(kind, ask, monkeypatch, own_folder):
    (own_folder / "answer").write_text("before")
    blocks = Store.epoch_blocks

    def breaking(self, what, where=None):
        yield from blocks(self, what, where)
        raise OutputError("in the middle")

    monkeypatch.setattr(Store, "epoch_blocks", breaking)
    assert ask("epochs", "small", "--format", kind, "-o", "answer").err == "fitgap: in the middle\n"
    assert [path.name for path in own_folder.iterdir()] == ["answer"]
    assert (own_folder / "answer").read_text() == "before"


def test_a_long_table_says_that_there_is_more(ask, monkeypatch):
    monkeypatch.setattr(long_answers, "TABLE_ROWS", 3)
    assert "(the first 3 epochs; use --format csv, json or parquet for all)" in ask("epochs", "small").out
    monkeypatch.setattr(long_answers, "TABLE_ROWS", 4)
    assert "have all" not in ask("epochs", "7").out


def test_the_number_of_epochs_is_told_to_whoever_calls(trained_database, tmp_path):
    with open_store(str(trained_database)) as store:
        count = write_epochs(store, "small", tmp_path / "epochs.parquet")
        assert count == len(store.sweep_epochs("small"))
