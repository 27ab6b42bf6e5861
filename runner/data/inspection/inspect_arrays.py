"""Inspection of an NPZ file: its arrays with their shapes, types and ranges, and the classes of its targets."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import polars
from fitgap.runner.data.columns.raw_table import Table, plain_column
from fitgap.runner.data.formats.npz_arrays import read_arrays
from fitgap.runner.data.inspection.facts import ColumnFacts, facts_of
from fitgap.runner.files.array_archives import names_of

INPUTS = "inputs"
PLACE = "row {}"


def arrays_in(source: str, content: bytes) -> dict[str, np.ndarray]:
    """The arrays of a file by name. Raises DataError for a damaged file."""
    # Reading no arrays checks the archive itself.
    read_arrays(source, content, ())
    return read_arrays(source, content, names_of(content))


def facts_of_arrays(arrays: Mapping[str, np.ndarray], target: str) -> tuple[ColumnFacts, ...]:
    """The facts about each array, over all of its values."""
    uses = {INPUTS: "inputs", target: "target"}
    return tuple(
        replace(
            facts_of(values_of(name, array), uses.get(name, "ignored"), None), type=f"{array.dtype.name} {array.shape}"
        )
        for name, array in arrays.items()
    )


def values_of(name: str, array: np.ndarray) -> polars.Series:
    """All values of an array as a column of numbers, booleans or text; polars has neither half nor long doubles."""
    flat = array.reshape(-1)
    if flat.dtype.kind not in "biufU":
        flat = flat.astype(str)
    return polars.Series(name, flat.astype(np.float64) if flat.dtype.kind == "f" else flat)


def target_table(source: str, name: str, array: np.ndarray) -> Table | None:
    """A target with one value for each example as a table; None for one with several."""
    if array.ndim == 0 or array.size != len(array):
        return None
    frame = polars.DataFrame([plain_column(values_of(name, array))])
    return Table(source, frame, lambda row: PLACE.format(row + 1))


def warnings_of(arrays: Mapping[str, np.ndarray], target: str) -> Iterator[str]:
    """Why networks cannot be trained on the file."""
    for name in (INPUTS, target):
        if name not in arrays:
            yield f"there is no array '{name}', which training needs"
        elif arrays[name].ndim == 0:
            yield f"{name}: a single value; an array needs one row per example"
    rows = [len(arrays[name]) for name in (INPUTS, target) if name in arrays and arrays[name].ndim]
    if len(rows) == 2 and rows[0] != rows[1]:
        yield f"inputs has {rows[0]:,} rows, but {target} has {rows[1]:,}; both need one row per example"


def row_count(arrays: Mapping[str, np.ndarray]) -> int:
    """The number of examples."""
    return len(arrays[INPUTS]) if INPUTS in arrays and arrays[INPUTS].ndim else 0
