"""Errors that users see, and help: every command explains itself and is in the reference."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from fitgap.runner.cli.main import app
from fitgap.runner.errors import DataError, FitgapError, SpecError, StoreError, nearest

ROOT = Path(__file__).parents[3]
TOP = typer.main.get_command(app).commands
# All commands by the words that run them, such as `db status`.
COMMANDS = {
    " ".join([name, *inner]): (command.commands[inner[0]] if inner else command)
    for name, command in TOP.items()
    for inner in [[], *([each] for each in getattr(command, "commands", {}))]
}


def test_the_commands_are_those_of_the_design():
    asking = {"sweeps", "trials", "show", "epochs", "compare", "diagnose", "importance", "layers", "list", "data"}
    again = {"resume", "extend", "improve", "retry", "cancel", "replay"}
    keeping_order = {"tag", "note", "rename", "delete", "send"}
    databases = {"db", "db status", "db upgrade", "db copy", "db compact", "db backup", "db restore"}
    drawing = {"plot", "report", "watch", "study", "ui"}
    assert set(COMMANDS) == {
        "run",
        "inspect",
        *again,
        *asking,
        *drawing,
        *keeping_order,
        "export",
        "predict",
        "doctor",
        *databases,
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_has_help(name, invoke):
    command = COMMANDS[name]
    assert command.help
    assert all(parameter.help for parameter in command.params)
    answer = invoke(*name.split(), "--help")
    assert answer.code == 0
    assert command.help.splitlines()[0] in " ".join(answer.out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_whole_in_80_columns(name, invoke, monkeypatch):
    """In a column that is too narrow, words are cut off with an ellipsis."""
    monkeypatch.setenv("COLUMNS", "80")
    written = invoke(*name.split(), "--help").out
    assert not re.search(r"[a-z]…", written)
    options = [each for parameter in COMMANDS[name].params for each in parameter.opts if each.startswith("--")]
    assert not [each for each in options if each not in written]


def test_the_reference_has_every_command():
    headings = re.findall("^## fitgap (.*)$", (ROOT / "docs" / "reference" / "commands.md").read_text(), re.MULTILINE)
    assert headings == [name for name in COMMANDS if name != "db"]


def test_help_names_every_command(invoke):
    answer = invoke("--help")
    assert answer.code == 0
    assert all(name in answer.out for name in TOP)


def test_no_command_at_all_shows_help(invoke):
    answer = invoke()
    assert answer.code == 2
    assert "Usage" in answer.out + answer.err and "Traceback" not in answer.err


def test_an_unknown_command_is_told_in_one_line(invoke):
    answer = invoke("trial")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("fitgap: No such command 'trial'; ") and answer.err.count("\n") == 1
    assert answer.err.endswith(" see fitgap --help\n")


@pytest.mark.parametrize("kind", [SpecError, DataError, StoreError])
def test_every_error_of_ours_exits_with_2(kind):
    assert issubclass(kind, FitgapError) and kind("message").exit_code == 2
    assert str(kind("message")) == "message"


def test_the_nearest_name_stands_before_all_names():
    assert nearest("rellu", ["tanh", "relu"]) == "did you mean 'relu'? known: tanh, relu"
    assert nearest("xyz", ["tanh", "relu"]) == "known: tanh, relu"
    assert nearest("x", []) == "known: "


def test_an_error_of_the_program_itself_is_not_hidden(monkeypatch, invoke):
    """Only errors that users can fix become one line; a bug keeps its traceback."""
    from fitgap.runner import store

    def broken(database):
        raise RuntimeError("a bug")

    monkeypatch.setattr(store, "open_store", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        invoke("sweeps")


def test_the_module_of_the_command_is_importable_from_anywhere(tmp_path):
    """The target of the console command in pyproject.toml."""
    line = [sys.executable, "-c", "from fitgap.runner.cli.main import main; print(main.__name__)"]
    assert subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True).stdout == "main\n"
