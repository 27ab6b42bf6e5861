"""Printing answers: a table for people, JSON or CSV for programs."""

import csv
import itertools
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from runner.cli.options import Format
from runner.cli.tables import Row, print_table
from runner.errors import StoreError, nearest


def print_rows(
    rows: Iterable[Row], output_format: Format, *, table_keys: Sequence[str], columns: str | None = None
) -> None:
    """Print rows. A table shows `table_keys` unless columns are named; JSON and CSV hold every key.

    JSON and CSV are written row by row as they come.
    """
    coming = iter(rows)
    first = list(itertools.islice(coming, 1))
    is_table = output_format is Format.TABLE
    known = list(first[0]) if first else []
    keys = chosen_keys(columns, table_keys if is_table or not first else known)
    for key in keys:
        if known and key not in known:
            raise StoreError(f"--columns: there is no column {key!r}; {nearest(key, known)}")
    rows = itertools.chain(first, coming)
    if is_table:
        print_table(list(rows), keys)
    elif output_format is Format.JSON:
        print_json_rows({key: row[key] for key in keys} for row in rows)
    else:
        print_csv(rows, keys)


def chosen_keys(columns: str | None, usual: Sequence[str]) -> list[str]:
    """The keys that --columns names, after the usual ones where it only adds some."""
    keys = [key.strip() for key in (columns or "").split(",") if key.strip()]
    added = [key.removeprefix("+") for key in keys]
    is_addition = any(key.startswith("+") for key in keys)
    return list(dict.fromkeys([*usual, *added] if is_addition or not keys else keys))


def print_json_rows(rows: Iterable[Row]) -> None:
    """A JSON array with every row on a line of its own; numbers read back as the same bits."""
    opening = "["
    for row in rows:
        print(f"{opening}\n  {json.dumps(row, ensure_ascii=False, allow_nan=False)}", end="")
        opening = ","
    print("[]" if opening == "[" else "\n]")


def print_json(answer: Any) -> None:
    """Indented JSON; numbers read back as the same bits."""
    print(json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False))


def print_csv(rows: Iterable[Row], keys: Sequence[str]) -> None:
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
