"""All output for people goes through functions that escape it; only data and prompts do not."""

import ast
import io
from pathlib import Path

import pytest
from fitgap.runner.cli import main as cli
from fitgap.runner.cli.render.lines import ignoring_closed_output, line_width, printable, report, say
from fitgap.runner.errors import ReaderGoneError

FOLDER = Path(cli.__file__).parent
# The functions themselves, JSON and CSV, and a prompt that is answered on the same line.
MAY_PRINT = {"render/lines.py", "render/formats.py", "commands/labels.py"}
MARKUP = {"Console", "rprint", "echo", "secho", "confirm", "prompt"}


def calls_of(path):
    """The names of the functions and of the methods that a module calls."""
    called = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    functions = {function.id for function in called if isinstance(function, ast.Name)}
    return functions, {function.attr for function in called if isinstance(function, ast.Attribute)}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_commands_print_through_the_functions_that_escape(path):
    functions, methods = calls_of(path)
    assert "print" not in functions or str(path.relative_to(FOLDER)) in MAY_PRINT
    assert not (functions | methods) & MARKUP


def test_text_is_escaped_line_by_line(capsys):
    say("one\ntwo", "\x1b[2J")
    report("\u202ethree\r")
    captured = capsys.readouterr()
    assert captured.out == "one\\ntwo\n\\x1b[2J\n"
    assert captured.err == "\\u202ethree\\r\n"


@pytest.mark.parametrize("text", ["größe β ☃ 𝄞 ± × …", "[red]", ":smile:", "e\u0301"])
def test_what_can_be_seen_stays_as_it_is(text):
    assert printable(text) == text


def test_a_reader_that_has_gone_does_not_end_what_is_no_question(monkeypatch):
    class Closed(io.StringIO):
        def flush(self):
            raise ReaderGoneError("nobody")

    monkeypatch.setattr("sys.stdout", Closed())
    with ignoring_closed_output():
        print("answer")


@pytest.mark.parametrize(("columns", "expected"), [("200", 80), ("40", 40), ("20", 20), ("3", 20)])
def test_lines_are_as_wide_as_the_terminal_within_bounds(columns, expected, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", columns)
    assert line_width(80) == 80
    monkeypatch.setattr("sys.stdout", Terminal())
    assert line_width(80) == expected
