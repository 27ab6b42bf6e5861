"""The types of columns: every key of an answer has one, so that a frame is the same whether it has rows or not."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from runner.status import Status

STATUS = pl.Enum([status.value for status in Status])
VERDICT = pl.Enum(["good", "underfit", "overfit", "both", "unclear"])
TIME = pl.Datetime("us", time_zone="UTC")
TAGS = pl.List(pl.String)

# Lines of names, by type.
NAMES: Mapping[Any, str] = {
    STATUS: "status",
    VERDICT: "verdict",
    TIME: "created started ended",
    TAGS: "tags constant_columns",
    pl.Int64: """trial trials repeat epochs epoch best_epoch batch_size parameters planned_epochs attempt
        losses configurations bytes training_count validation_count rise pairs""",
    pl.Float64: """learning_rate e_t e_v e_t_running best_e_t best_e_v se_t se_v gap excess underfit overfit accuracy_t
        accuracy_v seconds""",
    pl.String: """name note configuration architecture layers activation regularizer optimizer output_activation
        initializer schedule stopping loss reason data fingerprint""",
}
TYPES: dict[str, Any] = {name: kind for kind, names in NAMES.items() for name in names.split()}
# In a list of sweeps each status is a count.
COUNTS = {status.value: pl.Int64 for status in Status}
SWEEP_TYPES = {"sweep": pl.Int64, **COUNTS}
# Means over trials.
GROUP_TYPES = {"epochs": pl.Float64, "best_epoch": pl.Float64, **COUNTS}
EPOCH_KEYS = "trial epoch e_t e_v e_t_running se_t se_v accuracy_t accuracy_v learning_rate"
EPOCH_TYPES = {name: TYPES[name] for name in EPOCH_KEYS.split()}


def frame_of(
    rows: Sequence[Mapping[str, Any]], keys: Iterable[str], types: Mapping[str, Any] | None = None
) -> pl.DataFrame:
    """Rows as a frame. `keys` are its columns where there are no rows; a key without a type gets that of its values."""
    known = {**TYPES, **(types or {})}
    names = list(rows[0]) if rows else list(keys)
    return pl.DataFrame([column(name, [row[name] for row in rows], known.get(name)) for name in names])


def column(name: str, values: list[Any], kind: Any) -> pl.Series:
    """The values of a key as a column; null where there is none."""
    if kind == TIME:
        return pl.Series(name, [value if value is None else moment(value) for value in values], TIME)
    if kind is None:
        # A setting that is asked for by its name: text where some of its values are text.
        return pl.Series(name, values, strict=False) if values else pl.Series(name, values, pl.String)
    return pl.Series(name, values, kind)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def epoch_frame(blocks: Iterable[Mapping[str, np.ndarray]]) -> pl.DataFrame:
    """Blocks of the columns of epochs, in which NaN is what is not known, as one frame."""
    schema = pl.Schema(EPOCH_TYPES)
    parts = [pl.DataFrame({name: pl.Series(values) for name, values in block.items()}) for block in blocks]
    whole = pl.concat([schema.to_frame(), *(part.cast(schema) for part in parts)])
    return whole.with_columns(pl.col(pl.Float64).fill_nan(None))
