"""Text tables that fit the terminal: a value common to all rows is printed once, and hidden columns are named."""

import re
import sys
from collections.abc import Sequence
from typing import Any

from fitgap.runner.broken_names import broken
from fitgap.runner.cli.render.lines import printable
from fitgap.runner.cli.render.table_cells import SHORTHAND, Row, cell, header, is_number_column
from fitgap.runner.cli.render.table_layout import Widths, lines_of, parts_of

# Columns printed once above the table if the value is the same in all rows.
HOISTABLE = (
    *SHORTHAND,
    "status",
    "architecture",
    "batch_size",
    "planned_epochs",
    "learning_rate",
    "training_examples",
    "label_noise",
    "preprocess",
    "loss",
)
PIPE_WIDTH = 10_000


def print_table(
    rows: list[Row],
    keys: Sequence[str],
    *,
    title: str | None = None,
    labels: Sequence[str] = (),
    kept: Sequence[str] = (),
    needed: Sequence[str] = (),
    below: Row | None = None,
) -> None:
    """Print rows in a table as wide as the terminal, or as wide as needed in a pipe.

    A narrow terminal always shows `labels`, which identify the rows (default: the first key), and the keys in `kept`,
    if necessary in several tables below each other. Then come those in `needed`, then the others. `below` is a last
    row of another kind, with a `name` for its first column; keys that it lacks stay empty.
    """
    from fitgap.runner.cli.render.console import PlainConsole
    from rich.text import Text

    console = PlainConsole(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    if title:
        console.print(Text(printable(title)), soft_wrap=True)
    common = common_values(rows, keys)
    if common:
        print_sentence(console, "the same in all rows: " + ", ".join(common.values()))
    keys = [key for key in keys if key not in common]
    rows = [*rows, {**{key: below.get(key) for key in keys}, keys[0]: below["name"]}] if below else rows
    parts = parts_of(rows, keys, console.width, needed, labels, kept)
    for part in parts:
        print_without_trailing_blanks(console, table_of(rows, part))
    left_out = [key for key in keys if not any(key in part for part in parts)]
    if left_out:
        print_sentence(console, f"(no room at this width for {', '.join(left_out)})")


def print_sentence(console: Any, text: str) -> None:
    """Print a sentence above or below a table; in a terminal, it is wrapped between words."""
    from rich.text import Text

    lines = broken(text, console.width) if sys.stdout.isatty() else [text]
    console.print(Text("\n".join(lines)), soft_wrap=True)


def print_without_trailing_blanks(console: Any, table: Any) -> None:
    """Print a table. In a pipe, trailing blanks are removed, since one long cell would make every line as long."""
    if sys.stdout.isatty():
        console.print(table)
        return
    from rich.text import Text

    with console.capture() as capture:
        console.print(table)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    console.print(Text("\n".join(lines)), soft_wrap=True)


def table_of(rows: list[Row], widths: Widths) -> Any:
    """The Rich table of columns with these widths."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # One space separates numbers and two separate text, whose words are one space apart.
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0, header_style="bold")
    are_numbers = {key: is_number_column(rows, key) for key in widths}
    for key, width in widths.items():
        is_number = are_numbers[key]
        table.add_column(
            Text(header(key) if is_number else re.sub("$", " ", header(key), flags=re.MULTILINE)),
            justify="right" if is_number else "left",
            no_wrap=True,
            min_width=width,
            overflow="fold",
        )
    for row in rows:
        cells = (lines_of(key, row[key], width, is_number=are_numbers[key]) for key, width in widths.items())
        table.add_row(*map(Text, cells))
    return table


def common_values(rows: list[Row], keys: Sequence[str]) -> dict[str, str]:
    """Key and value as text, for each key whose value is the same in all rows; empty for fewer than two rows."""
    if len(rows) < 2:
        return {}
    common = [key for key in keys if key in HOISTABLE and len({row[key] for row in rows}) == 1]
    return {key: f"{key} {cell(key, rows[0][key])}" for key in common if len(common) < len(keys)}
