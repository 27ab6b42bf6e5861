"""Loading of named data sets and data files as `fitgap.core.datasets.Dataset`."""

from collections.abc import Mapping, Sequence
from typing import Any

from fitgap.core.datasets import Dataset
from fitgap.runner.data.files import FILE_DEFAULTS, is_file, load_file, read_inputs, read_targets
from fitgap.runner.data.fingerprints import draw_fingerprint, fingerprint
from fitgap.runner.data.handling import MISSING, TARGET_KINDS, TEXT
from fitgap.runner.data.loaded_files import LoadedFile
from fitgap.runner.data.memory import is_in_memory, keep, kept_content
from fitgap.runner.data.named import SOURCES, find_source, load_named, load_redrawn, not_drawn
from fitgap.runner.data.named_set import Source, SourceDefaults
from fitgap.runner.data.reading_report import axes_line, reading_report
from fitgap.runner.data.split_rules import SplitRule
from fitgap.runner.data.treatment import RULES, STRICT_RULES, FileChoices, Treatment
from fitgap.runner.data.windowing import Windowing

__all__ = [
    "MISSING",
    "RULES",
    "SOURCES",
    "STRICT_RULES",
    "TARGET_KINDS",
    "TEXT",
    "FileChoices",
    "LoadedFile",
    "Source",
    "SourceDefaults",
    "SplitRule",
    "Treatment",
    "Windowing",
    "axes_line",
    "default_reading",
    "draw_fingerprint",
    "fingerprint",
    "is_file",
    "is_in_memory",
    "keep",
    "kept_content",
    "load_dataset",
    "load_file",
    "load_named",
    "load_redrawn",
    "not_drawn",
    "read_inputs",
    "read_targets",
    "reading_report",
    "source_defaults",
]


def load_dataset(
    source: str,
    *,
    options: Mapping[str, Any] = {},
    target: Sequence[str] = (),
    seed: int = 0,
    missing: str = "refuse",
    text: str = "refuse",
) -> Dataset:
    """The examples of a named data set, or of a file that is read by the strict rules.

    `options` are the parameters of a named data set, `target` the target columns of a file. `seed` is the sweep's;
    randomly drawn sets depend on it. `missing` (one of MISSING) and `text` (one of TEXT) say how to handle missing
    values and text in the inputs of a file. Raises DataError for data that cannot be read or trained on.
    """
    if is_file(source):
        return load_file(source, options, target, FileChoices(strict=True, missing=missing, text=text)).dataset
    return load_named(source, options, target, seed)


def source_defaults(source: str) -> SourceDefaults:
    """The default preparation of a data set; DataError for an unknown name."""
    if is_file(source):
        return FILE_DEFAULTS
    kind = find_source(source)
    return SourceDefaults(kind.preprocess, kind.validation)


def default_reading(source: str, dataset: Dataset) -> str:
    """The name of the default reading (see `core.target_coding`) for a data set loaded from `source`."""
    if is_file(source):
        return "one_per_class" if dataset.target_kind == "classes" else "numbers"
    return find_source(source).reading
