"""The page of the Python interface, from signatures and docstrings."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import fitgap

from docs.generate import markdown

PACKAGE = fitgap.__name__
INTRODUCTION = f"""\
# Python API

Everything that `{PACKAGE}` exports. `{PACKAGE}.__version__` is the version. [Use fitgap in
Python](../how-to/python.md) shows examples."""


def page() -> str:
    """The page as Markdown."""
    names = [name for name in sorted(fitgap.__all__) if not name.startswith("__")]
    return markdown.page(INTRODUCTION, *(section(name, getattr(fitgap, name)) for name in names))


def section(name: str, thing: Any) -> str:
    """A function, or a class with its public methods."""
    if not inspect.isclass(thing):
        return entry("##", name, thing)
    parts = [f"## {name}", documented(thing)]
    parts += [entry("###", f"{name}.{each}", method) for each, method in methods(thing)]
    return "\n\n".join(parts)


def methods(cls: type) -> Iterator[tuple[str, Any]]:
    """Public methods in the order of their definition."""
    for name, each in vars(cls).items():
        if inspect.isfunction(each) and not name.startswith("_"):
            yield name, each


def entry(level: str, name: str, function: Any) -> str:
    return f"{level} {name}\n\n```text\n{signature(name, function)}\n```\n\n{documented(function)}"


def signature(name: str, function: Any) -> str:
    """The signature, on several lines if it is long."""
    found = inspect.signature(function)
    shown = [each for each in found.parameters.values() if each.name != "self"]
    plain = found.replace(parameters=[each.replace(default=readable(each.default)) for each in shown])
    # Types without their modules, except polars data frames.
    text = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", f"{name}{plain}".removeprefix(name))
    text = name + text.replace("DataFrame", "polars.DataFrame")
    if len(text) <= 100:
        return text
    inside, _, answer = text.removeprefix(name).rpartition(" -> ")
    return f"{name}(\n    " + ",\n    ".join(split_arguments(inside[1:-1])) + f",\n) -> {answer}"


def readable(default: Any) -> Any:
    """A default whose text does not change from run to run."""
    return Named(default.__name__) if inspect.isbuiltin(default) else default


class Named(str):
    """A word that is shown without quotes."""

    def __repr__(self) -> str:
        return str(self)


def split_arguments(text: str) -> list[str]:
    """Arguments at the commas that are not inside brackets."""
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "[(") - (sign in "])")
        if sign == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]


def documented(thing: Any) -> str:
    """The docstring as it is written: it is Markdown."""
    return inspect.getdoc(thing) or ""
