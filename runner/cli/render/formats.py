"""Answers as a table for people, or as JSON or CSV for programs."""

import codecs
import csv
import itertools
import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from fitgap.runner.cli.options.common import Format
from fitgap.runner.cli.render.lines import printable
from fitgap.runner.cli.render.table_cells import Row
from fitgap.runner.cli.render.text_tables import print_table
from fitgap.runner.errors import StoreError, nearest
from fitgap.runner.key_lists import split_keys
from fitgap.runner.streams.typography import to_encoding

# Characters that start a formula in spreadsheets, including their full-width forms.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# Control characters that JSON allows unescaped, invisible or direction-changing marks, and lone surrogates.
UNSEEN = re.compile(
    r"[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)


def print_rows(
    rows: Iterable[Row],
    output_format: Format,
    *,
    table_keys: Sequence[str],
    columns: str | None = None,
    labels: Sequence[str] = (),
) -> None:
    """Print rows. A table shows `table_keys` and JSON and CSV show every key, unless columns are named.

    `labels` are the keys that identify the rows; a table always shows them.
    JSON and CSV are written row by row, as the rows arrive. Raises StoreError for an unknown column.
    """
    iterator = iter(rows)
    first = list(itertools.islice(iterator, 1))
    is_table = output_format is Format.TABLE
    known = list(first[0]) if first else []
    keys = selected_keys(columns, table_keys if is_table or not first else known)
    if is_table:
        keys = list(dict.fromkeys([*(label for label in labels if label not in keys), *keys]))
    for key in keys:
        if known and key not in known:
            raise StoreError(f"--columns: there is no column {key!r}; {nearest(key, known)}")
    rows = itertools.chain(first, iterator)
    if is_table:
        print_table(list(rows), keys, labels=labels, kept=asked_keys(columns))
    elif output_format is Format.JSON:
        print_json_rows({key: row[key] for key in keys} for row in rows)
    else:
        print_csv(rows, keys)


def asked_keys(columns: str | None) -> list[str]:
    """The keys that --columns names, including those that it adds to the default ones."""
    return [key.removeprefix("+") for key in split_keys(columns or "")]


def selected_keys(columns: str | None, default: Sequence[str]) -> list[str]:
    """The keys that --columns names; the default keys come first if it only adds some."""
    keys = split_keys(columns or "")
    added = [key.removeprefix("+") for key in keys]
    is_addition = any(key.startswith("+") for key in keys)
    return list(dict.fromkeys([*default, *added] if is_addition or not keys else keys))


def print_json_rows(rows: Iterable[Row]) -> None:
    """Print a JSON array with one row per line. Numbers read back bit for bit."""
    opening = "["
    for row in rows:
        print(f"{opening}\n  {json_text(row)}", end="")
        opening = ","
    print("[]" if opening == "[" else "\n]")


def print_json(answer: Any) -> None:
    """Print indented JSON. Numbers read back bit for bit."""
    print(json_text(answer, indent=2))


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON that any reader accepts: UTF-8 if the output is UTF-8, else ASCII.

    Terminal control characters and lone surrogates are escaped; readers get the same text back.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=not is_utf8(sys.stdout.encoding), allow_nan=False)
    return UNSEEN.sub(lambda found: json.dumps(found.group())[1:-1], text)


def is_utf8(encoding: str | None) -> bool:
    """Whether text is written as UTF-8. A text stream in memory has no encoding and takes any character."""
    return encoding is None or codecs.lookup(encoding).name == "utf-8"


def print_csv(rows: Iterable[Row], keys: Sequence[str]) -> None:
    """Print CSV with a header line. Null is an empty cell; lists and mappings are JSON."""
    writer = csv.writer(CsvLines())
    writer.writerow(map(csv_cell, keys))
    writer.writerows([csv_cell(row[key]) for key in keys] for row in rows)


def csv_cell(value: Any) -> Any:
    """A CSV cell. Text that a spreadsheet would take for a formula gets a leading apostrophe."""
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    is_formula = isinstance(value, str) and value.startswith(FORMULA_SIGNS) and not NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value


class CsvLines:
    """Standard output for a CSV writer; it turns CR LF line endings into LF.

    The writer must end lines with CR LF, since only then does it quote a CR inside a cell. Characters that the output
    cannot encode are escaped with backslashes, and so are control characters on a terminal.
    """

    def __init__(self) -> None:
        self.encoding = sys.stdout.encoding or "utf-8"
        self.is_terminal = sys.stdout.isatty()

    def write(self, line: str) -> None:
        text = line.removesuffix("\r\n")
        if self.is_terminal:
            text = "\n".join(map(printable, text.split("\n")))
        sys.stdout.write(to_encoding(text, self.encoding, "backslashreplace") + "\n")
