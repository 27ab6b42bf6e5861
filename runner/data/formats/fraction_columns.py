"""Fast reader of large text tables: columns of fractions are parsed as numbers without being text first.

It gives the same result as `read_cells` followed by `typed_column`, in half the time and memory. If that is not
certain, it gives None.
"""

from collections.abc import Sequence

import polars
from fitgap.runner.data.bounds import MOST_TABLE_COLUMNS, check_memory, check_width
from fitgap.runner.data.columns.raw_table import Table
from fitgap.runner.data.formats.csv_files import check_widths, given_names, line_of, stripped
from fitgap.runner.data.formats.layout import FRACTION, Layout, cleaned
from fitgap.runner.data.formats.records import SAMPLE_CHARACTERS, sample_lines, split_record

# Below this text size, there is nothing to gain.
LEAST_SIZE = 1_000_000
# The number of first lines in which a fraction shows that a column does not hold whole numbers.
LINES_LOOKED_AT = 100
# The memory that polars needs per cell.
CELL_BYTES = 16


def read_fractions(source: str, text: str, layout: Layout) -> Table | None:
    """The table in a text, with columns that have a fraction in the first lines as numbers and all others as text.

    Whole numbers stay text, since they may be codes such as 007. None if a column of numbers has other cells, too, or
    if no column has a fraction. Raises DataError for an invalid file.
    """
    clean = cleaned(text, layout)
    blanks = len(clean) - len(clean.lstrip("\n"))
    start = sample_lines(clean[blanks : blanks + SAMPLE_CHARACTERS])[:LINES_LOOKED_AT]
    # A quoted name may contain a separator or the end of a line.
    if '"' in start[0]:
        return None
    records = [split_record(line, layout.csv_separator) for line in start]
    types = types_of(records, layout)
    if polars.Float64 not in types:
        return None
    check_width(source, len(types), MOST_TABLE_COLUMNS)
    check_memory(source, 2 * len(text) + CELL_BYTES * len(types) * clean.count("\n"))
    names = given_names([name or None for name in records[0]] if layout.header else [None] * len(types), layout.header)
    frame = parsed(clean, names, types, layout, blanks)
    if frame is None or min(frame.null_count().row(0)):
        # If every column has an empty cell, there may be rows in which all cells are empty.
        return None
    if sum(frame.null_count().row(0)):
        check_widths(source, text, layout, strict=False)
    first = layout.header + blanks
    return Table(source, frame, lambda row: f"line {line_of(text, row + first, layout)}")


def types_of(records: Sequence[Sequence[str]], layout: Layout) -> list[type[polars.DataType]]:
    """The type of every column of the first records: Float64 if one has a fraction there, otherwise String."""
    rows = records[1:] if layout.header else records
    found: list[type[polars.DataType]] = [polars.String] * len(records[0])
    for row in rows:
        for column, cell in enumerate(row[: len(found)]):
            if FRACTION.fullmatch(cell.strip()):
                found[column] = polars.Float64
    return found


def parsed(
    text: str, names: Sequence[str], types: Sequence[type[polars.DataType]], layout: Layout, blanks: int
) -> polars.DataFrame | None:
    """The columns of a text, with spaces around text removed; None if a cell does not fit its type."""
    body = text.encode()[blanks:]
    try:
        frame = polars.read_csv(
            body[body.find(b"\n") + 1 :] if layout.header else body,
            has_header=False,
            schema=dict(zip(names, types, strict=True)),
            separator=layout.csv_separator,
        )
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException):
        return None
    if polars.String not in types:
        return frame
    kept = stripped(frame.select(polars.col(polars.String)).get_columns())
    return frame.with_columns(kept.get_columns())
