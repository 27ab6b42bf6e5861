"""The page of all commands, from what `--help` shows."""

import inspect
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

import typer
from fitgap.runner.cli.main import app

from docs.generate import markdown

INTRODUCTION = """\
# Commands

Every command with its arguments and options, as `--help` shows them.

- Options may come before or after arguments. A repeatable option may be given once for
  each alternative or value.
- `--db` names the database: an SQLite file or a `postgresql://` address. Without it, fitgap uses the environment
  variable `FITGAP_DB`, and without that the file `fitgap.db` in the current folder.
- If a command takes either a sweep or a trial, a number selects a trial and a name selects a sweep. Commands that take
  only sweeps accept their names and their numbers.
- `--format` selects a table for people, or JSON, CSV or (for some commands) Parquet for programs. The keys are in
  [columns and keys](columns.md). [Exit codes](exit-codes.md) are the same for all commands."""
OPTIONS = "Options"


def page() -> str:
    """The page as Markdown."""
    sections = [section(name, command) for name, command in leaves("fitgap", typer.main.get_command(app))]
    return markdown.page(INTRODUCTION, *sections)


def leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Every command that is not a group, with the words that run it."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for each, below in inner.items():
        yield from leaves(f"{name} {each}", below)


def section(name: str, command: Any) -> str:
    """The heading, help and tables of one command."""
    given = [each for each in command.params if each.param_type_name == "argument"]
    panels: dict[str, list[Any]] = {}
    for option in command.params:
        if option.param_type_name == "option" and not getattr(option, "hidden", False):
            panels.setdefault(getattr(option, "rich_help_panel", None) or OPTIONS, []).append(option)
    tables = [options_table(title, options, command) for title, options in panels.items()]
    return "\n\n".join([f"## {name}", paragraphs(command.help), *arguments_table(given), *tables])


def paragraphs(text: str | None) -> str:
    """A help text with one line per paragraph."""
    return "\n\n".join(" ".join(each.split()) for each in inspect.cleandoc(text or "").split("\n\n"))


def arguments_table(given: list[Any]) -> list[str]:
    rows = [
        (words(without_brackets(each.metavar or each.name.upper())), "yes" if each.required else "no", each.help or "")
        for each in given
    ]
    return [markdown.table(("argument", "required", "meaning"), rows)] if rows else []


def without_brackets(metavar: str) -> str:
    """The metavar of an argument, without the brackets that enclose an optional one."""
    return metavar[1:-1] if metavar.startswith("[") and metavar.endswith("]") else metavar


def options_table(title: str, options: list[Any], command: Any) -> str:
    rows = [(spelling(each), value(each, command), default(each), each.help or "") for each in options]
    return markdown.table(("option" if title == OPTIONS else title, "value", "default", "meaning"), rows)


def spelling(option: Any) -> str:
    return ", ".join(map(markdown.code, [*option.opts, *option.secondary_opts]))


def value(option: Any, command: Any) -> str:
    """The values that an option takes: none, one of a few words, or what its metavar says."""
    if option.is_flag:
        return ""
    kinds = list(kinds_of(inspect.signature(command.callback).parameters[option.name].annotation))
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Enum):
            return ", ".join(markdown.code(each.value) for each in kind)
    return words(option.metavar or ("N" if int in kinds else "TEXT"))


def words(metavar: str) -> str:
    """Alternatives as words, since Markdown programs differ in how they show a vertical bar in code inside a table."""
    return " or ".join(map(markdown.code, metavar.split("|")))


def kinds_of(annotation: Any) -> Iterator[Any]:
    """The plain types inside an annotation such as `Annotated[list[Status] | None, …]`."""
    inner = get_args(annotation)
    if not inner:
        yield annotation
    for each in inner:
        yield from kinds_of(each)


def default(option: Any) -> str:
    if option.required:
        return "required"
    if isinstance(option.show_default, str):
        return markdown.code(option.show_default)
    if option.default is None or option.is_flag or not option.show_default or callable(option.default):
        return ""
    return markdown.code(str(getattr(option.default, "value", option.default)))
