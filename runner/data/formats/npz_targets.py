"""Targets of unseen examples in an NPZ file, to compare predictions with them."""

from collections.abc import Sequence

import polars
from fitgap.runner.data.columns.raw_table import Table, plain_column
from fitgap.runner.data.formats.npz_files import check_targets, read_arrays, target_columns

ADVICE = "the predictions are compared with it"


def load_npz_targets(source: str, content: bytes, names: Sequence[str]) -> Table:
    """The targets of unseen examples, as a table with these columns. Raises DataError for an invalid file."""
    name = array_of(names)
    targets = read_arrays(source, content, (name,), ADVICE)[name]
    check_targets(source, name, targets, len(targets) if targets.ndim else 0)
    columns = target_columns(name, targets)
    frame = polars.DataFrame([plain_column(polars.Series(each, values)) for each, values in columns.items()])
    return Table(source, frame, lambda row: f"row {row + 1}")


def array_of(names: Sequence[str]) -> str:
    """The name of the array from which targets of these names were made."""
    return names[0] if len(names) == 1 else names[0].removesuffix("_1")
