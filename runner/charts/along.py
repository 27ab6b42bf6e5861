"""Errors along an axis: means over all other settings with 95 % bands, for all charts that draw lines of errors."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts.palette import SERIES_SHAPES, VERDICTS
from fitgap.runner.charts.settings import Axis
from fitgap.runner.charts.statistics import is_wide, with_bands
from fitgap.runner.charts.subject import Subject
from fitgap.runner.errors import StoreError
from fitgap.runner.store import Row

ORDERED_BY_SIZE = "architecture"


def number_scale(numbers: Sequence[float]) -> alt.Scale:
    """The scale of a numeric setting: logarithmic, symmetric-logarithmic if there is a 0 as well, or linear."""
    if is_wide(numbers):
        return alt.Scale(type="log", nice=False)
    positive = [number for number in numbers if number > 0]
    if is_wide(positive) and min(numbers) == 0:
        return alt.Scale(type="symlog", constant=min(positive), nice=False)
    return alt.Scale(zero=False, nice=False)


def number_axis(numbers: Sequence[float]) -> alt.Axis:
    """Ticks at the numbers themselves, if there is room for them."""
    chosen = sorted(set(numbers))
    return alt.Axis(format=".6~g", values=chosen, labelOverlap=True) if len(chosen) <= 12 else alt.Axis(format=".6~g")


def is_ordered(axis: Axis) -> bool:
    """Whether a line may join the settings: numbers, or architectures with the same kinds of layers, by size."""
    if axis.name != ORDERED_BY_SIZE:
        return axis.is_numeric
    return len({kinds_of_layers(str(each.value)) for each in axis.settings}) == 1


def kinds_of_layers(architecture: str) -> frozenset[str]:
    """The kinds of layers in an architecture, other than dense ones."""
    return frozenset(re.sub(r"[0-9]+", "", layer) for layer in re.split("[-()]", architecture)) - {"", "none"}


def by_size(axis: Axis, trials: pl.DataFrame) -> Axis:
    """Architectures by their number of parameters instead of by their depth; other axes as they are."""
    if axis.name == ORDERED_BY_SIZE:
        sizes = dict(trials.group_by(axis.name).agg(pl.col("parameters").min()).iter_rows())
        axis.settings = sorted(axis.settings, key=lambda each: sizes[each.value])
        axis.labels = {each.value: axis.labels[each.value] for each in axis.settings}
    return axis


def banded(frame: pl.DataFrame, keys: Sequence[str], of: str, is_log: bool) -> pl.DataFrame:
    """Means of a measure as `value`, with the limits of their bands, `low` and `high`."""
    found = with_bands(frame, keys, [of], is_log)
    return found.rename({of: "value", f"{of}_low": "low", f"{of}_high": "high"}).drop_nulls("value")


def banded_lines(
    frame: pl.DataFrame, x: alt.X, y: alt.Y, series: str, looks: Mapping[str, Any], tooltip: Sequence[Any]
) -> list[alt.Chart]:
    """A line with points and a band for each of the series, whose colors, shapes and dashes are in `looks`."""
    base, color = alt.Chart(frame), looks["color"]
    low = alt.Y("low:Q", scale=y["scale"], title=y["title"])
    dash = {"strokeDash": looks["strokeDash"]} if "strokeDash" in looks else {}
    band = base.mark_area(opacity=1, fillOpacity=0.15).encode(
        x=x, y=low, y2=alt.Y2("high:Q"), color=color, detail=series
    )
    line = base.mark_line(strokeWidth=2.2).encode(x=x, y=y, color=color, **dash)
    points = base.mark_point(filled=True, size=65, opacity=1)
    return [band, line, points.encode(x=x, y=y, color=color, shape=looks["shape"], tooltip=list(tooltip))]


def indistinct(subject: Subject, axis: Axis, of: str, best: Any, where: str | None = None) -> list[Any]:
    """The settings that cannot be told apart from the best one, as `fitgap compare` finds them.

    `where` is a filter in addition to that of the chart.
    """
    rows = compared(subject, axis, of, where=where)
    # A comparison puts settings with diverged trials last, so its best one may differ from the chart's.
    if not rows or rows[0][axis.name] != best:
        return []
    return [row[axis.name] for row in rows[1:] if row["could_be_best"]]


def indistinct_from(subject: Subject, axis: Axis, of: str, baseline: Any) -> list[Any]:
    """The settings whose difference from a given one has an interval that includes 0.

    The baseline was not chosen by its error, so the intervals are narrower than those from the best.
    """
    limits = ("difference_low", "difference_high")
    return [
        row[axis.name]
        for row in compared(subject, axis, of, str(baseline))
        if row[axis.name] != baseline and None not in (low_high := [row[name] for name in limits])
        if low_high[0] <= 0 <= low_high[1]
    ]


def compared(subject: Subject, axis: Axis, of: str, against: str | None = None, where: str | None = None) -> list[Row]:
    """The comparison of an axis's settings over the trials of a chart; nothing if they cannot be compared."""
    if subject.request.trials:
        return []
    both = " and ".join(f"({each})" for each in (subject.request.where, where) if each) or None
    try:
        return subject.store.compare(subject.name, [axis.name], of=of, where=both, against=against)
    except StoreError:
        # Not every axis can be compared, such as one with several values at once.
        return []


