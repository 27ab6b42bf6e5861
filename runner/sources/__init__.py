"""Named data sets and files, turned into `core.data.Dataset`."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.data import Dataset
from runner.sources.files import FILE_DEFAULTS, is_file, load_file
from runner.sources.fingerprints import fingerprint
from runner.sources.named import SOURCES, find_source, load_named
from runner.sources.source import Source, SourceDefaults

__all__ = ["SOURCES", "Source", "SourceDefaults", "fingerprint", "is_file", "load_dataset", "source_defaults"]


def load_dataset(source: str, *, options: Mapping[str, Any] = {}, target: Sequence[str] = (), seed: int = 0) -> Dataset:
    """The examples of a named data set or of a CSV, Parquet or NPZ file.

    `options` are the parameters of a named set, `target` the target columns of a file, `seed` that of the sweep: sets
    drawn at random depend on it. Raises DataError for whatever cannot be read or trained on.
    """
    if is_file(source):
        return load_file(source, options, target)
    return load_named(source, options, target, seed)


def source_defaults(source: str) -> SourceDefaults:
    """How a data set is prepared unless the sweep says otherwise; DataError for an unknown name."""
    if is_file(source):
        return FILE_DEFAULTS
    kind = find_source(source)
    return SourceDefaults(kind.preprocess, kind.validation)
