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
        return "no setting with ordered values varies; name one with --by"
    if len(axis.settings) < 2:
        return f"all its trials have the same {axis.title}"
    return None


def axis_of(subject: Subject) -> Axis | None:
    """The requested axis; else the architecture, or the first numeric setting."""
    if subject.request.by:
        return subject.axis(subject.request.by[0])
    numeric = [axis for axis in subject.axes.values() if axis.is_numeric]
    return subject.axes.get("architecture") or (numeric[0] if numeric else None)


def draw(subject: Subject) -> Any:
    axis = axis_of(subject)
    assert axis is not None
    # The title names the setting as the axis does.
    title = f"{subject.name}: E_t and E_v by {title_of(axis)}"
    chosen = subject.baseline_trials() if subject.request.against else subject.trials.clear()
    # The setting of the baseline, if it is among those that are drawn.
    settings = chosen[axis.name].to_list() if axis.name in chosen.columns else []
    baseline = next((each for each in settings if each in axis.labels), None)
    return drawn_along(subject, axis, title, baseline)


def drawn_along(subject: Subject, axis: Axis, title: str, baseline: Any = None) -> Any:
    """E_t and E_v along an axis. Settings not told apart from the baseline (default: the best) are shaded."""
    axis = along.by_size(axis, subject.trials)
    place = pl.col(axis.name).replace_strict(places_of(axis)).alias("x")
    trials = subject.trials.with_columns(place, pl.col(axis.name).replace_strict(axis.labels).alias("setting"))
    completed = trials.filter(pl.col("status") == "completed")
    means = mean_errors(completed, subject.request.linear)
    x = x_of(axis)
    values = known(means["value"], pl.Series([subject.constant_e_v], dtype=pl.Float64))
    y = alt.Y(
        "value:Q",
        title="error" if subject.request.linear else f"error{parts.scale_words(values)}",
        scale=alt.Scale(zero=True) if subject.request.linear else parts.error_scale(values),
        axis=alt.Axis(format=".6~g"),
    )
    validation = means.filter(pl.col("side") == SIDES["e_v"])
    lost = along.lost(trials, ["x"])
    paired = along.best_by_pairs(subject, axis, "e_v")
    # The comparison may include newer trials than those that are drawn.
    paired = paired if paired in validation["setting"].to_list() else None
    best = along.best_of(validation.filter(pl.col("setting") == paired) if paired else validation, lost, ["x"])
    near = near_to(subject, axis, best["setting"], baseline)
    layers = [
        *along.halos(subject, validation.filter(pl.col("setting").is_in(near)), x, y),
        *lines(subject, means, x, y, axis),
        *along.best_ring(subject, validation.filter(pl.col("setting") == best["setting"]), x, y),
        *parts.constant_line(subject, y),
        *along.crosses(subject, lost, x),
    ]
    others = completed["configuration"].n_unique() / max(1, completed[axis.name].n_unique())
    over = f"Means over {others:.0f} configurations each. " if others > 1 else ""
    over = along.repeats_words(subject) + over
    bands = "Bands: 95 % over repeats. " if completed["repeat"].n_unique() > 1 else ""
    shading = along.sentence(near, "the best" if baseline is None else axis.labels[baseline])
    lowest = "Lowest E_v in shared repeats" if paired else "Lowest E_v"
    return parts.finished(
        alt.layer(*layers).properties(width=subject.width, height=round(subject.width * 0.55)),
        subject,
        title,
        f"{lowest} with {best['setting']} ({'mean ' if paired else ''}{best['value']:.3g}). {shading}",
        f"{over}{bands}Solid: training examples. Dashed: validation examples.{parts.constant_words(subject)}",
    )


def near_to(subject: Subject, axis: Axis, best: str, baseline: Any) -> list[str]:
    """The labels of the settings that cannot be told apart from the baseline (default: the best), in axis order."""
    value = next(each for each, label in axis.labels.items() if label == best)
    found = (
        along.indistinct(subject, axis, "e_v", value)
        if baseline is None
        else along.indistinct_from(subject, axis, "e_v", baseline)
    )
    return [label for each, label in axis.labels.items() if each in found]


def places_of(axis: Axis) -> dict[Any, Any]:
    """The position of each setting on the axis: its number, or its label if it has none."""
    if axis.is_numeric:
        return {each.value: axis.number(each) for each in axis.settings}
    return dict(axis.labels)


def title_of(axis: Axis) -> str:
    """The name of the numbers along an axis, or the title of the axis if it has none."""
    if not axis.is_numeric:
        return str(axis.title)
    (name,) = axis.varied.values()
    return {"width": "units per hidden layer", axis.name: str(axis.title)}.get(name, f"{axis.title}: {name}")


def x_of(axis: Axis) -> alt.X:
    if not axis.is_numeric:
        return parts.ordinal(axis, "x")
    numbers = [number for number in places_of(axis).values() if number is not None]
    return alt.X("x:Q", title=title_of(axis), scale=along.number_scale(numbers), axis=along.number_axis(numbers))


def mean_errors(completed: pl.DataFrame, is_linear: bool) -> pl.DataFrame:
    """The mean E_t and E_v of each setting, with bands."""
    keys = ["x", "setting"]
    plain = pl.concat([along.banded(completed, keys, name, is_log=False) for name in SIDES])
    is_log = not is_linear and is_wide(known(plain["value"]))
    sides = [
        along.banded(completed, keys, name, is_log).with_columns(pl.lit(title).alias("side"))
        for name, title in SIDES.items()
    ]
    return pl.concat(sides)


def lines(subject: Subject, means: pl.DataFrame, x: alt.X, y: alt.Y, axis: Axis) -> list[alt.Chart]:
    """The two curves with their bands; settings without an order are not joined by lines."""
    domain = list(SIDES.values())
    looks = {
        "color": alt.ColorValue(subject.theme.series()[0]),
        "strokeDash": alt.StrokeDash("side:N", scale=alt.Scale(domain=domain, range=[[1, 0], [6, 3]]), legend=None),
        "shape": alt.Shape("side:N", scale=alt.Scale(domain=domain, range=["circle", "square"]), legend=None),
    }
    tooltip = ["setting:N", "side:N", alt.Tooltip("value:Q", format=".4g")]
    band, line, points = along.banded_lines(means, x, y, "side:N", looks, tooltip)
    if not along.is_ordered(axis):
        low = alt.Y("low:Q", scale=y["scale"], title=y["title"])
        bars = alt.Chart(means).mark_rule(strokeWidth=2)
        dash = looks["strokeDash"]
        return [bars.encode(x=x, y=low, y2=alt.Y2("high:Q"), color=looks["color"], strokeDash=dash), points]
    labels = [label for label in axis.order if label in means["setting"].to_list()]
    last = means.filter(pl.col("setting") == labels[-1])
    return [band, line, points, *parts.end_labels(subject, last, x, y, dx=12)]
