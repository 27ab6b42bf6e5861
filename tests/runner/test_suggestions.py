"""Commands that messages suggest include the database given with --db, in all messages."""

import ast
import re
from pathlib import Path

import pytest
from fitgap.runner.suggestions import naming_database, suggested

RUNNER = Path(__file__).parents[2] / "runner"
ABOUT_A_DATABASE = (
    *("resume", "extend", "improve", "retry", "cancel", "replay", "sweeps", "trials", "show", "epochs", "data"),
    *("compare", "diagnose", "importance", "layers", "plot", "report", "watch", "tag", "note", "rename", "delete"),
    *("predict", "study", "db upgrade", "db compact"),
)
WRITTEN_OUT = re.compile(rf"fitgap ({'|'.join(ABOUT_A_DATABASE)})\\b")
# Messages about another database than the command's or one without a name, or for people who start another program.
ELSEWHERE = {
    "runner/store/database/errors.py",
    "runner/store/database/sqlite_files.py",
    "runner/studies/planned.py",
    "runner/cli/commands/study.py",
}
QUICK = ("--data", "iris", "--hidden", "2", "--hidden", "3", "--epochs", "1", "--engine", "local")


def messages_of(path: Path) -> list[str]:
    """The strings of a module without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    statements = [body[0] for body in bodies if body]
    documentation = {id(each.value) for each in statements if isinstance(each, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.value for node in texts if id(node) not in documentation]


def test_no_message_writes_a_command_about_a_database_out():
    """Such a command would lack `--db`, which `suggested` adds."""
    written = [
        f"{path.relative_to(RUNNER.parent)}: {text}"
        for path in sorted(RUNNER.rglob("*.py"))
        if str(path.relative_to(RUNNER.parent)) not in ELSEWHERE
        for text in messages_of(path)
        if WRITTEN_OUT.search(text)
    ]
    assert written == []


def test_a_suggested_command_names_a_database_only_if_the_command_does():
    assert suggested("show", "3") == "fitgap show 3"
    with naming_database():
        assert suggested("trials", "a b") == "fitgap trials 'a b'"


def test_every_command_that_a_run_suggests_names_its_database(invoke):
    reported = invoke("run", *QUICK, "--db", "mine.db").err
    commands = re.findall(r"fitgap [^,;`\n]+", reported)
    assert len(commands) == 4
    assert [each for each in commands if not each.endswith("--db mine.db")] == []


@pytest.mark.parametrize(
    "words",
    [
        ("diagnose", "iris"),
        ("show", "iris"),
        ("plot", "curves", "iris", "--where", "trial == 99"),
        ("compare", "iris", "--by", "architecture", "--tuned"),
        ("cancel", "iris", "--trial", "99"),
    ],
)
def test_so_does_what_answers_and_errors_suggest(invoke, words):
    invoke("run", *QUICK, "--db", "mine.db")
    answer = invoke(*words, "--db", "mine.db")
    commands = re.findall(r"fitgap [a-z][^,;`\n]+", f"{answer.out}{answer.err}")
    suggestions = [each for each in commands if not each.endswith("--help")]
    assert [each for each in suggestions if "--db mine.db" not in each] == []
    assert suggestions


def test_the_database_of_one_command_is_forgotten_by_the_next(invoke):
    invoke("run", *QUICK, "--db", "mine.db")
    invoke("run", *QUICK)
    assert "--db" not in invoke("show", "iris").err
