"""Points counted in cells, for charts of more points than can be told apart."""

from collections.abc import Mapping

import altair as alt
import polars as pl
from fitgap.runner.charts import parts

# Altair refuses more rows, and a chart of more points would show nothing more.
MOST_POINTS = 5_000
COLUMNS, ROWS = 48, 32
COUNT = "counted"


def is_crowded(frame: pl.DataFrame) -> bool:
    return frame.height > MOST_POINTS


def binned(frame: pl.DataFrame, sides: Mapping[str, pl.Expr], best: str, what: str) -> tuple[pl.DataFrame, str]:
    """One row per non-empty cell, and a sentence that explains the cells.

    `sides` maps the columns of both axes to their positions on the screen, in any unit. A cell is placed at the mean of
    its points. Its verdict is the most frequent one; all other values are those of its best point, which has the lowest
    `best`.
    """
    placed = frame.sort(best, nulls_last=True, maintain_order=True).with_columns(
        place(expression, count).alias(f"_{name}")
        for (name, expression), count in zip(sides.items(), (COLUMNS, ROWS), strict=True)
    )
    others = [name for name in frame.columns if name not in (*sides, "verdict")]
    cells = placed.group_by([f"_{name}" for name in sides], maintain_order=True).agg(
        pl.len().alias(COUNT),
        pl.col("verdict").mode().sort().first(),
        *(pl.col(name).mean() for name in sides),
        *(pl.col(name).first() for name in others),
    )
    note = (
        f"{frame.height:,} {what} are counted in {cells.height:,} cells: "
        "size by their number, color by the most frequent verdict."
    )
    return cells.drop(f"_{name}" for name in sides), note


def place(expression: pl.Expr, count: int) -> pl.Expr:
    """The number of a cell, from 0."""
    low, high = expression.min(), expression.max()
    share = pl.when(high > low).then((expression - low) / (high - low)).otherwise(0.0)
    return (share * count).floor().clip(0, count - 1).cast(pl.Int32)


def size() -> alt.Size:
    """Sizes by the number of points in a cell."""
    legend = alt.Legend(title="in a cell", tickCount=3, format="~s", symbolType="circle", symbolFillColor="#888888")
    return alt.Size(f"{COUNT}:Q", scale=alt.Scale(type="log", range=[20, 220]), legend=legend)


def tooltip(what: str, *numbers: str) -> list[alt.Tooltip]:
    """The tooltip of a cell."""
    return [
        alt.Tooltip(f"{COUNT}:Q", title=what, format=","),
        alt.Tooltip("verdict:N", title="most frequent verdict"),
        alt.Tooltip("label:N", title="the best of them"),
        alt.Tooltip("trial:N", title="its first trial"),
        *(alt.Tooltip(f"{name}:Q", title=f"mean {name}", format=".4g") for name in numbers),
    ]


def logarithmic(name: str, values: list[float]) -> pl.Expr:
    """Positions on the scale that `parts.error_scale` would choose."""
    return pl.col(name).log() if parts.is_wide(values) else pl.col(name)
