"""Cells and headers of text tables: values as text, and which columns may be wrapped."""

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
# Only these columns may be wrapped: between words, and after a hyphen in a word that is too long.
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
HEADERS = {
    "architecture": "archi-\ntecture",
    "configurations": "configu-\nrations",
    "difference": "differ-\nence",
    "difference_margin": "± 95 %",
}
# Columns to the right of a mean, headed only by their suffix.
SUFFIX_HEADERS = {"_sd": "± sd", "_spread": "spread"}


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
