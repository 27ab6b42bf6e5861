"""Inspection of data from Python."""

from collections.abc import Sequence
from typing import Any

from fitgap.runner.data.inspection import inspect_file
from fitgap.runner.frames.tables import with_kept_table
from fitgap.runner.spec import data_from_mapping


def inspect_data(data: Any, target: str | Sequence[str] | None = None, **choices: Any) -> dict[str, Any]:
    """What is in a data file, and what fitgap would do with it: the answer of `fitgap inspect FILE --format json`.

    `data` is the path of a file or a table in memory, as in `run_sweep`.
    The choices are keys of the `data` section of a sweep file: `inputs`, `ignore`, `categorical`, `dates`,
    `target_kind`, `separator`, `decimal`, `encoding` and `missing_values`. Raises FitgapError.
    """
    given = {"target": target, **choices}
    chosen = {key: each for key, each in given.items() if each}
    section = with_kept_table({"data": {"source": data, **chosen}})["data"]
    settings = data_from_mapping(section)
    return inspect_file(settings.source, settings.target, settings.file_choices).as_json()
