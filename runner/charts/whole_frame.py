"""All trials of a sweep as one frame, read as columns of numbers, for charts without a filter."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from fitgap.runner.store import CONFIGURATION_SETTINGS, TRIAL_WORDS, Store

# The number of a configuration in the database, and the verdict on it.
NUMBER, JUDGED = "configuration_number", "judged"


def is_readable(schema: Mapping[str, Any]) -> bool:
    """Whether all text columns are settings of configurations, or have a known list of words."""
    texts = [name for name, kind in schema.items() if kind == pl.String]
    return all(name in CONFIGURATION_SETTINGS or name in TRIAL_WORDS for name in texts)


def whole_frame(store: Store, sweep_id: int, schema: Mapping[str, Any]) -> pl.DataFrame:
    """The columns of all trials in the order of a schema, and the verdict on their configuration as `judged`.

    Settings are read once for each configuration. Trials share their texts, which saves most of the memory.
    """
    settings = [name for name in schema if name in CONFIGURATION_SETTINGS and name != "configuration"]
    kinds = {NUMBER: pl.Int64, JUDGED: pl.String, **schema}
    names, order = [NUMBER, JUDGED, "configuration", *settings], [*schema, JUDGED]
    measured = [name for name in schema if name not in names]
    with store.trial_numbers(sweep_id, settings, measured) as (rows, blocks):
        own = pl.DataFrame(rows, schema={name: kinds[name] for name in names}, orient="row")
        parts = [part(own, block, schema).select(order) for block in blocks]
    return pl.concat([pl.DataFrame(schema={name: kinds[name] for name in order}), *parts])


def part(own: pl.DataFrame, block: Mapping[str, np.ndarray], schema: Mapping[str, Any]) -> pl.DataFrame:
    """The trials of a block of numeric columns, with the settings of their configurations."""
    numbers = own[NUMBER].to_numpy()
    # A search may have added configurations since they were read. Their trials will be in the next chart.
    is_known = np.isin(block[NUMBER], numbers)
    places = np.searchsorted(numbers, block[NUMBER][is_known])
    measured = [series(name, values[is_known], schema[name]) for name, values in block.items() if name != NUMBER]
    return own[places].with_columns(*measured)


def series(name: str, values: np.ndarray, kind: Any) -> pl.Series:
    """A column from numbers, in which NaN stands for a missing value."""
    found = pl.Series(name, values).fill_nan(None)
    if name not in TRIAL_WORDS:
        return found if kind == pl.Float64 else found.cast(kind)
    return pl.Series(name, TRIAL_WORDS[name], dtype=pl.String).gather(found.cast(pl.UInt32))
