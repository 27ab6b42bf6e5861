"""Heat map: two axes, with the mean of a measure or the most frequent verdict in each cell."""

from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import along, parts
from fitgap.runner.charts.request import measure_words
from fitgap.runner.charts.settings import Axis
from fitgap.runner.charts.statistics import is_wide, known
from fitgap.runner.charts.subject import COLUMN_OF_AXIS, Subject, words
from fitgap.runner.errors import FitgapError
from fitgap.runner.store.compare.groups import more_is_better

MOST_CELLS = 900
CELL, LEAST_CELL = 46, 36


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    if len(subject.request.by) == 1:
        only = subject.axis(subject.request.by[0])
        other = next((axis for name, axis in subject.axes.items() if name != only.name), None)
        example = f", such as --by {only.name},{other.name}" if other else ""
        return f"it needs two settings, but --by names {only.title} alone: name both{example}"
    axes = axes_of(subject)
    each = each_of(subject)
    if each is not None and each not in [axis.name for axis in axes]:
        return f"{each} is not one of its two settings; name both with --by"
    if len(axes) < 2:
        found = f"{axes[0].title} alone" if axes else "nothing"
        return f"it needs two settings that vary, but in this sweep {found} varies"
    cells = len(axes[0].settings) * len(axes[1].settings)
    return (
        f"{cells:,} cells are more than {MOST_CELLS}; name two settings with fewer values with --by"
        if cells > MOST_CELLS
        else None
    )


def axes_of(subject: Subject) -> list[Axis]:
    """The two requested axes; else the two that matter most for E_v."""
    if subject.request.by:
        return [subject.axis(name) for name in subject.request.by[:2]]
    return [subject.axes[name] for name in sorted(subject.axes, key=rank(subject))[:2]]


def each_of(subject: Subject) -> str | None:
    """The axis whose settings are the rows, each with its best cell marked; None if only the best of all is marked."""
    name = subject.request.each
    return None if name is None else COLUMN_OF_AXIS.get(name, name)


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
    # A requested `each` axis is vertical, since the best cell of each row is marked. Otherwise, the axis with more
    # alternatives is horizontal, where there is more room.
    across, down = sorted(axes, key=lambda axis: (axis.name == each_of(subject), -len(axis.settings)))
    of = subject.measure_of_best
    cells = cells_of(subject, across, down, of)
    x = parts.ordinal(across, "x")
    look, least = parts.rows_beside(down.order)
    y = alt.Y("y:O", sort=down.order, title=down.title, axis=alt.Axis(labelOverlap=True, **look))
    base = alt.Chart(cells).encode(x=x, y=y)
    layers = [*tiles(subject, base, cells, of), *lost_cells(subject, cells, x, y)]
    best = best_cells(cells, of, is_by_row=each_of(subject) is not None)
    if best.height:
        ring = alt.Chart(best).mark_rect(filled=False, stroke=subject.theme.ink, strokeWidth=3)
        layers.append(ring.encode(x=x, y=y))
    what = "The most frequent verdict" if of == "verdict" else f"Mean {measure_words(of)}"
    height = max(120, min(800, max(CELL, least) * len(down.settings)))
    return parts.finished(
        alt.layer(*layers).properties(width=subject.width, height=height),
        subject,
        f"{subject.name}: {measure_words(of)} by {across.title} and {down.title}",
        f"{best_words(subject, best, across)}{what} over all other settings and repeats.",
        lost_words(cells),
    )


def best_cells(cells: pl.DataFrame, of: str, is_by_row: bool) -> pl.DataFrame:
    """The best cell, or the best one in each row; none if the cells show verdicts."""
    if of == "verdict":
        return cells.clear()
    whole = cells.filter(pl.col("value").is_not_null() & (pl.col("diverged") == 0))
    best = whole.sort("value", descending=more_is_better(of))
    return best.unique("y", keep="first", maintain_order=True) if is_by_row else best.head(1)


def best_words(subject: Subject, best: pl.DataFrame, across: Axis) -> str:
    """A sentence that explains the rings, if there are any."""
    if best.is_empty():
        return ""
    if each_of(subject) is None:
        return f"Best: {best['x'][0]} with {best['y'][0]} ({best['value'][0]:.3g}). "
    return f"Rings: the best {across.title} in each row. "


