"""Reader of JSON files: a list of records, one record per line, or a mapping of columns."""

import json
import math
from typing import Any

import polars
from fitgap.runner.data.bounds import MOST_TABLE_COLUMNS, check_memory, check_width
from fitgap.runner.data.columns.raw_table import Table
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.errors import DataError

# Memory per byte of a JSON file while it is read.
GROWTH = 12
LARGEST_INTEGER = 2**63 - 1
FORMS = "a list of records such as [{…}, {…}], one record per line, or a mapping of columns"


def read_json(source: str, text: str) -> Table:
    """The table in a JSON text, with row numbers from 1 as positions."""
    check_memory(source, GROWTH * len(text))
    content, number = parsed(source, text)
    columns = as_columns(source, content)
    check_width(source, len(columns), MOST_TABLE_COLUMNS)
    frame = polars.DataFrame([as_series(name, values) for name, values in columns.items()])
    unit = "line" if number else "row"
    return Table(source, frame, lambda row: f"{unit} {row + 1}")


def parsed(source: str, text: str) -> tuple[Any, bool]:
    """The content, and whether it has one record per line."""
    try:
        return json.loads(text), False
    except (ValueError, RecursionError) as error:
        if "\n" not in text and not isinstance(error, json.JSONDecodeError):
            raise file_error(source, "this is not valid JSON; write it again") from None
        whole = error
    records = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            records.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise broken(source, number, records, whole, error) from None
    return records, True


def broken(source: str, number: int, records: list[Any], whole: Exception, line: Exception) -> DataError:
    """The error for text that is neither JSON nor one record per line."""
    error = line if records else whole
    place = number if records else getattr(whole, "lineno", 1)
    return file_error(source, f"line {place} is not valid JSON ({visible(getattr(error, 'msg', error))}); correct it")


def as_columns(source: str, content: Any) -> dict[str, list[Any]]:
    """The columns in the content; DataError if it is not a table."""
    if isinstance(content, dict) and isinstance(content.get("data"), list) and "columns" in content:
        # The format that pandas calls `split`.
        content = [dict(zip(map(str, content["columns"]), row, strict=False)) for row in rows_of(source, content)]
    if isinstance(content, list) and content and all(isinstance(record, dict) for record in content):
        names = dict.fromkeys(name for record in content for name in record)
        return {name: [record.get(name) for record in content] for name in names}
    if isinstance(content, dict) and content and all(isinstance(each, (list, dict)) for each in content.values()):
        columns = {name: list(each.values()) if isinstance(each, dict) else each for name, each in content.items()}
        if len(set(map(len, columns.values()))) == 1 and not all(map(any_nested, columns.values())):
            return columns
    raise file_error(source, f"this JSON is not a table; a table is {FORMS}")


def rows_of(source: str, content: dict[str, Any]) -> list[list[Any]]:
    rows, names = content["data"], content["columns"]
    if not isinstance(names, list) or not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        raise file_error(source, f"this JSON is not a table; a table is {FORMS}")
    return rows


def any_nested(values: list[Any]) -> bool:
    return any(isinstance(value, (list, dict)) for value in values)


def as_series(name: str, values: list[Any]) -> polars.Series:
    """A column with the type of its values; mixed values become text, nested ones empty bytes."""
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return polars.Series(name, values, polars.Null)
    if kinds & {list, dict}:
        return polars.Series(name, [None if value is None else b"" for value in values], polars.Binary)
    if kinds == {bool}:
        return polars.Series(name, values, polars.Boolean)
    if kinds == {int} and all(value is None or abs(value) <= LARGEST_INTEGER for value in values):
        return polars.Series(name, values, polars.Int64)
    if kinds <= {int, float}:
        return polars.Series(name, [as_float(value) for value in values], polars.Float64)
    return polars.Series(name, [as_text(value) for value in values], polars.String)


def as_float(value: int | float | None) -> float | None:
    try:
        return None if value is None else float(value)
    except OverflowError:
        return math.inf


def as_text(value: Any) -> str | None:
    text = value if isinstance(value, str) else None if value is None else json.dumps(value)
    # JSON can express a lone surrogate (half a character), UTF-8 cannot.
    text = None if text is None else text.encode("utf-8", "replace").decode("utf-8").strip()
    return text or None
