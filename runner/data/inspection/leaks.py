"""Detection of columns that probably contain the target and should not be inputs."""

import numpy as np
import polars
from fitgap.runner.data.columns.raw_table import holds_numbers, is_missing

LEAST_ROWS = 20
# Different quantities are not correlated this strongly.
LEAST_CORRELATION = 0.9995
# A value should occur several times before it can be said to determine the target.
LEAST_OCCURRENCES = 5


def leak(column: polars.Series, target: polars.Series) -> str | None:
    """Why a column probably leaks the target; None if it does not."""
    both = ~(is_missing(column) | is_missing(target))
    column, target = column.filter(both), target.filter(both)
    if len(column) < LEAST_ROWS or target.n_unique() < 2 or column.n_unique() < 2:
        return None
    if column.cast(polars.String, strict=False).equals(target.cast(polars.String, strict=False)):
        return "equals the target"
    if holds_numbers(column) and holds_numbers(target) and target.n_unique() > 2:
        if abs(correlation(column, target)) >= LEAST_CORRELATION:
            return "is proportional to the target"
        return None
    return determines(column, target)


def correlation(column: polars.Series, target: polars.Series) -> float:
    """Pearson's correlation; 0 if it is not defined."""
    one, other = (each.cast(polars.Float64).to_numpy() for each in (column, target))
    with np.errstate(all="ignore"):
        found = np.corrcoef(one, other)[0, 1]
    return float(found) if np.isfinite(found) else 0.0


def determines(column: polars.Series, target: polars.Series) -> str | None:
    """How a column determines the class: by its single values, or by ranges of them; None if it does not."""
    pairs = polars.DataFrame({"column": column, "target": target})
    distinct = column.n_unique()
    if distinct <= len(column) / LEAST_OCCURRENCES and pairs.n_unique() == distinct:
        return "determines the target"
    if holds_numbers(column):
        sides = pairs.sort("column")["target"].rle()
        if (
            len(sides) == target.n_unique()
            and pairs.group_by("column").agg(polars.col("target").n_unique())["target"].max() == 1
        ):
            return "separates the classes of the target"
    return None
