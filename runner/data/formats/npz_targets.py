"""Targets of unseen examples in an NPZ file, to compare predictions with them."""

import io
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np
import polars
from fitgap.runner.data.columns.raw_table import Table, plain_column
from fitgap.runner.data.error_texts import file_error, nearest_column, visible
from fitgap.runner.data.formats.npz_arrays import read_arrays
from fitgap.runner.data.formats.npz_files import check_targets, target_columns
from fitgap.runner.files.array_archives import names_of

# The arrays of every file that `fitgap data` writes.
WRITTEN = ("example", "side", "inputs", "targets", "target_names")
ADVICE = "the predictions are compared with it"


def load_npz_targets(source: str, content: bytes, names: Sequence[str]) -> Table:
    """The targets of unseen examples, as a table with these columns. Raises DataError for an invalid file."""
    if is_of_data_command(content):
        return frame_of_columns(source, written_targets(source, content, names))
    name = array_of(names)
    targets = read_arrays(source, content, (name,), ADVICE)[name]
    check_targets(source, name, targets, len(targets) if targets.ndim else 0)
    return frame_of_columns(source, target_columns(name, targets))


def frame_of_columns(source: str, columns: Mapping[str, np.ndarray]) -> Table:
    """The table of target columns."""
    frame = polars.DataFrame([plain_column(polars.Series(each, values)) for each, values in columns.items()])
    return Table(source, frame, lambda row: f"row {row + 1}")


def is_of_data_command(content: bytes) -> bool:
    """Whether `fitgap data` wrote the file, which stores class numbers, with the names of targets in other arrays."""
    return zipfile.is_zipfile(io.BytesIO(content)) and set(WRITTEN) <= set(names_of(content))


def written_targets(source: str, content: bytes, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The targets with these names in a file that `fitgap data` wrote; classes as names, "" if unknown."""
    has_classes = "class_names" in names_of(content)
    arrays = read_arrays(source, content, ("targets", "target_names", *(["class_names"] if has_classes else [])))
    targets, found = arrays["targets"], arrays["target_names"].tolist()
    if targets.ndim != 2 or targets.shape[1] != len(found):
        rule = f"array 'targets' has the shape {targets.shape}, but 'target_names' has {len(found)} names"
        raise file_error(source, f"{rule}; write the file with `fitgap data` again")
    columns = dict(zip(found, targets.T, strict=True))
    for name in names:
        if name not in columns:
            rule = f"there is no target '{visible(name)}': {nearest_column(name, found)}"
            raise file_error(source, f"{rule}; {ADVICE}")
    classes = arrays.get("class_names")
    return {name: columns[name] if classes is None else named(columns[name], classes) for name in names}


def named(numbers: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The names (N,) of classes by their numbers; "" for unknown numbers."""
    is_known = np.isin(numbers, np.arange(len(classes)))
    return np.where(is_known, classes[np.where(is_known, numbers, 0).astype(int)], "")


def array_of(names: Sequence[str]) -> str:
    """The name of the array that targets with these names came from."""
    return names[0] if len(names) == 1 else names[0].removesuffix("_1")
