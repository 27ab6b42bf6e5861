"""Options that several commands share, and the formats of an answer."""

import codecs
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class BulkFormat(StrEnum):
    """The same, for answers that may be long: with Parquet, which other programs read most quickly."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


def as_text(value: Any) -> Any:
    """A word of the command line, or several, as text, which is UTF-8 even where file names are taken for ASCII."""
    if isinstance(value, str):
        return os.fsencode(value).decode("utf-8", "surrogateescape") if is_ascii_only() else value
    return [as_text(each) for each in value] if isinstance(value, list) else value


def is_ascii_only() -> bool:
    """Whether this process reads its command line as ASCII, as in the locale C."""
    return codecs.lookup(sys.getfilesystemencoding()).name == "ascii"


Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="FILE|ADDRESS",
        help="The database: an SQLite file, or postgresql://…; else FITGAP_DB, else fitgap.db here.",
        show_default=False,
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print the answer.")]
BulkOutputFormat = Annotated[BulkFormat, typer.Option("--format", help="How to print the answer.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write the answer to a file instead.", show_default=False),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="FILTER",
        help='Only those for which it holds, such as "e_v < 0.02".',
        show_default=False,
        callback=as_text,
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many rows.", show_default=False)]
Offset = Annotated[int, typer.Option("--offset", min=0, help="Leave out so many rows first.", show_default=False)]
Sort = Annotated[
    str, typer.Option("--sort", metavar="KEY[,KEY…]", help="What to sort by; -KEY puts the highest first, nulls last.")
]
SweepArgument = Annotated[str, typer.Argument(metavar="SWEEP", help="Name or number of a sweep.", show_default=False)]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="KEY[,KEY…]",
        help="Only these keys of each row, in this order; +KEY adds one.",
        show_default=False,
    ),
]
