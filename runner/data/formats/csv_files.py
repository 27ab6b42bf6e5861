"""Reader of text tables: CSV and its relatives, in the layout that was found or chosen.

Every cell is read as text, and a column gets its type from all of its cells instead of the first few. Spaces around
cells and blank lines at the end of the file are ignored.
"""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import polars
from fitgap.runner.amounts import counted
from fitgap.runner.data.bounds import MOST_TABLE_COLUMNS, check_memory, check_width
from fitgap.runner.data.columns.raw_table import Table, unnamed
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.data.formats.layout import COMMENT_START, STRICT, Layout, cleaned
from fitgap.runner.errors import DataError

# The memory that polars needs per cell, as text and as a number.
CELL_BYTES = 24
# Expressions are computed for this many columns at a time: polars takes 13 KB of memory for each column of a request.
COLUMNS_AT_A_TIME = 256
# And for this many cells, so that a large table is not in memory twice.
CELLS_AT_A_TIME = 2_000_000


def read_cells(source: str, text: str, layout: Layout = STRICT, *, strict: bool = True) -> Table:
    """The cells of a table as text, null if empty; positions are line numbers. Raises DataError for an invalid file.

    Unless `strict`, blank lines are left out, and columns may lack names or share them.
    """
    clean, separator = cleaned(text, layout), layout.csv_separator
    blanks = 0 if strict else len(clean) - len(clean.lstrip("\n"))
    clean = clean[blanks:] if blanks else clean
    width = first_width(clean, separator)
    check_width(source, width, MOST_TABLE_COLUMNS)
    check_memory(source, 2 * len(text) + CELL_BYTES * width * (clean.count("\n") + 1))
    cells = parsed(source, clean, separator, lambda: check_widths(source, text, layout, strict=strict))
    del clean
    if strict:
        check_names(source, cells.row(0))
        names = [str(name) for name in cells.row(0)]
        table, first = cells.slice(1), 1
    else:
        names = given_names(cells.row(0) if layout.header else [None] * cells.width, layout.header)
        table, first = cells.slice(layout.header), layout.header + blanks
    table.columns = names
    return filled_rows(source, table, strict, lambda row: f"line {line_of(text, row + first, layout)}")


def parsed(source: str, text: str, separator: str, check: Callable[[], None]) -> polars.DataFrame:
    """All cells as stripped text, null if empty, with the names as the first row."""
    try:
        columns = polars.read_csv(
            text.encode(), has_header=False, infer_schema=False, separator=separator
        ).get_columns()
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException) as error:
        check()
        raise malformed_error(source, text, error) from None
    cells = stripped(columns)
    if sum(cells.null_count().row(0)):
        # polars does not distinguish absent cells from empty ones, but an absent cell is an error.
        check()
    return cells


