"""Options that several commands share, and the formats of an answer."""

import codecs
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from fitgap.runner.suggestions import name_database


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class BulkFormat(StrEnum):
    """How a long answer is printed; Parquet is the fastest format for other programs to read."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


def as_text(value: Any) -> Any:
    """Decode one or several command-line words as UTF-8, even if Python decodes file names as ASCII."""
    if isinstance(value, str):
        return os.fsencode(value).decode("utf-8", "surrogateescape") if is_ascii_only() else value
    return [as_text(each) for each in value] if isinstance(value, list) else value


def is_ascii_only() -> bool:
    """Whether this process decodes its command line as ASCII, as in the C locale."""
    return codecs.lookup(sys.getfilesystemencoding()).name == "ascii"


def named_database(database: str | None) -> str | None:
    """Return the value of --db, and store it so that commands suggested in messages repeat it."""
    name_database(database)
    return database


Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="FILE|ADDRESS",
        help="SQLite file or postgresql://… address (default: $FITGAP_DB, or fitgap.db here).",
        show_default=False,
        # Processed before TRIAL, whose error messages depend on the sweeps in the database.
        is_eager=True,
        callback=named_database,
    ),
]
OutputFormat = Annotated[Format, typer.Option("--format", help="Output format.")]
BulkOutputFormat = Annotated[BulkFormat, typer.Option("--format", help="Output format.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to FILE, not to standard output.", show_default=False),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where",
        metavar="FILTER",
        help='Only trials that match, such as "e_v < 0.02".',
        show_default=False,
        callback=as_text,
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Maximum number of rows.", show_default=False)]
Offset = Annotated[int, typer.Option("--offset", min=0, help="Number of rows to skip.", show_default=False)]
Sort = Annotated[
    str, typer.Option("--sort", metavar="KEY[,KEY…]", help="Sort by these keys; -KEY sorts descending. Nulls are last.")
]
SweepArgument = Annotated[str, typer.Argument(metavar="SWEEP", help="Sweep name or number.", show_default=False)]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="KEY[,KEY…]",
        help="Keys to show, in this order; +KEY adds one to the default keys.",
        show_default=False,
    ),
]
