"""Tables from files of every format, with the cells of text files still as text."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from fitgap.runner.data.columns.cell_values import CellRules, find_decimal, stored_column, typed_column
from fitgap.runner.data.columns.raw_table import Table, kept_rows
from fitgap.runner.data.error_texts import file_error
from fitgap.runner.data.formats import content as contents
from fitgap.runner.data.formats.csv_files import read_cells
from fitgap.runner.data.formats.fraction_columns import LEAST_SIZE, read_fractions
from fitgap.runner.data.formats.layout import STRICT, Layout, find_layout
from fitgap.runner.data.formats.text_encoding import UTF_8, decoded, find_encoding
from fitgap.runner.data.treatment import FileChoices, Treatment


@dataclass(frozen=True)
class RawTable:
    """A table as read from a file of the format `kind`; `layout` is that of a text table."""

    table: Table
    kind: str
    layout: Layout


def read_table(
    source: str,
    content: bytes,
    kind: str,
    choices: FileChoices,
    target: Collection[str],
    stored: Layout | None = None,
    *,
    keeps_text: bool = True,
) -> RawTable:
    """The table in a file that is not an NPZ file. Its layout is detected unless it is `stored` or reading is strict.

    Without `keeps_text`, columns of a large text table that `typed_table` would convert to numbers may already be
    numbers.
    """
    if kind == contents.CSV:
        return read_text_table(source, content, choices, target, stored, keeps_text=keeps_text)
    layout = stored or STRICT
    if kind == contents.JSON:
        from fitgap.runner.data.formats.json_files import read_json

        encoding = choices.encoding or find_encoding(source, content)
        return RawTable(read_json(source, decoded(source, content, encoding)), kind, layout)
    if kind == contents.SHEET:
        from fitgap.runner.data.formats.spreadsheets import read_spreadsheet

        return RawTable(read_spreadsheet(source, content), kind, layout)
    from fitgap.runner.data.formats.columnar_files import read_columnar

    return RawTable(read_columnar(source, content, kind), kind, layout)


def read_text_table(
    source: str,
    content: bytes,
    choices: FileChoices,
    target: Collection[str],
    stored: Layout | None,
    *,
    keeps_text: bool,
) -> RawTable:
    """The table in a CSV file or a similar text file."""
    if stored is not None:
        layout, text = stored, decoded(source, content, stored.encoding)
        text = text if choices.strict else text.replace("\x1a", "")
    else:
        given = choices.encoding or (UTF_8 if choices.strict else find_encoding(source, content))
        text = decoded(source, content, given)
        start = replace(STRICT, encoding=given, separator=choices.separator or ",", decimal=choices.decimal or ".")
        if not choices.strict:
            # DOS marked the end of a file with this character.
            text = text.replace("\x1a", "")
        if not text.strip():
            raise file_error(source, "the file is empty; it must contain examples")
        layout = start if choices.strict else find_layout(source, text, start, target, choices.separator)
    looks_for_decimal = stored is None and choices.decimal is None and not choices.strict
    if not keeps_text and (read := read_large_table(source, text, layout, looks_for_decimal)) is not None:
        return read
    table = read_cells(source, text, layout, strict=choices.strict)
    if looks_for_decimal:
        layout = replace(layout, decimal=find_decimal(source, table.frame, layout.separator))
    return RawTable(table, contents.CSV, layout)


def read_large_table(source: str, text: str, layout: Layout, looks_for_decimal: bool) -> RawTable | None:
    """The table with columns of fractions as numbers; None if it is small or cannot be read this way."""
    if len(text) < LEAST_SIZE or layout.decimal != ".":
        return None
    table = read_fractions(source, text, layout)
    # In a table with decimal commas, a point separates groups of digits.
    if table is None or (looks_for_decimal and find_decimal(source, table.frame, layout.separator) != "."):
        return None
    return RawTable(table, contents.CSV, layout)


def needs_text(choices: FileChoices) -> bool:
    """Whether cells that look like numbers may have to stay text, as categories or dates, or to decide the split."""
    chosen = (choices.categorical, choices.dates, choices.splits, choices.weight, choices.sequence)
    return choices.strict or any(chosen)


def with_rows(raw: RawTable, keep: np.ndarray) -> RawTable:
    """The rows for which `keep` (N,) is true."""
    return replace(raw, table=kept_rows(raw.table, keep))


def typed_table(raw: RawTable, treatment: Treatment, keeps_text: Collection[str]) -> Table:
    """The table with every column converted to its type, except those in `keeps_text`."""
    rules = CellRules(treatment.layout.decimal, tuple(treatment.words or ()), tuple(treatment.words or ()))
    if not treatment.strict:
        rules = CellRules.usual(treatment.layout.decimal, treatment.words)
    frame = raw.table.frame
    # Text in Parquet and Arrow files was stored as text deliberately.
    convert = typed_column if raw.kind in (contents.CSV, contents.JSON, contents.SHEET) else stored_column
    typed = frame.select(
        column if column.name in keeps_text else convert(column, rules)
        for column in frame
        if column.name not in treatment.ignored
    )
    return replace(raw.table, frame=typed)
