"""Tables for people, made to fit: what is alike in all rows is told once, what has no room is named."""

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fitgap.runner.cli.render.lines import printable
from fitgap.runner.streams.typography import to_encoding

Row = dict[str, Any]

TIMES = ("created", "started", "ended")
# Written as shorthand, which other programs read; people read less of it.
SHORTHAND = (
    "activation",
    "output_activation",
    "initializer",
    "regularizer",
    "optimizer",
    "schedule",
    "stopping",
)
# What may stand above the table instead of in every row, when it is the same in all.
TOLD_ONCE = (*SHORTHAND, "status", "architecture", "batch_size", "planned_epochs", "learning_rate")
# Text in these columns may be broken between words; nothing else is ever broken.
BREAKABLE = (*SHORTHAND, "parameters", "description", "found", "tags", "note")
LONGEST_WORD = 20
GUTTER = 1
PIPE_WIDTH = 10_000
HEADERS = {
    "architecture": "archi-\ntecture",
    "configurations": "configu-\nrations",
    "difference": "differ-\nence",
    "difference_margin": "± 95 %",
}
# What stands beside a mean and is told by its last part alone.
BESIDE = {"_sd": "± sd", "_spread": "spread"}


def print_table(rows: list[Row], keys: Sequence[str], *, title: str | None = None, needed: Sequence[str] = ()) -> None:
    """Print rows in a table as wide as the terminal; into a pipe as wide as it needs.

    `needed` are the keys that the table is about, which a narrow terminal shows before others.
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
    fitting = fitting_keys(rows, keys, console.width, needed)
    console.print(table_of(rows, fitting, console.width))
    if len(fitting) < len(keys):
        left_out = ", ".join(key for key in keys if key not in fitting)
        console.print(Text(f"(no room at this width for {left_out})"), soft_wrap=True)


def table_of(rows: list[Row], keys: Sequence[str], width: int) -> Any:
    """The table of these columns; a single one that is wider than the terminal is broken anywhere."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # Numbers stand one space apart, text two: its own words are one apart.
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
    """For each key whose value is the same in all of several rows: how to say so."""
    if len(rows) < 2:
        return {}
    alike = [key for key in keys if key in TOLD_ONCE and len({row[key] for row in rows}) == 1]
    return {key: f"{key} {cell(key, rows[0][key])}" for key in alike if len(alike) < len(keys)}


def fitting_keys(rows: list[Row], keys: Sequence[str], width: int, needed: Sequence[str] = ()) -> list[str]:
    """As many of the keys, from the left, as have room beside those that the table is about."""
    kept = [key for key in needed if key in keys]
    others = [key for key in keys if key not in kept]
    fitting: list[str] = []
    used = 1 + sum(least_width(rows, key) + GUTTER for key in kept)
    for key in others:
        used += least_width(rows, key) + GUTTER
        if used > width and (fitting or kept):
            break
        fitting.append(key)
    if kept and not fitting:
        return fitting_keys(rows, keys, width)
    return [key for key in keys if key in (*fitting, *kept)]


def least_width(rows: list[Row], key: str) -> int:
    """The least width of a column: of its longest word where it may be broken, else of its longest cell."""
    texts = [*header(key).split("\n"), *(cell(key, row[key]) for row in rows)]
    if key in BREAKABLE:
        return 1 + min(LONGEST_WORD, max(len(word) for text in texts for word in text.split() or [""]))
    return max(map(len, texts)) + (0 if is_number_column(rows, key) else 1)


def header(key: str) -> str:
    """A long key on two lines, so that a narrow column need not be as wide as its name."""
    beside = next((text for end, text in BESIDE.items() if key.endswith(end)), None)
    text = HEADERS.get(key) or beside or re.sub(r"^(\w{4,})_(\w{3,})$", r"\1_\n\2", printable(key))
    return encodable(text)


def is_number_column(rows: list[Row], key: str) -> bool:
    """Whether a column holds numbers, which are set to the right."""
    values = [row[key] for row in rows if row[key] is not None]
    return bool(values) and all(isinstance(value, (int, float)) for value in values) and key not in TIMES


def cell(key: str, value: Any) -> str:
    """A value as people read it: three significant digits, a date for a time, nothing for null."""
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
    """Text as standard output will have it, so that columns are as wide as what stands in them."""
    return text if text.isascii() else to_encoding(text, sys.stdout.encoding)


def plainer(shorthand: str) -> str:
    """Shorthand as a table shows it: `adam 0.01` for `adam:rate=0.01`, `l1 0.1 + l2 0.1` for two at once."""
    # A plus inside 1e+3 or beta+gamma joins nothing.
    text = re.sub(r":\w+=((?:[^,+/]|\+\d|\+gamma\b)+)(?=[+/]|$)", r" \1", shorthand)
    text = re.sub(r"\+(?!\d|gamma\b)", " + ", text)
    return text.replace(":", " ").replace(",", " ").replace("/", " / ")
