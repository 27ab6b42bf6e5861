"""Cells and headers of text tables: values as text, and what may be broken onto several lines, and where."""

import itertools
import re
import sys
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
# Only text in these columns may be broken: between words, and a word that is too long after a hyphen.
BREAKABLE = (
    *SHORTHAND,
    "architecture",
    "layers",
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
    "reason",
)
# A hyphen between layers, not the sign in 1e-05; and the other places inside of a layer such as conv8x3:padding=same.
HYPHEN, INSIDE = re.compile(r"(?<=[^\s-])(?<!\de)-(?!-)"), re.compile(r"[:,(=+/]")
HEADERS = {
    "architecture": "archi-\ntecture",
    "configurations": "configu-\nrations",
    "difference": "differ-\nence",
    "difference_margin": "± 95 %",
}
# Columns to the right of a mean, headed only by their suffix.
SUFFIX_HEADERS = {"_sd": "± sd", "_spread": "spread"}


def broken(text: str, width: int) -> list[str]:
    """The lines of a text in a column of this width: broken between words, and inside those that are longer."""
    if len(text) <= width:
        return [text]
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) <= width:
            line += f" {word}"
            continue
        lines += [line] if line else []
        line = word
        while len(line) > width:
            place = place_to_break(line, width)
            lines.append(line[:place])
            line = line[place:]
    return [*lines, line]


def place_to_break(word: str, width: int) -> int:
    """Where a word that is longer than `width` is broken: after a hyphen, otherwise inside of a layer or anywhere."""
    for sign in (HYPHEN, INSIDE):
        places = [found.end() for found in sign.finditer(word, 0, width) if found.end() <= width]
        if places:
            return places[-1]
    return width


def longest_piece(text: str) -> int:
    """The length of the longest part of a text that is broken only between words and after hyphens."""
    ends = ((0, *(found.end() for found in HYPHEN.finditer(word)), len(word)) for word in text.split())
    return max((last - first for each in ends for first, last in itertools.pairwise(each)), default=0)


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
