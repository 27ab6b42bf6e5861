"""Inspection of data from Python."""

import os
from collections.abc import Sequence
from typing import Any

from fitgap.runner.data.inspection import inspect_file
from fitgap.runner.spec import data_from_mapping


def inspect_data(
    data: str | os.PathLike[str], target: str | Sequence[str] | None = None, **choices: Any
) -> dict[str, Any]:
    """What is in a data file, and what fitgap would do with it: the answer of `fitgap inspect --format json`.

    The choices are keys of the `data` section of a sweep file: `inputs`, `ignore`, `categorical`, `dates`,
    `target_kind`, `separator`, `decimal`, `encoding` and `missing_values`. Raises FitgapError.
    """
    given = {"target": target, **choices}
    settings = data_from_mapping({"source": os.fspath(data), **{key: each for key, each in given.items() if each}})
    return inspect_file(settings.source, settings.target, settings.file_choices).as_json()
