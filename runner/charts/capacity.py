"""Capacity: E_t and E_v along one setting, averaged over all others: the U-shaped curve of the textbooks."""

from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import along, parts
from fitgap.runner.charts.settings import Axis
from fitgap.runner.charts.statistics import is_wide, known
from fitgap.runner.charts.subject import Subject

SIDES = {"e_t": "E_t", "e_v": "E_v"}


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    if subject.completed.is_empty():
        return "no trial has completed"
    axis = axis_of(subject)
    if axis is None:
        return "no setting with an order varies; name one with --by"
    if len(axis.settings) < 2:
        return f"all its trials have the same {axis.title}"
    return None


def axis_of(subject: Subject) -> Axis | None:
    """The axis that was asked for; else the architecture, or the first setting that is a number."""
    if subject.request.by:
        return subject.axis(subject.request.by[0])
    numeric = [axis for axis in subject.axes.values() if axis.is_numeric]
    return subject.axes.get("architecture") or (numeric[0] if numeric else None)


def draw(subject: Subject) -> Any:
    axis = axis_of(subject)
    assert axis is not None
    axis = along.by_size(axis, subject.trials)
    place = pl.col(axis.name).replace_strict(places_of(axis)).alias("x")
    trials = subject.trials.with_columns(place, pl.col(axis.name).replace_strict(axis.labels).alias("setting"))
    completed = trials.filter(pl.col("status") == "completed")
    means = mean_errors(completed)
    x = x_of(axis)
    values = known(means["value"], pl.Series([subject.constant_e_v], dtype=pl.Float64))
    y = alt.Y(
        "value:Q",
        title=f"error{parts.scale_words(values)}",
        scale=parts.error_scale(values),
        axis=alt.Axis(format=".6~g"),
    )
    validation = means.filter(pl.col("side") == SIDES["e_v"])
    best = validation.sort("value").row(0, named=True)
    value = next(each for each, label in axis.labels.items() if label == best["setting"])
    near = [axis.labels[each] for each in along.indistinct(subject, axis, "e_v", value)]
    layers = [
        *along.halos(subject, validation.filter(pl.col("setting").is_in(near)), x, y),
        *lines(subject, means, x, y, axis),
        *along.best_ring(subject, validation, x, y),
        *parts.constant_line(subject, y),
        *along.crosses(subject, along.lost(trials, ["x"]), x),
    ]
    others = completed["configuration"].n_unique() / max(1, completed[axis.name].n_unique())
    over = f"Means over {others:.0f} configurations each. " if others > 1 else ""
    bands = "Bands: 95 % over repeats. " if completed["repeat"].n_unique() > 1 else ""
    return parts.finished(
        alt.layer(*layers).properties(width=subject.width, height=round(subject.width * 0.55)),
        subject,
        f"{subject.name}: E_t and E_v by {axis.title}",
        f"Lowest E_v with {best['setting']} ({best['value']:.3g}). {along.sentence(near)}",
        f"{over}{bands}Solid: training examples. Dashed: validation examples.{parts.constant_words(subject)}",
    )


def places_of(axis: Axis) -> dict[Any, Any]:
    """Where the settings are: at their numbers, or at their labels."""
    if axis.is_numeric:
        return {each.value: axis.number(each) for each in axis.settings}
    return dict(axis.labels)


def x_of(axis: Axis) -> alt.X:
    if not axis.is_numeric:
        return parts.ordinal(axis, "x")
    numbers = [number for number in places_of(axis).values() if number is not None]
    (name,) = axis.varied.values()
    title = {"width": "units per hidden layer", axis.name: axis.title}.get(name, f"{axis.title}: {name}")
    return alt.X("x:Q", title=title, scale=along.number_scale(numbers), axis=along.number_axis(numbers))


def mean_errors(completed: pl.DataFrame) -> pl.DataFrame:
    """The mean E_t and E_v of each setting, with bands."""
    keys = ["x", "setting"]
    plain = pl.concat([along.banded(completed, keys, name, is_log=False) for name in SIDES])
    is_log = is_wide(known(plain["value"]))
    sides = [
        along.banded(completed, keys, name, is_log).with_columns(pl.lit(title).alias("side"))
        for name, title in SIDES.items()
    ]
    return pl.concat(sides)


def lines(subject: Subject, means: pl.DataFrame, x: alt.X, y: alt.Y, axis: Axis) -> list[alt.Chart]:
    """The two curves with their bands; settings without an order are not joined by lines."""
    base = alt.Chart(means)
    colour = subject.theme.series()[0]
    domain = list(SIDES.values())
    dash = alt.StrokeDash("side:N", scale=alt.Scale(domain=domain, range=[[1, 0], [6, 3]]), legend=None)
    shape = alt.Shape("side:N", title=None, scale=alt.Scale(domain=domain, range=["circle", "square"]), legend=None)
    low = alt.Y("low:Q", scale=y["scale"], title=y["title"])
    points = base.mark_point(filled=True, size=60, color=colour, opacity=1).encode(
        x=x, y=y, shape=shape, tooltip=["setting:N", "side:N", alt.Tooltip("value:Q", format=".4g")]
    )
    if not along.is_ordered(axis):
        bars = base.mark_rule(color=colour, strokeWidth=2).encode(x=x, y=low, y2="high:Q", strokeDash=dash)
        return [bars, points]
    labels = [label for label in axis.order if label in means["setting"].to_list()]
    last = means.filter(pl.col("setting") == labels[-1])
    band = base.mark_area(opacity=1, fillOpacity=0.16, color=colour).encode(x=x, y=low, y2="high:Q", detail="side:N")
    line = base.mark_line(color=colour, strokeWidth=2.2).encode(x=x, y=y, strokeDash=dash)
    return [band, line, points, *parts.end_labels(subject, last, x, y, dx=12)]