def stripped(columns: list[polars.Series]) -> polars.DataFrame:
    """Cells without spaces around them, null if empty. Empties the list to free memory."""
    together = max(1, min(COLUMNS_AT_A_TIME, CELLS_AT_A_TIME // max(1, len(columns[0]))))
    whole = polars.all().str.strip_chars().replace("", None)
    parts = []
    while columns:
        part, columns[:together] = polars.DataFrame(columns[:together]), []
        parts.append(part.with_columns(whole))
    return polars.concat(parts, how="horizontal")


def filled_rows(source: str, table: polars.DataFrame, strict: bool, place: Callable[[int], str]) -> Table:
    """The table without empty rows; unchanged if `strict`."""
    if strict or not table.width or not min(table.null_count().row(0)):
        return Table(source, table, place)
    filled = table.select(~polars.all_horizontal(polars.all().is_null())).to_series()
    kept = filled.arg_true().to_list()
    return Table(source, table.filter(filled), lambda row: place(kept[row]))


def given_names(names: Sequence[str | None], header: bool) -> list[str]:
    """A name for every column: its own, made unique with a number, or a generated one if it has none."""
    taken: set[str] = set()
    found = []
    for number, name in enumerate(names, start=1):
        name = name or (unnamed(number) if header else f"column_{number}")
        wanted, again = name, 1
        while name in taken:
            again += 1
            name = f"{wanted}_{again}"
        taken.add(name)
        found.append(name)
    return found


def check_names(source: str, names: Sequence[str | None]) -> None:
    """Raise DataError unless every column has a unique name."""
    if len(names) == 1 and (found := re.search("[;\t|]", names[0] or "")):
        rule = f"line 1 has no comma, but contains '{visible(found.group())}'; columns must be separated by commas"
        raise file_error(source, f"{rule}; name another separator with --separator or data.separator")
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


def check_widths(source: str, text: str, layout: Layout = STRICT, *, strict: bool = True) -> None:
    """Raise DataError for the first line whose number of cells differs from line 1.

    Unless `strict`, a line may be blank. It may also be short if its last cell is empty or the columns that it lacks
    have no names.
    """
    first, header = 0, [""]
    expected = 0
    for line, cells in record_starts(text, layout):
        if not cells and strict:
            raise file_error(source, f"line {line} is blank; remove it")
        if cells and not expected:
            first, header = line, [*[""] * layout.row_names, *cells, *[""] * layout.line_ends]
            expected = len(header)
        elif cells and len(cells) != expected and (strict or not may_end(cells, header)):
            raise width_error(source, text, layout, (line, len(cells)), (first, expected))


def may_end(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a line with fewer cells than the header has missing values at its end."""
    is_short = len(cells) < len(header)
    return is_short and not (cells[-1].strip() and any(name.strip() for name in header[len(cells) :]))


def width_error(source: str, text: str, layout: Layout, wrong: tuple[int, int], right: tuple[int, int]) -> DataError:
    """The error for a line, given by its number and its number of cells, whose width differs from the first."""
    (line, width), (first, expected) = wrong, right
    widths = [(line, len(cells)) for line, cells in record_starts(text, layout) if cells]
    usual, count = Counter(width for _, width in widths).most_common(1)[0]
    if usual not in (1, expected) and count > len(widths) / 2:
        lines = [line for line, width in widths if width == usual]
        rule = f"most lines have {usual} cells, but line {first} has {expected}, and all lines need the same number"
        return file_error(source, f"{rule}; remove what is above line {lines[0]} and below line {lines[-1]}")
    rule = f"line {line} has {counted(width, 'cell')}, but line {first} has {expected}; every line needs {expected}"
    return file_error(source, f"{rule}, so correct this one, or remove it if it is not a row of the table")


def line_of(text: str, record: int, layout: Layout) -> int:
    """The line number at which a record starts; records are counted from 0, column names included."""
    start = record - layout.commented_header
    return next(itertools.islice(record_starts(text, layout), start, None))[0]


def first_width(text: str, separator: str) -> int:
    """The number of cells in the first record; 0 if there is none."""
    return next((len(cells) for _, cells in record_starts(text, Layout(separator=separator))), 0)


def lines_of(text: str) -> Iterator[str]:
    """The lines of a text with their ends, one by one: `io.StringIO` would take four bytes for each character."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def record_starts(text: str, layout: Layout = STRICT) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every record; a record with a quoted cell may span several lines.

    This uses Python's slower reader, so it is only for the first record and for locating errors.
    """
    blanks = layout.separator == " "
    reader = csv.reader(lines_of(text), delimiter=layout.separator, skipinitialspace=blanks)
    longest_cell = csv.field_size_limit(len(text) + 1)
    line = 1
    try:
        for cells in reader:
            if line > layout.skip and not (layout.comments and cells and COMMENT_START.match(cells[0])):
                yield line, [cell for cell in cells if cell] if blanks else cells
            line = reader.line_num + 1
    finally:
        csv.field_size_limit(longest_cell)
