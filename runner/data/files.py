"""Data files: recognizing them, reading their bytes, and choosing the reader by suffix."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.runner.data.bounds import check_file_size
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.data.handling import Handling
from fitgap.runner.data.named import SOURCES
from fitgap.runner.data.named_set import SourceDefaults

FILE_DEFAULTS = SourceDefaults(preprocess="standard", validation=0.3)
SUFFIXES = (".csv", ".parquet", ".npz")


def is_file(source: str) -> bool:
    """Whether `source` denotes a file: it is not the name of a data set, and it has a suffix or a folder."""
    return source not in SOURCES and (Path(source).suffix != "" or "/" in source or os.sep in source)


def load_file(source: str, options: Mapping[str, Any], target: Sequence[str], handling: Handling) -> Dataset:
    """The examples in the file at the path `source`. Raises DataError for an invalid file."""
    if options:
        rule = f"a file takes no options, but '{visible(next(iter(options)))}' was given; remove it"
        raise file_error(source, rule)
    content = read_content(source)
    # Imported here, because importing polars is slow and named data sets do not need it.
    match Path(source).suffix.lower():
        case ".npz":
            from fitgap.runner.data.formats.npz_files import load_npz

            return load_npz(source, content, target, handling)
        case ".csv":
            from fitgap.runner.data.formats.csv_files import load_csv

            return load_csv(source, content, target, handling)
        case _:
            from fitgap.runner.data.formats.parquet_files import load_parquet

            return load_parquet(source, content, target, handling)


def read_inputs(
    path: str, input_names: Sequence[str], text_columns: Mapping[str, Sequence[str]], *, missing: str
) -> np.ndarray:
    """Unscaled inputs (N, n_0) from a file, in the order that a network was trained on.

    Columns are found by name, and other columns are ignored. NPZ files must have the inputs in this order in the array
    `inputs`. A missing value becomes NaN if `missing` says that it will be filled. Text that did not occur in training
    belongs to no category: all inputs of its column are 0. Raises DataError for an invalid file.
    """
    from fitgap.runner.data.unseen_inputs import inputs_from_table

    content, handling = read_content(path), Handling(missing)
    match Path(path).suffix.lower():
        case ".npz":
            from fitgap.runner.data.formats.npz_files import load_npz_inputs

            return load_npz_inputs(path, content, len(input_names), handling)
        case ".csv":
            from fitgap.runner.data.formats.csv_files import read_csv

            table = read_csv(path, content, text_columns)
        case _:
            from fitgap.runner.data.formats.parquet_files import read_parquet

            table = read_parquet(path, content)
    return inputs_from_table(table, input_names, text_columns, handling)


def read_content(source: str) -> bytes:
    """The bytes of a file. Raises DataError if it is missing, not a file, of an unknown type, unreadable or empty."""
    try:
        path = path_of(source)
        check_path(source, path)
        check_file_size(source, path.stat().st_size)
        content = path.read_bytes()
    # A path with a null character raises ValueError.
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise file_error(source, f"the file cannot be read: {reason}; check the path and its permissions") from None
    if not content.strip():
        raise file_error(source, "the file is empty; it must contain examples")
    return content


def path_of(source: str) -> Path:
    """The path of a file. A name that the locale cannot encode is encoded as UTF-8, like sweep files."""
    try:
        os.fsencode(source)
    except UnicodeEncodeError:
        return Path(os.fsdecode(source.encode("utf-8", "surrogateescape")))
    return Path(source)


def check_path(source: str, path: Path) -> None:
    """Raise DataError unless `path` is an existing file with a known suffix."""
    if not path.exists():
        raise file_error(source, "there is no such file; check the path, which is relative to the current folder")
    if path.is_dir():
        raise file_error(source, "this is a folder; name a file in it")
    if not path.is_file():
        raise file_error(source, "this is neither a file nor a folder; save the data as a file first")
    if path.suffix.lower() not in SUFFIXES:
        rule = f"unknown suffix '{visible(path.suffix)}'; a data file ends in one of {', '.join(SUFFIXES)}"
        raise file_error(source, rule)
