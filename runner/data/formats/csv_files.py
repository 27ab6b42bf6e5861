"""Reader of CSV files: comma-separated columns, column names in the first line, UTF-8.

Every cell is read as text, and a column gets its type from all of its cells instead of the first few. Spaces around
cells and blank lines at the end of the file are ignored.
"""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import polars
from fitgap.core.datasets import Dataset
from fitgap.runner.data.bounds import MOST_TABLE_COLUMNS, check_memory, check_width
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.data.handling import Handling
from fitgap.runner.data.raw_table import Table
from fitgap.runner.data.table_datasets import dataset_from_table
from fitgap.runner.errors import DataError

# The memory that polars needs per cell, as text and as a number.
CELL_BYTES = 24


def load_csv(source: str, content: bytes, target: Sequence[str], handling: Handling) -> Dataset:
    """The examples in a CSV file. Raises DataError for an invalid file."""
    return dataset_from_table(read_csv(source, content), target, handling)


def read_csv(source: str, content: bytes, text_columns: Collection[str] = ()) -> Table:
    """The table in a CSV file, with line numbers as positions; `text_columns` stay text whatever they contain."""
    text = decode(source, content)
    width = first_width(text)
    check_width(source, width, MOST_TABLE_COLUMNS)
    check_memory(source, 2 * len(content) + CELL_BYTES * width * (text.count("\n") + 1))
    cells = read_cells(source, text)
    if sum(cells.null_count().row(0)):
        # polars does not distinguish absent cells from empty ones, but an absent cell is an error.
        check_widths(source, text)
    frame = cells.select(column if column.name in text_columns else typed_column(column) for column in cells)
    return Table(source, frame, lambda row: f"line {line_of(text, row)}")


def decode(source: str, content: bytes) -> str:
    """The text of the file with \\n line endings and no trailing blank lines; DataError if it is not UTF-8."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise file_error(source, f"line {line} is not valid UTF-8; save the file as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def read_cells(source: str, text: str) -> polars.DataFrame:
    """All cells as stripped text, null if empty; columns are named after the first line."""
    try:
        records = polars.read_csv(text.encode(), has_header=False, infer_schema=False)
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException) as error:
        check_widths(source, text)
        raise malformed_error(source, text, error) from None
    cells = records.with_columns(polars.all().str.strip_chars().replace("", None))
    names = cells.row(0)
    check_names(source, names)
    table = cells.slice(1)
    table.columns = list(names)
    return table


def check_names(source: str, names: Sequence[str | None]) -> None:
    """Raise DataError unless every column has a unique name."""
    if len(names) == 1 and (found := re.search("[;\t|]", names[0] or "")):
        rule = f"line 1 has no comma, but contains '{visible(found.group())}'; columns must be separated by commas"
        raise file_error(source, rule)
    if None in names:
        rule = f"line 1: column {names.index(None) + 1} has no name; name it, or remove it if it only numbers the rows"
        raise file_error(source, rule)
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise file_error(source, f"line 1: {count} columns are named '{visible(name)}'; give each a unique name")


def malformed_error(source: str, text: str, error: Exception) -> DataError:
    if '"' in text:
        reason = 'unbalanced quotation marks; put a cell that contains one in quotes and double those inside it ("")'
    else:
        reason = visible(str(error).partition("\n")[0], longest=200)
    return file_error(source, f"this is not a valid CSV file: {reason}")


def check_widths(source: str, text: str) -> None:
    """Raise DataError for the first line whose number of cells differs from line 1."""
    expected = first_width(text)
    for line, width in record_starts(text):
        if width == 0:
            raise file_error(source, f"line {line} is blank; remove it")
        if width != expected:
            raise file_error(
                source, f"line {line} has {width} cells, but line 1 has {expected}; every line needs {expected}"
            )


def line_of(text: str, row: int) -> int:
    """The line number at which a row starts; rows are counted from 0 without the column names."""
    return next(itertools.islice(record_starts(text), row + 1, None))[0]


def first_width(text: str) -> int:
    """The number of cells in the first record; 0 if there is none."""
    return next((width for _, width in record_starts(text)), 0)


def record_starts(text: str) -> Iterator[tuple[int, int]]:
    """Line number and number of cells of every record; a record with a quoted cell may span several lines.

    This uses Python's slower reader and runs only to locate errors.
    """
    reader = csv.reader(io.StringIO(text, newline="\n"))
    longest_cell = csv.field_size_limit(len(text) + 1)
    line = 1
    try:
        for cells in reader:
            yield line, len(cells)
            line = reader.line_num + 1
    finally:
        csv.field_size_limit(longest_cell)


def typed_column(column: polars.Series) -> polars.Series:
    """The column as integers, floats or booleans if every cell can be converted, otherwise as text."""
    for number in (polars.Int64, polars.Float64):
        numbers = column.cast(number, strict=False)
        if numbers.null_count() == column.null_count():
            return numbers
    words = column.str.to_lowercase()
    return words == "true" if words.drop_nulls().is_in(["true", "false"]).all() else column
