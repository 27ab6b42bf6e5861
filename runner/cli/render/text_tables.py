"""Text tables that fit the terminal: a value common to all rows is printed once, and hidden columns are named."""

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fitgap.runner.cli.render.lines import printable
from fitgap.runner.names import plainer
from fitgap.runner.streams.typography import to_encoding

Row = dict[str, Any]

TIMES = ("created", "started", "ended")
# Written as shorthand such as `adam:rate=0.01`; tables show a simpler form.
SHORTHAND = (
    "activation",
    "output_activation",
    "initializer",
    "regularizer",
    "optimizer",
    "schedule",
    "stopping",
)
# Columns printed once above the table if the value is the same in all rows.
HOISTABLE = (*SHORTHAND, "status", "architecture", "batch_size", "planned_epochs", "learning_rate")
# Only text in these columns may be wrapped, between words.
BREAKABLE = (
    *SHORTHAND,
    "parameters",
    "description",
    "found",
    "tags",
    "note",
    "change",
    "of",
    "because",
    "question",
    "origin",
    "setting",
    "tuned",
)
LONGEST_WORD = 20
GUTTER = 1
PIPE_WIDTH = 10_000
HEADERS = {
    "architecture": "archi-\ntecture",
    "configurations": "configu-\nrations",
    "difference": "differ-\nence",
    "difference_margin": "± 95 %",
}
# Columns to the right of a mean, headed only by their suffix.
SUFFIX_HEADERS = {"_sd": "± sd", "_spread": "spread"}


def print_table(
    rows: list[Row],
    keys: Sequence[str],
    *,
    title: str | None = None,
    needed: Sequence[str] = (),
    below: Row | None = None,
) -> None:
    """Print rows in a table as wide as the terminal, or as wide as needed in a pipe.

    `needed` names the most important keys; a narrow terminal shows them before others. `below` is a last row of another
    kind, with a `name` for its first column; the keys that it lacks stay empty.
    """
    from fitgap.runner.cli.render.console import PlainConsole
    from rich.text import Text

    console = PlainConsole(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    if title:
        console.print(Text(printable(title)), soft_wrap=True)
    common = common_values(rows, keys)
    if common:
        console.print(Text("the same in all rows: " + ", ".join(common.values())), soft_wrap=True)
    keys = [key for key in keys if key not in common]
    rows = [*rows, {**{key: below.get(key) for key in keys}, keys[0]: below["name"]}] if below else rows
    fitting = fitting_keys(rows, keys, console.width, needed)
    print_without_trailing_blanks(console, table_of(rows, fitting, console.width))
    if len(fitting) < len(keys):
        left_out = ", ".join(key for key in keys if key not in fitting)
        console.print(Text(f"(no room at this width for {left_out})"), soft_wrap=True)


def print_without_trailing_blanks(console: Any, table: Any) -> None:
    """Print a table. In a pipe, a single long cell would otherwise make every line as long."""
    if sys.stdout.isatty():
        console.print(table)
        return
    from rich.text import Text

    with console.capture() as capture:
        console.print(table)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    console.print(Text("\n".join(lines)), soft_wrap=True)


def table_of(rows: list[Row], keys: Sequence[str], width: int) -> Any:
    """The Rich table of these columns. A column that is wider than the terminal may be broken anywhere."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # One space separates numbers and two separate text, whose words are one space apart.
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0, header_style="bold")
    for key in keys:
        is_number = is_number_column(rows, key)
        least = least_width(rows, key)
        is_too_wide = least > width - 1
        table.add_column(
            Text(header(key) if is_number else re.sub("$", " ", header(key), flags=re.MULTILINE)),
            justify="right" if is_number else "left",
            no_wrap=key not in BREAKABLE and not is_too_wide,
            min_width=None if is_too_wide else least,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(cell(key, row[key]) + ("" if is_number_column(rows, key) else " ")) for key in keys))
    return table


def common_values(rows: list[Row], keys: Sequence[str]) -> dict[str, str]:
    """For each key with the same value in all of several rows: key and value as text."""
    if len(rows) < 2:
        return {}
    common = [key for key in keys if key in HOISTABLE and len({row[key] for row in rows}) == 1]
    return {key: f"{key} {cell(key, rows[0][key])}" for key in common if len(common) < len(keys)}


def fitting_keys(rows: list[Row], keys: Sequence[str], width: int, needed: Sequence[str] = ()) -> list[str]:
    """As many keys as fit: the needed ones in their order, then the others from the left."""
    wanted = [key for key in needed if key in keys]
    others = [key for key in keys if key not in wanted]
    fitting: list[str] = []
    used = 1
    for key in [*wanted, *others]:
        column = least_width(rows, key) + GUTTER
        if used + column <= width or not fitting:
            fitting.append(key)
            used += column
        elif key in others:
            break
    if wanted and others and set(fitting) <= set(wanted) and keys[0] not in fitting:
        # Nothing that says what the rows are would be shown.
        return fitting_keys(rows, keys, width)
    return [key for key in keys if key in fitting]


def least_width(rows: list[Row], key: str) -> int:
    """The minimum width of a column: its longest word if it may be wrapped, otherwise its longest cell."""
    texts = [*header(key).split("\n"), *(cell(key, row[key]) for row in rows)]
    if key in BREAKABLE:
        return 1 + min(LONGEST_WORD, max(len(word) for text in texts for word in text.split() or [""]))
    return max(map(len, texts)) + (0 if is_number_column(rows, key) else 1)


def header(key: str) -> str:
    """The header of a column; a long key takes two lines, so that it does not widen a narrow column."""
    suffix_header = next((text for end, text in SUFFIX_HEADERS.items() if key.endswith(end)), None)
    text = HEADERS.get(key) or suffix_header or re.sub(r"^(\w{4,})_(\w{3,})$", r"\1_\n\2", printable(key))
    return encodable(text)


def is_number_column(rows: list[Row], key: str) -> bool:
    """Whether a column holds numbers, which are right-aligned."""
    values = [row[key] for row in rows if row[key] is not None]
    return bool(values) and all(isinstance(value, (int, float)) for value in values) and key not in TIMES


def cell(key: str, value: Any) -> str:
    """A value as text: three significant digits for a number, a date for a time, nothing for null."""
    if value is None:
        return ""
    if key in TIMES:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, list):
        return encodable(printable(", ".join(map(str, value))))
    if isinstance(value, float):
        return f"{value:.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"
    return encodable(printable(plainer(value) if key in SHORTHAND else str(value)))


def encodable(text: str) -> str:
    """Text as standard output can encode it, so that column widths are computed from what is printed."""
    return text if text.isascii() else to_encoding(text, sys.stdout.encoding)
