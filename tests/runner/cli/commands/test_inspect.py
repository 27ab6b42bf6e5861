"""`fitgap inspect`, and the same in Python."""

import json
import shlex

import pytest
from fitgap import inspect_data

TABLE = "index;size;color;kind\n" + "".join(f"{n};{n % 7},5;{'rgb'[n % 3]};{'ab'[n % 2]}\n" for n in range(40))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "[things].csv"
    path.write_text(TABLE)
    return path


def test_the_page_says_what_would_be_done(invoke, file):
    answer = invoke("inspect", file, "--target", "kind")
    assert (answer.code, answer.err) == (0, "")
    assert "40 rows, 4 columns, separated by semicolons, decimal commas" in answer.out
    assert "ignored: counts the rows" in answer.out
    assert "target kind: 2 classes (a 20, b 20)" in answer.out


def test_json_and_python_give_the_same(invoke, file):
    answer = invoke("inspect", file, "--target", "kind", "--ignore", "col*", "--format", "json")
    found = json.loads(answer.out)
    assert found == json.loads(json.dumps(inspect_data(file, "kind", ignore="col*")))
    assert [column["use"] for column in found["columns"]] == ["ignored", "number", "ignored", "target"]


def test_the_command_runs(invoke, file):
    command = json.loads(invoke("inspect", file, "--target", "kind", "--format", "json").out)["command"]
    words = shlex.split(command)[1:]
    answer = invoke(*words, "--epochs", "1", "--dry-run")
    assert answer.code == 0 and "on " in answer.out


def test_the_command_reads_the_file_as_it_was_inspected(invoke, tmp_path):
    """The suggested command has the options without which the file would be refused or read differently."""
    path = tmp_path / "odd.csv"
    rows = (f"{n} Jan 2020;{n % 5};{-999 if n % 9 == 0 else n % 7};{n % 2}" for n in range(1, 31))
    path.write_bytes("\n".join(["grün;code;size;y", *rows]).encode("cp1252"))
    given = ("--target", "y", "--dates", "grün=%d %b %Y", "--categorical", "code", "--missing-values", "-999")
    given += ("--encoding", "cp1252", "--separator", ";", "--decimal", ",", "--target-kind", "numbers")
    given += ("--inputs", "grün", "--inputs", "code", "--inputs", "size")
    command = invoke("inspect", path, *given, "--format", "json").json["command"]
    commands = {"suggested": shlex.split(command)[1:], "given": ("run", "--data", path, *given, "--repeats", "5")}
    for name, words in commands.items():
        assert invoke(*words, "--epochs", "1", "--name", name, "--engine", "local").code == 0
    suggested, wanted = (invoke("data", name, "--format", "json").json for name in commands)
    assert suggested == wanted and {"grün.seconds", "code=0", "size", "y"} <= {*wanted[0]}


def test_a_wrong_target_is_one_line(invoke, file):
    answer = invoke("inspect", file, "--target", "kin")
    assert answer.code == 2 and "did you mean 'kind'" in answer.err and len(answer.err.splitlines()) == 1
