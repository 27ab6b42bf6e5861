"""Heat map: two axes against each other, with the mean of a measure or the most frequent verdict in each cell."""

from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import along, parts
from fitgap.runner.charts.settings import Axis
from fitgap.runner.charts.statistics import is_wide, known
from fitgap.runner.charts.subject import Subject, words
from fitgap.runner.errors import FitgapError

MOST_CELLS = 900
CELL, LEAST_CELL = 46, 36


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    axes = axes_of(subject)
    if len(axes) < 2:
        return "fewer than two settings vary" if not subject.request.by else "name two settings, as in --by A,B"
    cells = len(axes[0].settings) * len(axes[1].settings)
    return f"{cells:,} cells are more than {MOST_CELLS}; name two settings with --by" if cells > MOST_CELLS else None


def axes_of(subject: Subject) -> list[Axis]:
    """The two axes that were asked for; else the two that matter most for E_v."""
    if subject.request.by:
        return [subject.axis(name) for name in subject.request.by[:2]]
    return [subject.axes[name] for name in sorted(subject.axes, key=rank(subject))[:2]]


def rank(subject: Subject) -> Any:
    """A key that sorts axes by their share of the variance of E_v; by number of alternatives if it is not known."""
    try:
        rows = subject.store.importance(subject.name, ["e_v"], where=subject.request.where)
    except FitgapError:
        rows = []
    share = {row["axis"]: row["share"] for row in rows if row["kind"] == "axis"}
    alias = {"planned_epochs": "epochs"}
    return lambda name: (-share.get(alias.get(name, name), -1.0), -len(subject.axes[name].settings))


def draw(subject: Subject) -> Any:
    axes = [along.by_size(axis, subject.trials) for axis in axes_of(subject)]
    # The axis with more alternatives has more room across.
    across, down = sorted(axes, key=lambda axis: -len(axis.settings))
    of = subject.request.of or "e_v"
    cells = cells_of(subject, across, down, of)
    x = parts.ordinal(across, "x")
    y = alt.Y("y:O", sort=down.order, title=down.title, axis=alt.Axis(labelLimit=200, labelOverlap=True))
    base = alt.Chart(cells).encode(x=x, y=y)
    best = cells.filter(pl.col("value").is_not_null()).sort("value", descending=of == "accuracy_v")
    layers = [*tiles(subject, base, cells, of), *lost_cells(subject, cells, x, y)]
    if of != "verdict" and best.height:
        ring = alt.Chart(best.head(1)).mark_rect(filled=False, stroke=subject.theme.ink, strokeWidth=3)
        layers.append(ring.encode(x=x, y=y))
    where = (
        ""
        if of == "verdict" or not best.height
        else f"Best: {best['x'][0]} with {best['y'][0]} ({best['value'][0]:.3g}). "
    )
    what = "The most frequent verdict" if of == "verdict" else f"Mean {of}"
    height = max(120, min(800, CELL * len(down.settings)))
    return parts.finished(
        alt.layer(*layers).properties(width=subject.width, height=height),
        subject,
        f"{subject.name}: {of} by {across.title} and {down.title}",
        f"{where}{what} over all other settings and repeats.",
    )


def cells_of(subject: Subject, across: Axis, down: Axis, of: str) -> pl.DataFrame:
    """One row per cell: its labels, the value, the text to show, and whether all of its trials diverged."""
    done = pl.col("status") == "completed"
    value = (
        pl.col("judged").filter(done).drop_nulls().mode().first() if of == "verdict" else pl.col(of).filter(done).mean()
    )
    cells = subject.trials.group_by(across.name, down.name).agg(
        value.alias("value"),
        ((pl.col("status") == "diverged").all()).alias("lost"),
    )
    text = pl.col("value").map_elements(lambda each: words(each) if isinstance(each, str) else f"{each:.3g}", pl.String)
    return cells.with_columns(
        pl.col(across.name).replace_strict(across.labels).alias("x"),
        pl.col(down.name).replace_strict(down.labels).alias("y"),
        text.alias("text"),
    )


def tiles(subject: Subject, base: alt.Chart, cells: pl.DataFrame, of: str) -> list[alt.Chart]:
    """The coloured cells with what is in them."""
    # Numbers that would overlap are left out.
    is_roomy = subject.width / cells["x"].n_unique() >= LEAST_CELL
    texts = base.mark_text(fontSize=11, opacity=1 if is_roomy else 0)
    if of == "verdict":
        found = parts.verdicts_of(cells.drop_nulls("value"), "value")
        rect = base.mark_rect().encode(color=parts.verdict_colour(subject, found, "value", legend=None))
        return [rect, texts.encode(text="text:N", color=alt.value("#ffffff"))]
    values = known(cells["value"])
    if not values:
        return [base.mark_rect(filled=False, stroke=subject.theme.grid)]
    kind = "log" if is_wide(values) else "linear"
    low, high = min(values), max(values)
    middle = (low * high) ** 0.5 if kind == "log" else (low + high) / 2
    # Low errors are light, so that the best cells stand out.
    is_reversed = of != "accuracy_v"
    scale = alt.Scale(type=kind, scheme=subject.theme.scheme, reverse=is_reversed, domain=[low, high], nice=False)
    colour = alt.Color("value:Q", title=of, scale=scale, legend=alt.Legend(format=".6~g"))
    is_light = alt.datum.value < middle if is_reversed else alt.datum.value > middle
    ink = alt.condition(is_light, alt.value("#111111"), alt.value("#ffffff"))
    return [base.mark_rect().encode(color=colour), texts.encode(text="text:N", color=ink)]


def lost_cells(subject: Subject, cells: pl.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Crosses in the cells whose trials all diverged."""
    lost = cells.filter("lost")
    if lost.is_empty():
        return []
    mark = alt.Chart(lost).mark_point(
        shape=parts.style_of("diverged").shape, filled=True, size=160, color=subject.theme.colour("diverged"), opacity=1
    )
    return [mark.encode(x=x, y=y)]
