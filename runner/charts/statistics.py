"""Means over repeats with their 95 % bands, and the range of the values of a chart."""

import math
from collections.abc import Iterable, Sequence

import polars as pl
from fitgap.runner.analysis.student import quantile

CONFIDENCE = 0.975
# Values that span more than this factor get a logarithmic axis.
WIDE = 10.0
# Above this factor between large and typical values, signed values get a symmetric logarithmic axis.
VERY_WIDE = 100.0


def with_bands(frame: pl.DataFrame, keys: Sequence[str], names: Sequence[str], is_log: bool = False) -> pl.DataFrame:
    """The mean of each value over the repeats, and `NAME_low` and `NAME_high`, its 95 % interval.

    Each repeat counts once, with its mean over all other settings, because trials of a repeat share their split. On a
    logarithmic scale the interval is that of the logarithm of the mean (by the delta method), so it stays above 0. With
    one repeat the limits are the mean itself.
    """
    # Keep the order, so that the same chart always gives the same file.
    per_repeat = frame.group_by([*keys, "repeat"], maintain_order=True).agg(pl.col(names).mean())
    found = per_repeat.group_by(keys, maintain_order=True).agg(
        pl.col(names).mean(),
        *(pl.col(name).std().alias(f"{name}_sd") for name in names),
        *(pl.col(name).count().alias(f"{name}_n") for name in names),
    )
    limits = [limit.alias(f"{name}_{side}") for name in names for side, limit in interval(name, found, is_log).items()]
    spare = [f"{name}_{part}" for name in names for part in ("sd", "n")]
    return found.with_columns(limits).drop(spare)


def interval(name: str, found: pl.DataFrame, is_log: bool) -> dict[str, pl.Expr]:
    """The lower and the upper limit of the mean of a value."""
    mean, count = pl.col(name), f"{name}_n"
    factors = {each: margin_factor(each) for each in found[count].unique()}
    factor = pl.col(count).replace_strict(factors, default=None, return_dtype=pl.Float64)
    margin = (pl.col(f"{name}_sd") * factor).fill_null(0.0)
    if is_log:
        return {"low": mean * (-margin / mean).exp(), "high": mean * (margin / mean).exp()}
    return {"low": mean - margin, "high": mean + margin}


def margin_factor(count: int) -> float | None:
    """Half the width of a 95 % interval for the mean of `count` values, in standard deviations; None for one value."""
    return quantile(CONFIDENCE, count - 1) / math.sqrt(count) if count > 1 else None


def known(*columns: pl.Series) -> list[float]:
    """The finite values of some columns."""
    return [value for column in columns for value in column.drop_nulls().to_list() if math.isfinite(value)]


def is_wide(values: Iterable[float]) -> bool:
    """Whether a logarithmic scale shows values better: all are positive, and they span more than a factor of 10."""
    values = list(values)
    return bool(values) and min(values) > 0 and max(values) > WIDE * min(values)


def symmetric_constant(values: Iterable[float]) -> float | None:
    """The constant of a symmetric-logarithmic scale, below which it is linear; None if the values do not need one."""
    sizes = sorted(abs(value) for value in values if value)
    if not sizes:
        return None
    # A few values are always close to 0, so take the 20 % quantile instead of the smallest one.
    small, large = sizes[len(sizes) // 5], sizes[-1]
    return small if large > VERY_WIDE * small else None
