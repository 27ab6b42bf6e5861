"""Sensitivity: the error over a rate or a strength, one line per optimizer or regularizer, the best ones marked."""

from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import along, parts
from fitgap.runner.charts.request import measure_words
from fitgap.runner.charts.settings import Axis
from fitgap.runner.charts.statistics import is_wide, known
from fitgap.runner.charts.subject import Subject
from fitgap.runner.store.compare.groups import more_is_better

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
    """The requested axis; else the first one with a kind that has several numbers."""
    if subject.request.by:
        return subject.axis(subject.request.by[0])
    return next((subject.axes[name] for name in USUAL if name in subject.axes and subject.axes[name].varied), None)


def title_of(axis: Axis) -> str:
    """The axis and the parameter that varies, such as `optimizer: rate`; one of them if both have the same name."""
    title = " or ".join(dict.fromkeys(axis.varied.values()))
    return str(axis.title) if title == axis.name else f"{axis.title}: {title}"


def draw(subject: Subject) -> Any:
    axis = axis_of(subject)
    assert axis is not None
    of = subject.measure_of_best
    trials = with_numbers(subject.trials, axis)
    completed = trials.filter(pl.col("status") == "completed")
    means = along.banded(completed, ["series", "x"], of, is_log=False)
    values = known(means["value"])
    if is_wide(values):
        means = along.banded(completed, ["series", "x"], of, is_log=True)
    points, levels = means.drop_nulls("x"), means.filter(pl.col("x").is_null())
    numbers = known(trials["x"])
    x = alt.X("x:Q", title=title_of(axis), scale=along.number_scale(numbers), axis=along.number_axis(numbers))
    y = alt.Y("value:Q", title=f"{measure_words(of)}{parts.scale_words(values)}", scale=parts.error_scale(values))
    names = [kind for kind in dict.fromkeys(each.kind for each in axis.settings) if kind in means["series"].to_list()]
    colors = along.series_color(subject, names, axis.title)
    lost = along.lost(trials, ["series", "x"])
    rings = best_of_lines(points, lost, is_highest=more_is_better(of))
    near = near_to(subject, axis, of, rings)
    tooltip = ["series:N", "x:Q", alt.Tooltip("value:Q", format=".4g")]
    layers = [
        *along.halos(subject, points.join(near, on=["series", "x"], how="semi"), x, y),
        *along.banded_lines(points, x, y, "series:N", colors, tooltip),
        *level_lines(levels, y, colors),
        *along.best_ring(subject, rings, x, y),
        *along.crosses(subject, along.lost(trials.drop_nulls("x"), ["x"]), x),
    ]
    best = along.best_of(means, lost, ["series", "x"], is_highest=more_is_better(of))
    number = "" if best["x"] is None else f" {best['x']:g}"
    bands = " Bands: 95 % over repeats." if completed["repeat"].n_unique() > 1 else ""
    unequal, crosses = along.repeats_words(subject), "diverged" in trials["status"]
    return parts.finished(
        alt.layer(*layers).properties(width=subject.width, height=round(subject.width * 0.55)),
        subject,
        f"{subject.name}: how sensitive {measure_words(of)} is to the {axis.title}",
        f"Best: {best['series']}{number} ({measure_words(of)} {best['value']:.3g}). Rings: the best of each line."
        f"{' Shaded: cannot be told apart from it.' if near.height else ''}",
        f"{unequal}Means over all other settings.{bands}{' ×: diverged trials.' if crosses else ''}",
    )


def with_numbers(trials: pl.DataFrame, axis: Axis) -> pl.DataFrame:
    """The trials with the kind of their setting as `series`, and its number as `x`; null for a kind without one."""
    kinds = {each.value: each.kind for each in axis.settings}
    numbers = {each.value: axis.number(each) for each in axis.settings}
    return trials.with_columns(
        pl.col(axis.name).replace_strict(kinds, return_dtype=pl.String).alias("series"),
        pl.col(axis.name).replace_strict(numbers, return_dtype=pl.Float64).alias("x"),
    )


def level_lines(levels: pl.DataFrame, y: alt.Y, colors: dict[str, Any]) -> list[alt.Chart]:
    """Horizontal lines for kinds without numbers, such as no regularizer."""
    if levels.is_empty():
        return []
    base = alt.Chart(levels.select("series", "value")).encode(y=y, color=colors["color"])
    rule = base.mark_rule(strokeWidth=2, strokeDash=[2, 3])
    return [rule, base.mark_text(align="left", x=4, dy=-6, fontSize=11).encode(text=alt.Text("series:N"))]


def best_of_lines(points: pl.DataFrame, lost: pl.DataFrame, *, is_highest: bool) -> pl.DataFrame:
    """The best number of each kind."""
    best = [
        along.best_of(own, lost, ["series", "x"], is_highest=is_highest)
        for own in points.partition_by("series", maintain_order=True)
    ]
    return pl.DataFrame(best, schema=points.schema)


def near_to(subject: Subject, axis: Axis, of: str, best: pl.DataFrame) -> pl.DataFrame:
    """The kinds and numbers that cannot be told apart from the best number of their kind."""
    found = []
    for row in best.to_dicts():
        own = {each.value: axis.number(each) for each in axis.settings if each.kind == row["series"]}
        value = next(each for each, number in own.items() if number == row["x"])
        where = None if row["series"] == axis.name else f"{axis.name}.name == '{row['series']}'"
        found += [(row["series"], own[each]) for each in along.indistinct(subject, axis, of, value, where)]
    return pl.DataFrame(found, schema={"series": pl.String, "x": pl.Float64}, orient="row")
