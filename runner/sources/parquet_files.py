"""Parquet files."""

from collections.abc import Sequence
from io import BytesIO

import polars

from core.data import Dataset
from runner.sources.bounds import MOST_TABLE_COLUMNS, check_growth, check_width
from runner.sources.columns import Table, plain_column
from runner.sources.handling import Handling
from runner.sources.tables import dataset_from_table
from runner.sources.wording import file_error, visible

MARK = b"PAR1"
# Of a number as it is trained on.
VALUE_BYTES = 8


def load_parquet(source: str, content: bytes, target: Sequence[str], handling: Handling) -> Dataset:
    """The examples of a Parquet file. Raises DataError for whatever is wrong with it."""
    return dataset_from_table(read_parquet(source, content), target, handling)


def read_parquet(source: str, content: bytes) -> Table:
    """The table as it is stored, rows counted from 1; DataError when the file is damaged."""
    if not (content.startswith(MARK) and content.endswith(MARK)):
        rule = "this is not a whole Parquet file, which starts and ends with PAR1; write or copy it again"
        raise file_error(source, rule)
    try:
        check_frame(source, content)
        frame = polars.read_parquet(BytesIO(content))
    # polars raises a PanicException, which is no Exception, where a damaged file leads its reader astray.
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException) as error:
        reason = visible(str(error).partition("\n")[0], longest=200)
        raise file_error(source, f"the file is damaged ({reason}); write or copy it again") from None
    return Table(source, frame.select(plain_column(column) for column in frame), lambda row: f"row {row + 1}")


def check_frame(source: str, content: bytes) -> None:
    """Raises DataError, from what the file tells of itself, where its table would not be one or not fit in memory."""
    kinds = polars.read_parquet_schema(BytesIO(content))
    check_width(source, len(kinds), MOST_TABLE_COLUMNS)
    for name, kind in kinds.items():
        # One row of these can hold any number of values.
        if kind.is_nested():
            rule = f"column '{visible(name)}' holds {visible(kind)}, but must hold numbers, text or booleans"
            raise file_error(source, f"{rule}; convert or remove it")
    rows = polars.scan_parquet(BytesIO(content)).select(polars.len()).collect().item()
    check_growth(source, rows * len(kinds) * VALUE_BYTES, len(content))
