"""Everything that the documentation names exists: files, headings, commands and their options."""

import contextlib
import functools
import re
import shlex
from pathlib import Path

import pytest
import typer
from fitgap.runner.cli.main import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = ("benchmarks", "core", "docs", "examples", "migrations", "runner", "tests")
# Typer has its own copy of this class, of which it exposes only a subclass.
UsageError = typer.BadParameter.__mro__[1]
# Text from a model file that looks like a command.
NO_COMMANDS = ("fitgap model 1", "fitgap model 2", "fitgap model 3")
PLACEHOLDERS = {"TRIAL": "7", "N": "1"}


def prose(text):
    """A document without its code."""
    without_blocks = re.sub(r"^(    [^\n]*|```.*?^```)$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub("`[^`]*`", "", without_blocks)


def blocks(text):
    """The lines in code blocks, with continued lines joined."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^    (.*)$", text.replace("\\\n", " "), flags=re.MULTILINE)
    return [*indented, *"\n".join(fenced).splitlines()]


def inline(text):
    """The code within sentences."""
    return [" ".join(code.split()) for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", text)]


def slug(heading):
    """The anchor of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def links(path):
    """The links of a document to other places in the project, as (file, heading or nothing)."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text()))
    return [link.partition("#")[::2] for link in found if "://" not in link]


def named_files(path):
    """The files of the project that a document names in code, including commands."""
    text = path.read_text()
    words = {word for code in [*inline(text), *blocks(text)] for word in re.split(r"[\s:,;()]+", code)}
    return sorted(word for word in words if re.fullmatch(rf"({'|'.join(FOLDERS)})/[\w./-]*", word))


def written_commands(path):
    """The words of the fitgap commands in a document, without comments. Usage lines become one of their cases."""
    text = path.read_text()
    code = [line for line in [*blocks(text), *inline(text)] if line.startswith("fitgap ") and line not in NO_COMMANDS]
    return [[PLACEHOLDERS.get(word, word) for word in words_of(line)] for line in code]


def words_of(line):
    """The words of a command line after `fitgap`: of alternatives, the first; optional parts are included."""
    if re.search(r"\[-", line):
        line = re.sub(r"(\w+)(\|\w+)+", r"\1", line.replace("[", "").replace("]", ""))
    return shlex.split(line, comments=True)[1:]


@functools.cache
def all_commands():
    """Cached, because Typer rebuilds the commands on every call, which takes longer than parsing a line."""
    return typer.main.get_command(app)


def check_command(words):
    """Raises Typer's UsageError if the command does not exist or does not accept these arguments and options."""
    command, names = all_commands(), ["fitgap"]
    while words and words[0] in getattr(command, "commands", {}):
        names.append(words[0])
        command, words = command.commands[words[0]], words[1:]
    # The name of a command alone is not a line to run.
    if words or len(names) == 1:
        context = command.make_context(" ".join(names), list(words))
        if hasattr(command, "commands"):
            command.resolve_command(context, list(words))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(path):
    for file, heading in links(path):
        target = path.parent / file if file else path
        assert target.exists(), file
        headings = re.findall(r"^#+ (.*)$", target.read_text(), flags=re.MULTILINE) if heading else []
        assert not heading or heading in map(slug, headings), f"{file}#{heading}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(path):
    assert [name for name in named_files(path) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_written_can_be_given(path, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    for words in written_commands(path):
        try:
            # `--version` exits while it is parsed.
            with contextlib.suppress(typer.Exit):
                check_command(words)
        except UsageError as error:
            pytest.fail(f"fitgap {shlex.join(words)}: {error.format_message()}")


def test_every_test_that_is_named_is_there():
    """The page on mathematics names tests of its corrections; `…` is the rest of a name, or the same file again."""
    text = (ROOT / "docs" / "explanation" / "mathematics.md").read_text()
    named = re.findall(r"`(test_\w+|…)::(test_\w+)(…?)`", text)
    assert len(named) > 15
    for number, (_, name, rest) in enumerate(named):
        file = next(each[0] for each in reversed(named[: number + 1]) if each[0] != "…")
        begin = f"def {name}" if rest else f"def {name}("
        # A file in the folder itself takes precedence over those in subfolders.
        path = min((ROOT / "tests" / "core").rglob(f"{file}.py"), key=lambda path: len(path.parts))
        assert begin in path.read_text(), name


def test_the_page_about_fault_tests_lists_all_of_them():
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "faults").glob("test_*.py")}
    text = (ROOT / "docs" / "explanation" / "fault-tests.md").read_text()
    assert there <= set(re.findall(r"`(tests/faults/test_\w+\.py)`", text))


def test_the_folder_map_has_every_folder():
    """`runner` itself is represented by its parts."""
    there = {path for parent in (ROOT, ROOT / "runner") for path in parent.iterdir() if (path / "__init__.py").exists()}
    named = {(ROOT / name).resolve() for name in named_files(ROOT / "README.md")}
    assert there | {ROOT / "examples", ROOT / "tests"} <= named | {ROOT / "runner"}


def test_the_glossary_is_in_alphabetical_order():
    terms = re.findall(r"^\*\*(.+)\*\*$", (ROOT / "docs" / "glossary.md").read_text(), flags=re.MULTILINE)
    assert len(terms) > 40
    assert terms == sorted(terms, key=str.casefold)


def test_there_was_something_to_check():
    readme = ROOT / "README.md"
    assert len(links(readme)) > 10 and "runner/engine/" in named_files(readme)
    commands = written_commands(readme)
    assert ["run", "--data", "digits"] in [words[:3] for words in commands] and len(commands) > 10


@pytest.mark.parametrize("line", ["shwo 7", "show seven", "show --format json", "db stats", "trials digits --sord e_v"])
def test_a_command_that_cannot_be_given_is_found(line):
    with pytest.raises(UsageError):
        check_command(words_of(f"fitgap {line}"))
