"""Reader of spreadsheets, such as those of Excel: the first sheet with a table, with names in its first row."""

import io
import zipfile
from typing import Any

import polars
from fitgap.runner.data.bounds import MOST_TABLE_COLUMNS, check_growth, check_width
from fitgap.runner.data.columns.raw_table import Table, plain_column
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.data.formats.csv_files import given_names


def read_spreadsheet(source: str, content: bytes) -> Table:
    """The table in the first sheet, with row numbers of the sheet as positions; DataError if it is damaged."""
    # Imported here, because few files are spreadsheets.
    import fastexcel

    check_unpacked(source, content)
    try:
        book = fastexcel.read_excel(content)
        number = first_table(book)
        names = [] if number is None else book.load_sheet(number, header_row=None, dtypes="string").to_polars().row(0)
        typed = polars.DataFrame() if number is None else book.load_sheet(number, header_row=0).to_polars()
    # A damaged archive can raise almost any exception, and a panic of the reader is not even an Exception.
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
            raise
        reason = visible(str(error).partition("\n")[0], longest=200)
        raise file_error(source, f"the spreadsheet cannot be read ({reason}); save it again, or as CSV") from None
    if not typed.width:
        raise file_error(source, "no sheet holds a table of at least 2 columns and 2 rows; save the table as CSV")
    check_width(source, typed.width, MOST_TABLE_COLUMNS)
    typed.columns = given_names([(name or "").strip() or None for name in names], header=True)
    return Table(source, typed.select(plain_column(column) for column in typed), lambda row: f"row {row + 2}")


def first_table(book: Any) -> int | None:
    """The number of the first sheet with at least two columns and two rows; smaller ones hold notes."""
    for number in range(len(book.sheet_names)):
        sheet = book.load_sheet(number, header_row=0)
        if sheet.width > 1 and sheet.height > 1:
            return number
    return None


def check_unpacked(source: str, content: bytes) -> None:
    """Raise DataError if the sheets would grow implausibly when they are read."""
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise file_error(source, f"the spreadsheet is damaged ({visible(error)}); write or copy it again") from None
    check_growth(source, size, len(content))
