"""Data files: recognizing them, reading their bytes, and loading them as data sets or as inputs of new examples."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.data.file_content import read_content
from fitgap.runner.data.formats.content import NPZ, kind_of, unpacked
from fitgap.runner.data.handling import Handling
from fitgap.runner.data.loaded_files import LoadedFile
from fitgap.runner.data.memory import is_in_memory
from fitgap.runner.data.named import SOURCES
from fitgap.runner.data.named_set import SourceDefaults
from fitgap.runner.data.treatment import FileChoices, Treatment

FILE_DEFAULTS = SourceDefaults(preprocess="standard", validation=0.3)


def is_file(source: str) -> bool:
    """Whether `source` denotes a file: it is not the name of a data set, and it has a suffix or a folder."""
    if is_in_memory(source):
        return True
    return source not in SOURCES and (Path(source).suffix != "" or "/" in source or os.sep in source)


def load_file(
    source: str,
    options: Mapping[str, Any],
    target: Sequence[str],
    choices: FileChoices,
    stored: Treatment | None = None,
) -> LoadedFile:
    """The examples in the file at the path `source`, read as described by `stored`, or else as detected.

    Raises DataError for an invalid file.
    """
    if options:
        rule = f"a file takes no options, but '{visible(next(iter(options)))}' was given; remove it"
        raise file_error(source, rule)
    content = unpacked(source, read_content(source))
    kind = kind_of(source, content)
    # Imported here, because importing polars is slow and named data sets do not need it.
    from fitgap.runner.data.file_datasets import load_table

    return load_table(source, content, kind, target, choices, stored)


def read_inputs(
    path: str,
    input_names: Sequence[str],
    text_columns: Mapping[str, Sequence[str]],
    *,
    missing: str,
    treatment: Treatment | None = None,
    axes: tuple[int, ...] = (),
) -> np.ndarray:
    """Unscaled inputs (N, n_0) from a file, in the order that a network was trained on.

    Columns are found by name, and other columns are ignored. NPZ files must have the inputs in this order in the array
    `inputs`. `text_columns` are one-hot encoded with the given categories. `missing` is "refuse" or one of FILLINGS; if
    it is one of FILLINGS, missing values are NaN. `treatment` says how the training file was read. Text of an unknown
    category belongs to no category: all inputs of its column are 0. `axes` are those of an example for a network with
    convolutions or recurrent layers, else (). Raises DataError for an invalid file.
    """
    from fitgap.runner.data.unseen_inputs import unseen_inputs, unseen_windows

    content, handling = unpacked(path, read_content(path)), Handling(missing)
    kind = kind_of(path, content)
    if kind == NPZ:
        from fitgap.runner.data.formats.npz_files import load_npz_inputs

        return load_npz_inputs(
            path, content, len(input_names), axes, handling, treatment.lengths if treatment else None
        )
    if treatment and treatment.sequence:
        return unseen_windows(path, content, kind, handling, treatment, treatment.sequence)
    return unseen_inputs(path, content, kind, input_names, text_columns, handling, treatment)


def read_targets(
    path: str, names: Sequence[str], classes: Sequence[str], treatment: Treatment | None = None
) -> np.ndarray:
    """The targets (N, m) in a file of new examples: class numbers or numbers, NaN where they are missing.

    Raises DataError for an invalid file.
    """
    from fitgap.runner.data.unseen_inputs import targets_from_table, targets_of_windows, unseen_table

    content = unpacked(path, read_content(path))
    kind = kind_of(path, content)
    if kind == NPZ:
        from fitgap.runner.data.formats.npz_targets import load_npz_targets

        return targets_from_table(load_npz_targets(path, content, names), names, classes)
    table = unseen_table(path, content, kind, names if classes else (), treatment)
    targets = targets_from_table(table, names, classes)
    return targets_of_windows(table, targets, treatment.sequence) if treatment and treatment.sequence else targets
