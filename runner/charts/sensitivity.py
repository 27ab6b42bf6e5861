"""Sensitivity: the error against a rate or a strength, one line per optimizer or regularizer, the best ones marked."""

from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import along, parts
from fitgap.runner.charts.settings import Axis
from fitgap.runner.charts.statistics import is_wide, known
from fitgap.runner.charts.subject import Subject

# Axes with a rate or strength, the usual ones first.
USUAL = (
    "optimizer",
    "regularizer",
    "activation",
    "schedule",
    "stopping",
    "initializer",
    "batch_size",
    "planned_epochs",
)


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    if subject.completed.is_empty():
        return "no trial has completed"
    axis = axis_of(subject)
    if axis is None:
        return "no optimizer, regularizer or other setting occurs with several rates or strengths"
    if not axis.varied:
        return f"no {axis.title} occurs with several rates or strengths"
    return None


def axis_of(subject: Subject) -> Axis | None:
    """The axis that was asked for; else the first one with a kind that has several numbers."""
    if subject.request.by:
        return subject.axis(subject.request.by[0])
    return next((subject.axes[name] for name in USUAL if name in subject.axes and subject.axes[name].varied), None)


def draw(subject: Subject) -> Any:
    axis = axis_of(subject)
    assert axis is not None
    of = subject.request.of or "e_v"
    trials = with_numbers(subject.trials, axis)
    completed = trials.filter(pl.col("status") == "completed")
    means = along.banded(completed, ["series", "x"], of, is_log=False)
    values = known(means["value"])
    if is_wide(values):
        means = along.banded(completed, ["series", "x"], of, is_log=True)
    points, levels = means.drop_nulls("x"), means.filter(pl.col("x").is_null())
    numbers = known(trials["x"])
    title = " or ".join(dict.fromkeys(axis.varied.values()))
    x = alt.X("x:Q", title=f"{axis.title}: {title}", scale=along.number_scale(numbers), axis=along.number_axis(numbers))
    y = alt.Y("value:Q", title=f"{of}{parts.scale_words(values)}", scale=parts.error_scale(values))
    names = [kind for kind in dict.fromkeys(each.kind for each in axis.settings) if kind in means["series"].to_list()]
    colours = along.series_colour(subject, names, axis.title)
    layers = [
        *lines(points, x, y, colours),
        *level_lines(levels, y, colours),
        *best_rings(subject, points, x, y),
        *along.crosses(subject, along.lost(trials.drop_nulls("x"), ["x"]), x),
    ]
    best = means.sort("value").row(0, named=True)
    number = "" if best["x"] is None else f" {best['x']:g}"
    bands = " Bands: 95 % over repeats." if completed["repeat"].n_unique() > 1 else ""
    return parts.finished(
        alt.layer(*layers).properties(width=subject.width, height=round(subject.width * 0.55)),
        subject,
        f"{subject.name}: how sensitive {of} is to the {axis.title}",
        f"Best: {best['series']}{number} ({of} {best['value']:.3g}). Rings: the best of each line.",
        f"Means over all other settings.{bands}{' ×: diverged trials.' if 'diverged' in trials['status'] else ''}",
    )


def with_numbers(trials: pl.DataFrame, axis: Axis) -> pl.DataFrame:
    """The trials with the kind of their setting as `series`, and its number as `x`; null for a kind without one."""
    kinds = {each.value: each.kind for each in axis.settings}
    numbers = {each.value: axis.number(each) for each in axis.settings}
    return trials.with_columns(
        pl.col(axis.name).replace_strict(kinds, return_dtype=pl.String).alias("series"),
        pl.col(axis.name).replace_strict(numbers, return_dtype=pl.Float64).alias("x"),
    )


def lines(points: pl.DataFrame, x: alt.X, y: alt.Y, colours: dict[str, Any]) -> list[alt.Chart]:
    base = alt.Chart(points)
    low = alt.Y("low:Q", scale=y["scale"], title=y["title"])
    band = base.mark_area(opacity=1, fillOpacity=0.13).encode(x=x, y=low, y2="high:Q", color=colours["color"])
    line = base.mark_line(strokeWidth=2.2).encode(x=x, y=y, color=colours["color"])
    marks = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=x, y=y, **colours, tooltip=["series:N", "x:Q", alt.Tooltip("value:Q", format=".4g")]
    )
    return [band, line, marks]


def level_lines(levels: pl.DataFrame, y: alt.Y, colours: dict[str, Any]) -> list[alt.Chart]:
    """A kind without numbers, such as no regularizer, is a level line."""
    if levels.is_empty():
        return []
    base = alt.Chart(levels.select("series", "value")).encode(y=y, color=colours["color"])
    rule = base.mark_rule(strokeWidth=2, strokeDash=[2, 3])
    return [rule, base.mark_text(align="left", x=4, dy=-6, fontSize=11).encode(text="series:N")]


def best_rings(subject: Subject, points: pl.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """A ring around the best number of each kind."""
    best = points.sort("value").group_by("series", maintain_order=True).first()
    ring = alt.Chart(best).mark_point(size=240, color=subject.theme.ink, strokeWidth=2, filled=False)
    return [ring.encode(x=x, y=y)]
