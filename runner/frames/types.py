"""The column types of data frames. Every key has one, so that an empty frame has the same types as a full one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.analysis.two_way import two_way
from fitgap.runner.store.admin.damage import damage_reported
from fitgap.runner.store.filter import known_names, measure_of
from fitgap.runner.store.filter.namespace import ValueKind
from fitgap.runner.store.schema.result_keys import GROUP
from fitgap.runner.store.schema.tables import METRICS
from fitgap.runner.trial_status import Status

STATUS = pl.Enum([status.value for status in Status])
VERDICT = pl.Enum([verdict.value for verdict in Verdict])
TIME = pl.Datetime("us", time_zone="UTC")
TAGS = pl.List(pl.String)

# Names of columns, by type.
NAMES: Mapping[Any, str] = {
    STATUS: "status",
    VERDICT: "verdict",
    TIME: "created started ended",
    TAGS: "tags constant_columns limited_inputs",
    pl.List(pl.Int64): "limited_examples",
    pl.Int64: """trial trials repeat epochs epoch best_epoch batch_size parameters planned_epochs attempt
        training_examples worker_failures losses rung rank configurations bytes training_count validation_count pairs
        paired_repeats completed filled pruned pruned_trials""",
    pl.Float64: """learning_rate e_t e_v e_t_running best_e_t best_e_v honest_e_t honest_e_v constant_e_t constant_e_v
        se_t se_v gap rise excess underfit overfit accuracy_t accuracy_v seconds share raw_share noise_share value
        label_noise""",
    pl.String: """name note configuration architecture layers activation regularizer optimizer output_activation
        initializer schedule stopping loss reason data fingerprint against of effect kind
        axis other_axis cause seen advice setting direction to preprocess""",
}
TYPES: dict[str, Any] = {"grouped": pl.Boolean} | {
    name: kind for kind, names in NAMES.items() for name in names.split()
}
TYPES |= dict.fromkeys(METRICS, pl.Float64)
# In a list of sweeps, each status is a column of counts.
COUNTS = {status.value: pl.Int64 for status in Status}
SWEEP_TYPES = {"sweep": pl.Int64, **COUNTS}
# Columns of groups: means over trials, counts of verdicts, and differences between groups.
SPREADS = ("e_t", "e_v", "best_e_v")
DIFFERENCES = ("difference", "difference_se", "difference_margin", "difference_low", "difference_high")
OF_DIFFERENCES = ("repeats_needed", "could_be_best")
BEST_TRIAL = "best_trial"
GROUP_TYPES = {
    "epochs": pl.Float64,
    "best_epoch": pl.Float64,
    **COUNTS,
    **{f"{verdict}_trials": pl.Int64 for verdict in VERDICT.categories},
    **dict.fromkeys(DIFFERENCES, pl.Float64),
    "repeats_needed": pl.Int64,
    "could_be_best": pl.Boolean,
    BEST_TRIAL: pl.Int64,
    "tuned_settings": pl.List(pl.String),
}
SHARE_KEYS = (
    *("of", "effect", "kind", "axis", "other_axis", "share", "raw_share", "noise_share"),
    *("trials", "filled", "grouped", "pruned"),
)
SETTING_KEYS = ("configuration", "trial", "architecture", "activation", "regularizer", "optimizer")
FIT_KEYS = (*SETTING_KEYS, "excess", "underfit", "overfit", "verdict")
LAYER_TYPES = {
    **{name: TYPES[name] for name in ("trial", "configuration", "repeat", "architecture", "activation", "optimizer")},
    "verdict": TYPES["verdict"],
    "layer": pl.Int64,
    "kind": pl.String,
    "units": pl.Int64,
    "dead": pl.Float64,
    "saturated": pl.Float64,
    "weights": pl.Int64,
    "near_zero": pl.Float64,
    **dict.fromkeys(("rms_start", "rms", "growth", "gradient"), pl.Float64),
    "name": pl.String,
}
CONFUSION_TYPES = {"class": pl.String, "answer": pl.String, "examples": pl.Int64, "share": pl.Float64}
TEST_TYPES = {
    "configuration": pl.String,
    "trial": pl.Int64,
    "examples": pl.Int64,
    "error": pl.Float64,
    "accuracy": pl.Float64,
    "is_best": pl.Boolean,
    "rmse": pl.Float64,
    "mae": pl.Float64,
}
CAUSE_KEYS = ("cause", "value", "seen", "advice")
# Keys of the first change that a cause suggests.
CHANGE_KEYS = ("setting", "direction", "to")
EPOCH_KEYS = "trial epoch e_t e_v e_t_running se_t se_v accuracy_t accuracy_v learning_rate"
EPOCH_TYPES = {name: TYPES[name] for name in EPOCH_KEYS.split()}


def frame_of(
    rows: Sequence[Mapping[str, Any]], keys: Iterable[str], types: Mapping[str, Any] | None = None
) -> pl.DataFrame:
    """Rows as a frame, with the columns `keys` if there are no rows. Keys without a type get that of their values."""
    known = {**TYPES, **(types or {})}
    names = list(rows[0]) if rows else list(keys)
    with damage_reported():
        return pl.DataFrame([column(name, [row[name] for row in rows], known.get(name)) for name in names])


def setting_types(columns: Sequence[str]) -> dict[str, Any]:
    """The types of the settings among some columns of trials."""
    kinds = {ValueKind.NUMBER: pl.Float64, ValueKind.TEXT: pl.String, ValueKind.FLAG: pl.Boolean}
    settings = [name for name in columns if name not in TYPES]
    # The store has accepted these columns, so all others are per-class measures or computed numbers of epochs.
    computed = {name: pl.Float64 if measure_of(name) else pl.Int64 for name in settings}
    return {name: kinds[known_names()[name].kind] if name in known_names() else computed[name] for name in settings}


def column(name: str, values: list[Any], kind: Any) -> pl.Series:
    """The values of a key as a column; None becomes null."""
    if kind == TIME:
        return pl.Series(name, [value if value is None else moment(value) for value in values], TIME)
    if kind is None and not values:
        kind = pl.String
    return pl.Series(name, values, kind)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def group_keys(by: Sequence[str], of: str) -> list[str]:
    """The columns of a comparison of groups, for a frame without rows."""
    spreads = [f"{name}{part}" for name in dict.fromkeys([*SPREADS, of]) for part in ("_sd", "_spread")]
    counts = (*GROUP, "pruned_trials")
    differences = ("against", *DIFFERENCES, "pairs", "paired_repeats", *OF_DIFFERENCES)
    return [*by, *counts, *spreads, "verdict", *differences, BEST_TRIAL, "grouped"]


def group_frame(rows: Sequence[Mapping[str, Any]], by: Sequence[str], of: str) -> pl.DataFrame:
    """Groups as a frame."""
    keys = group_keys(by, of)
    spreads = {key: pl.Float64 for key in keys if key.endswith(("_sd", "_spread"))}
    # Numbers that were drawn from a range are grouped into intervals such as "0.01 to 0.1".
    intervals = {key: pl.String for key in by if any(isinstance(row[key], str) for row in rows)}
    return frame_of(rows, keys, {**GROUP_TYPES, **spreads, **intervals})


def example_frame(columns: Mapping[str, np.ndarray]) -> pl.DataFrame:
    """Examples as a frame; NaN becomes null."""
    kinds = {"example": pl.Int64, "side": pl.String, "replaced": pl.Boolean, "scaled": pl.Boolean}
    series = [pl.Series(name, values.tolist(), kinds.get(name)) for name, values in columns.items()]
    return pl.DataFrame(series).with_columns(pl.col(pl.Float64).fill_nan(None))


def study_frame(rows: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> pl.DataFrame:
    """The groups of a study as a frame; printed tables show only the columns `keys`."""
    names = list(dict.fromkeys(name for row in rows for name in row)) or list(keys)
    spreads = {name: pl.Float64 for name in names if name.endswith(("_sd", "_spread"))}
    whole = [{name: row.get(name) for name in names} for row in rows]
    return frame_of(whole, names, {**GROUP_TYPES, **spreads})


def two_way_frame(rows: Sequence[Mapping[str, Any]], by: Sequence[str], of: str) -> pl.DataFrame:
    """One metric of groups by two settings, as a frame with one column per alternative of the second."""
    found = two_way(rows, by, of)
    return frame_of(found.rows(), found.keys, dict.fromkeys(found.keys[1:], pl.Float64))


def cause_frame(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Diagnosed trials as a frame with one row per cause, or one row for a trial without causes."""
    found = [
        {**{key: row[key] for key in FIT_KEYS}, **cause_row(cause)}
        for row in rows
        for cause in row["causes"] or [dict.fromkeys(CAUSE_KEYS)]
    ]
    return frame_of(found, [*FIT_KEYS, *CAUSE_KEYS, *CHANGE_KEYS])


def cause_row(cause: Mapping[str, Any]) -> dict[str, Any]:
    """A cause with the first change that it suggests."""
    change: Mapping[str, Any] = next(iter(cause.get("changes") or ()), {})
    first = {key: None if change.get(key) is None else str(change[key]) for key in CHANGE_KEYS}
    return {**{key: cause[key] for key in CAUSE_KEYS}, **first}


def epoch_frame(blocks: Iterable[Mapping[str, np.ndarray]]) -> pl.DataFrame:
    """Blocks of epochs as one frame; NaN becomes null."""
    schema = pl.Schema(EPOCH_TYPES)
    known = (pl.DataFrame(dict(block)).cast(schema).with_columns(pl.col(pl.Float64).fill_nan(None)) for block in blocks)
    return pl.concat([schema.to_frame(), *known], rechunk=False)