def cells_of(subject: Subject, across: Axis, down: Axis, of: str) -> pl.DataFrame:
    """One row per cell: its labels, the value, the text to show, and how many of its trials diverged.

    A mean that leaves out diverged trials cannot be compared with means over all trials, so cells with diverged trials
    have no value, unless all cells have some.
    """
    done = pl.col("status") == "completed"
    value = (
        pl.col("judged").filter(done).drop_nulls().mode().first() if of == "verdict" else pl.col(of).filter(done).mean()
    )
    cells = subject.trials.group_by(across.name, down.name, maintain_order=True).agg(
        value.alias("value"),
        (pl.col("status") == "diverged").sum().alias("diverged"),
        pl.len().alias("trials"),
    )
    if of != "verdict" and (cells["diverged"] == 0).any():
        cells = cells.with_columns(pl.when(pl.col("diverged") == 0).then("value").alias("value"))
    text = pl.col("value").map_elements(lambda each: words(each) if isinstance(each, str) else f"{each:.3g}", pl.String)
    return cells.with_columns(
        pl.col(across.name).replace_strict(across.labels).alias("x"),
        pl.col(down.name).replace_strict(down.labels).alias("y"),
        text.fill_null("").alias("text"),
    )


def tiles(subject: Subject, base: alt.Chart, cells: pl.DataFrame, of: str) -> list[alt.Chart]:
    """The colored cells with their texts."""
    # Texts that would overlap are left out.
    is_roomy = subject.width / cells["x"].n_unique() >= LEAST_CELL
    texts = base.mark_text(fontSize=11, opacity=1 if is_roomy else 0)
    if of == "verdict":
        found = parts.verdicts_of(cells.drop_nulls("value"), "value")
        rect = base.mark_rect().encode(color=parts.verdict_color(subject, found, "value", legend=None))
        return [rect, texts.encode(text=alt.Text("text:N"), color=alt.ColorValue("#ffffff"))]
    values = known(cells["value"])
    if not values:
        return [base.mark_rect(filled=False, stroke=subject.theme.grid)]
    kind = "log" if is_wide(values) else "linear"
    low, high = min(values), max(values)
    middle = (low * high) ** 0.5 if kind == "log" else (low + high) / 2
    # Low errors are light, so that the best cells stand out.
    is_reversed = not more_is_better(of)
    scale = alt.Scale(type=kind, scheme=subject.theme.scheme, reverse=is_reversed, domain=[low, high], nice=False)
    color = alt.Color("value:Q", title=measure_words(of), scale=scale, legend=alt.Legend(format=".3~g"))
    is_light = alt.datum.value < middle if is_reversed else alt.datum.value > middle
    ink = alt.condition(is_light, alt.value("#111111"), alt.value("#ffffff"))
    return [base.mark_rect().encode(color=color), texts.encode(text=alt.Text("text:N"), color=ink)]


def lost_cells(subject: Subject, cells: pl.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Crosses in cells with diverged trials; cells without a value also show the numbers of diverged and all trials."""
    lost = cells.filter(pl.col("diverged") > 0)
    if lost.is_empty():
        return []
    color, shape = subject.theme.color("diverged"), parts.style_of("diverged").shape
    bare, others = lost.filter(pl.col("value").is_null()), lost.filter(pl.col("value").is_not_null())
    counted = bare.with_columns(pl.format("{}/{}", "diverged", "trials").alias("count"))
    alone = alt.Chart(counted).encode(x=x, y=y)
    # In a cell with a value, the cross is small and above it.
    beside = alt.Chart(others).mark_point(shape=shape, filled=True, size=50, color=color, opacity=1, yOffset=-14)
    return [
        alone.mark_point(shape=shape, filled=True, size=130, color=color, opacity=1, yOffset=-6),
        alone.mark_text(fontSize=10, dy=11, color=color).encode(text=alt.Text("count:N")),
        beside.encode(x=x, y=y),
    ]


def lost_words(cells: pl.DataFrame) -> str:
    """A sentence that explains the crosses, if there are any."""
    if not (cells["diverged"] > 0).any():
        return ""
    if (cells["diverged"] == 0).any():
        return (
            "×: the number of trials that diverged; the mean of the others could not be compared, so it is not shown."
        )
    return "×: trials diverged; the means are those of the others, so no cell is called the best."
