"""Printing answers: a table for people, JSON or CSV for programs."""

import csv
import json
import sys
from collections.abc import Sequence
from typing import Any

from runner.cli.options import Format
from runner.cli.tables import Row, print_table
from runner.errors import StoreError, nearest


def print_rows(
    rows: list[Row], output_format: Format, *, table_keys: Sequence[str], columns: str | None = None
) -> None:
    """Print rows. A table shows `table_keys` unless columns are named; JSON and CSV hold every key."""
    chosen = chosen_columns(rows, columns)
    if output_format is Format.TABLE:
        print_table(rows, chosen or table_keys)
        return
    if chosen:
        rows = [{key: row[key] for key in chosen} for row in rows]
    if output_format is Format.JSON:
        print_json(rows)
    else:
        print_csv(rows, chosen or (list(rows[0]) if rows else table_keys))


def chosen_columns(rows: list[Row], columns: str | None) -> list[str]:
    """The keys named by --columns; StoreError for one that no row has."""
    keys = [key.strip() for key in columns.split(",") if key.strip()] if columns else []
    for key in keys:
        if rows and key not in rows[0]:
            raise StoreError(f"--columns: there is no column {key!r}; {nearest(key, rows[0])}")
    return keys


def print_json(answer: Any) -> None:
    """Indented JSON; numbers read back as the same bits."""
    print(json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False))


def print_csv(rows: list[Row], keys: Sequence[str]) -> None:
    """CSV with a header line; null is an empty cell, lists and mappings are JSON."""
    writer = csv.DictWriter(UnixLines(), keys)
    writer.writeheader()
    writer.writerows({key: csv_cell(row[key]) for key in keys} for row in rows)


def csv_cell(value: Any) -> Any:
    """A value for CSV; text that a spreadsheet would take for a formula is made plain by an apostrophe."""
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


class UnixLines:
    """Standard output for a CSV writer that ends its lines with CR LF: only then does it quote a CR inside a cell."""

    def write(self, line: str) -> None:
        sys.stdout.write(line.removesuffix("\r\n") + "\n")
