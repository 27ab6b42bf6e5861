"""Data files: which sources are files, what they contain, and the reader for each suffix."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fitgap.core.data import Dataset
from fitgap.runner.data.bounds import check_file_size
from fitgap.runner.data.handling import Handling
from fitgap.runner.data.named import SOURCES
from fitgap.runner.data.source import SourceDefaults
from fitgap.runner.data.wording import file_error, visible

FILE_DEFAULTS = SourceDefaults(preprocess="standard", validation=0.3)
SUFFIXES = (".csv", ".parquet", ".npz")


def is_file(source: str) -> bool:
    """Whether `source` is meant as a file: it is no known name and has a suffix or a folder."""
    return source not in SOURCES and (Path(source).suffix != "" or "/" in source or os.sep in source)


def load_file(source: str, options: Mapping[str, Any], target: Sequence[str], handling: Handling) -> Dataset:
    """The examples of the file at the path `source`. Raises DataError for whatever is wrong with it."""
    if options:
        rule = f"a file takes no options, but '{visible(next(iter(options)))}' was given; leave it out"
        raise file_error(source, rule)
    content = read_content(source)
    # The readers are imported here because polars takes long to import and named data sets do without it.
    match Path(source).suffix.lower():
        case ".npz":
            from fitgap.runner.data.npz_files import load_npz

            return load_npz(source, content, target, handling)
        case ".csv":
            from fitgap.runner.data.csv_files import load_csv

            return load_csv(source, content, target, handling)
        case _:
            from fitgap.runner.data.parquet_files import load_parquet

            return load_parquet(source, content, target, handling)


def read_inputs(
    path: str, input_names: Sequence[str], text_columns: Mapping[str, Sequence[str]], *, missing: str
) -> np.ndarray:
    """Inputs (N, n_0) of a file, unscaled, in the order that a network was trained on.

    Columns are found by name and others ignored; NPZ files have the inputs in this order in their array `inputs`.
    A missing value is NaN where `missing` says that it is filled. A text that was not seen in training is of no
    category: 0 in all inputs of its column. Raises DataError for whatever is wrong with the file.
    """
    from fitgap.runner.data.unseen_inputs import inputs_from_table

    content, handling = read_content(path), Handling(missing)
    match Path(path).suffix.lower():
        case ".npz":
            from fitgap.runner.data.npz_files import load_npz_inputs

            return load_npz_inputs(path, content, len(input_names), handling)
        case ".csv":
            from fitgap.runner.data.csv_files import read_csv

            table = read_csv(path, content, text_columns)
        case _:
            from fitgap.runner.data.parquet_files import read_parquet

            table = read_parquet(path, content)
    return inputs_from_table(table, input_names, text_columns, handling)


def read_content(source: str) -> bytes:
    """The bytes of a file. Raises DataError when it is missing, no file, of an unknown kind, unreadable or empty."""
    try:
        path = path_of(source)
        check_path(source, path)
        check_file_size(source, path.stat().st_size)
        content = path.read_bytes()
    # A path that holds a null character is a ValueError.
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise file_error(source, f"the file cannot be read: {reason}; check the path and its permissions") from None
    if not content.strip():
        raise file_error(source, "the file is empty; it must hold examples")
    return content


def path_of(source: str) -> Path:
    """The path of a file; a name that the locale has no letters for is taken as UTF-8, as sweep files are."""
    try:
        os.fsencode(source)
    except UnicodeEncodeError:
        return Path(os.fsdecode(source.encode("utf-8", "surrogateescape")))
    return Path(source)


def check_path(source: str, path: Path) -> None:
    """Raises DataError unless `path` is an existing file with a known suffix."""
    if not path.exists():
        raise file_error(source, "there is no such file; check the path, which counts from the current folder")
    if path.is_dir():
        raise file_error(source, "this is a directory; name a file in it")
    if not path.is_file():
        raise file_error(source, "this is neither a file nor a directory; save the data as a file first")
    if path.suffix.lower() not in SUFFIXES:
        rule = f"unknown suffix '{visible(path.suffix)}'; a data file ends in one of {', '.join(SUFFIXES)}"
        raise file_error(source, rule)