def best_of(
    means: pl.DataFrame, lost_places: pl.DataFrame, keys: Sequence[str], *, is_highest: bool = False
) -> dict[str, Any]:
    """The row with the lowest or highest `value` among those without diverged trials; among all if each has some.

    A mean that leaves out diverged trials is too low.
    """
    whole = means.join(lost_places, on=list(keys), how="anti", nulls_equal=True)
    return (whole if whole.height else means).sort("value", descending=is_highest).row(0, named=True)


def has_unequal_repeats(subject: Subject) -> bool:
    """Whether rounds have given some configurations more repeats than others, so that means are over different ones."""
    if not isinstance(subject.store.sweep(subject.name)["specification"].get("repeats"), dict):
        return False
    return subject.completed["configuration"].value_counts()["count"].n_unique() > 1


def best_by_pairs(subject: Subject, axis: Axis, of: str) -> Any:
    """The label of the best setting according to `fitgap compare`, if means are over different repeats; None if the
    means can be compared.
    """
    rows = compared(subject, axis, of) if has_unequal_repeats(subject) else []
    return axis.labels.get(rows[0][axis.name]) if rows else None


def lost(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The groups in which trials diverged, with the number of diverged trials and of all."""
    counts = frame.group_by(keys, maintain_order=True).agg(
        (pl.col("status") == "diverged").sum().alias("diverged"), pl.len().alias("trials")
    )
    text = pl.format("{}/{}", "diverged", "trials").alias("text")
    return counts.filter(pl.col("diverged") > 0).with_columns(text)


def crosses(subject: Subject, frame: pl.DataFrame, x: alt.X) -> list[alt.Chart]:
    """Crosses at the upper edge where trials diverged, with the number that did."""
    if frame.is_empty():
        return []
    color = subject.theme.color("diverged")
    base = alt.Chart(frame).encode(x=x, y=alt.YValue(9))
    mark = base.mark_point(shape=VERDICTS["diverged"].shape, filled=True, size=110, color=color, opacity=1)
    return [mark, base.mark_text(dy=13, fontSize=10, color=color).encode(text=alt.Text("text:N"))]


def series_color(subject: Subject, names: Sequence[str], title: str) -> dict[str, Any]:
    """Colors and shapes of series that are not verdicts."""
    colors = subject.theme.series()
    repeated = [colors[number % len(colors)] for number in range(len(names))]
    shapes = [SERIES_SHAPES[number % len(SERIES_SHAPES)] for number in range(len(names))]
    legend = alt.Legend(title=title, symbolOpacity=1) if len(names) > 1 else None
    return {
        "color": alt.Color("series:N", scale=alt.Scale(domain=list(names), range=repeated), legend=legend),
        "shape": alt.Shape("series:N", scale=alt.Scale(domain=list(names), range=shapes), legend=legend),
    }


def best_ring(subject: Subject, frame: pl.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Rings around the best values, which are the rows of `frame`."""
    best = alt.Chart(frame)
    return [best.mark_point(size=240, color=subject.theme.ink, strokeWidth=2, filled=False).encode(x=x, y=y)]


def halos(subject: Subject, frame: pl.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Wide pale discs behind the values in `frame`, which cannot be told apart from the best one."""
    if frame.is_empty():
        return []
    return [
        alt.Chart(frame)
        .mark_point(size=900, filled=True, opacity=1, fillOpacity=0.22, color=subject.theme.ink)
        .encode(x=x, y=y)
    ]


def repeats_words(subject: Subject) -> str:
    """A note on means over different numbers of repeats; empty if there are none."""
    return "Means are over different numbers of repeats. " if has_unequal_repeats(subject) else ""


def sentence(labels: Sequence[str], baseline: str = "the best") -> str:
    """A sentence that explains the discs, if there are any."""
    named = f"{', '.join(labels[:4])}{', …' if len(labels) > 4 else ''}"
    return f"Shaded: cannot be told apart from {baseline} ({named})." if labels else ""
