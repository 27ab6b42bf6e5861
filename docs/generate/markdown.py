"""Headings and tables in Markdown."""

from collections.abc import Iterable, Sequence

NOTICE = "<!-- Written by `python -m docs.generate`. Edit the program or docs/generate/, not this page. -->"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with these headings; a vertical bar within a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell(each) for each in line) + " |" for line in lines)


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Text as code. In a table, a vertical bar must be escaped even inside code; `cell` does that."""
    return f"`{text}`"


def page(*parts: str) -> str:
    """A page made of these parts, separated by empty lines."""
    return "\n\n".join([NOTICE, *(part for part in parts if part)]) + "\n"
