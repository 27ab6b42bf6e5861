"""Tags, notes, renaming and deleting: carried out, if necessary after a question, or refused in one line."""

import csv
import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.sampling import at_night

COMMAND = Path(sys.executable).parent / "fitgap"
QUICK = ("--data", "xor", "--hidden", "2", "--activation", "relu", "--activation", "tanh", "--repeats", "2")
ANSI, FORMULA = "\x1b[31mred", "=HYPERLINK(1)"


@pytest.fixture(autouse=True)
def sweeps(trained_once):
    """The sweep `xor` with trials 1 to 4."""
    trained_once("labels", "run", *QUICK, "--epochs", "2", "--engine", "local")


@pytest.fixture
def rows(invoke):
    """`rows(command, *arguments)`: the output of a command as rows."""

    def ask(*arguments):
        answer = invoke(*arguments, "--format", "json")
        assert answer.code == 0, answer.err
        return answer.json

    return ask


@pytest.mark.nightly
def test_what_is_tagged_and_noted_is_shown(invoke, rows):
    for line in (["tag", "xor", "baseline", "good one"], ["tag", "2,3", "odd"], ["note", "xor", "first try"]):
        assert invoke(*line).code == 0
    (sweep,) = rows("sweeps")
    assert (sweep["tags"], sweep["note"]) == (["baseline", "good one"], "first try")
    assert [row["tags"] for row in rows("tag", "1,2,3")] == [[], ["odd"], ["odd"]]
    table = invoke("sweeps").out
    assert "baseline, good one" in table and "first try" in table
    page = invoke("show", 2).out
    assert re.search(r"^  tags +odd$", page, flags=re.MULTILINE) and "note" not in page
    invoke("tag", "xor", "baseline", "--remove")
    invoke("note", "xor", "--remove")
    (sweep,) = rows("sweeps")
    assert (sweep["tags"], sweep["note"]) == (["good one"], None)


def test_nothing_is_shown_of_tags_where_there_are_none(invoke):
    assert "tags" not in invoke("sweeps").out


def test_text_that_somebody_would_obey_is_refused_or_shown_harmlessly(invoke):
    for line in (["tag", "xor", ANSI], ["note", "xor", ANSI]):
        answer = invoke(*line)
        assert answer.code == 2 and answer.err.count("\n") == 1 and "\x1b" not in answer.err
    invoke("tag", "xor", FORMULA)
    invoke("note", "xor", f"{FORMULA}\n=2")
    table, text = invoke("sweeps").out, invoke("sweeps", "--format", "csv").out
    assert f"{FORMULA}\\n=2" in table
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["note"] == f"'{FORMULA}\n=2" and row["tags"] == f'["{FORMULA}"]'


def test_a_sweep_is_known_by_its_new_name(invoke, rows):
    assert invoke("rename", "xor", "truth").code == 0
    assert [row["name"] for row in rows("sweeps")] == ["truth"]
    assert len(rows("trials", "truth")) == 4 and "did you mean" in invoke("trials", "truht").err
    assert invoke("resume", "truth", "--engine", "local").code == 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["tag", "roxor", "x"], "there is no sweep 'roxor'"),
        (["tag", "9", "x"], "there is no trial 9"),
        (["tag", "xor", "--remove"], "name the tags"),
        (["note", "xor", "text", "--remove"], "not both"),
        (["rename", "xor", "7"], "not only digits"),
        (["delete", "xor", "1"], "not both"),
        (["delete", "9", "--yes"], "there is no trial 9"),
        (["delete", "xor"], "--yes"),
    ],
)
def test_what_cannot_be_is_told_in_one_line_and_changes_nothing(line, words, invoke, rows):
    before = rows("sweeps"), rows("trials", "xor")
    answer = invoke(*line)
    assert (answer.code, answer.out) == (2, "") and words in answer.err and answer.err.count("\n") == 1
    assert (rows("sweeps"), rows("trials", "xor")) == before


@pytest.mark.parametrize(
    ("meanwhile", "code", "words"),
    [
        (lambda store: store.delete(["xor"]), 2, "sweep xor was deleted while it was being trained"),
        (lambda store: store.delete(["1,2,3,4"]), 0, "0 trials"),
        (lambda store: store.rename_sweep("xor", "truth"), 0, "fitgap diagnose truth"),
    ],
)
def test_a_command_that_trains_ends_in_order_when_its_sweep_changes_meanwhile(
    meanwhile, code, words, invoke, monkeypatch
):
    monkeypatch.setattr("fitgap.runner.driver.launch.drive", lambda store, written, **options: meanwhile(store))
    answer = invoke("resume", "xor", "--engine", "local")
    assert answer.code == code and words in answer.err


def test_a_number_deletes_a_trial_and_a_name_a_sweep(invoke, rows):
    answer = invoke("delete", "1", "--yes")
    assert answer.code == 0 and "deleted 1 trial, 2 epochs" in answer.err
    assert [row["trial"] for row in rows("trials", "xor")] == [2, 3, 4]
    answer = invoke("delete", "xor", "--yes")
    assert answer.code == 0 and "deleted xor: 3 trials, 6 epochs" in answer.err
    assert rows("sweeps") == []


def test_a_deleted_trial_comes_back_neither_by_resume_nor_by_extend(invoke, rows):
    invoke("delete", "2", "--yes")
    assert invoke("resume", "xor", "--engine", "local").code == 0
    assert len(rows("trials", "xor")) == 3
    answer = invoke("extend", "xor", "--activation", "sigmoid", "--repeats", "3", "--engine", "local")
    assert answer.code == 0 and "5 new trials" in answer.err
    found = {(row["activation"], row["repeat"]) for row in rows("trials", "xor")}
    wanted = {(activation, repeat) for activation in ("relu", "tanh", "sigmoid") for repeat in (1, 2, 3)}
    assert wanted - found == {("relu", 2)} and not found - wanted


@pytest.mark.parametrize(("answer", "left", "code"), [("y", 0, 0), at_night("n", 1, 1), at_night("", 1, 1)])
def test_whoever_sits_at_a_terminal_is_asked_first(answer, left, code, rows):
    terminal, end = pty.openpty()
    with subprocess.Popen([COMMAND, "delete", "xor"], stdin=end, stderr=subprocess.PIPE, text=True) as asked:
        os.close(end)
        os.write(terminal, f"{answer}\n".encode())
        _, err = asked.communicate(timeout=60)
    os.close(terminal)
    assert asked.returncode == code and "Delete xor: 4 trials, 8 epochs?" in err
    assert len(rows("sweeps")) == left


@pytest.mark.nightly
def test_a_file_is_as_large_after_compacting_as_without_what_was_deleted(invoke):
    invoke("run", *QUICK, "--epochs", "500", "--engine", "local")
    large = Path("fitgap.db").stat().st_size
    answer = invoke("delete", "xor-2", "--yes")
    assert "fitgap db compact" in answer.err
    assert invoke("db", "compact").code == 0
    assert Path("fitgap.db").stat().st_size < large - 4 * 500 * 64


def test_the_size_of_sweeps_is_told_when_asked(invoke, rows):
    (row,) = rows("sweeps", "--size")
    assert row["epochs"] == 8 and 0 < row["bytes"] < 100_000
    assert "bytes" not in rows("sweeps")[0]
    assert "bytes" in invoke("sweeps", "--size").out
