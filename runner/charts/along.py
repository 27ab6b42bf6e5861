"""Errors along an axis: means over everything else with 95 % bands, for the kinds that draw lines of errors."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts.palette import SERIES_SHAPES, VERDICTS
from fitgap.runner.charts.settings import Axis
from fitgap.runner.charts.statistics import is_wide, with_bands
from fitgap.runner.charts.subject import Subject
from fitgap.runner.errors import StoreError

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
    return axis.is_numeric or axis.name == ORDERED_BY_SIZE


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


def indistinct(subject: Subject, axis: Axis, of: str, best: Any) -> list[Any]:
    """The settings that cannot be told apart from the best one, as `fitgap compare` finds them."""
    if subject.request.trials:
        return []
    try:
        rows = subject.store.compare(subject.name, [axis.name], of=of, where=subject.request.where)
    except StoreError:
        # Not every axis can be compared, such as one with several values at once.
        return []
    # A comparison puts settings with diverged trials last; then its best one may be another than the chart's.
    if not rows or rows[0][axis.name] != best:
        return []
    return [row[axis.name] for row in rows[1:] if row["could_be_best"]]


def lost(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Where trials diverged, how many of how many did."""
    counts = frame.group_by(keys).agg(
        (pl.col("status") == "diverged").sum().alias("diverged"), pl.len().alias("trials")
    )
    text = pl.format("{}/{}", "diverged", "trials").alias("text")
    return counts.filter(pl.col("diverged") > 0).with_columns(text)


def crosses(subject: Subject, frame: pl.DataFrame, x: alt.X) -> list[alt.Chart]:
    """Crosses at the upper edge where trials diverged, with how many did."""
    if frame.is_empty():
        return []
    colour = subject.theme.colour("diverged")
    base = alt.Chart(frame).encode(x=x, y=alt.value(9))
    mark = base.mark_point(shape=VERDICTS["diverged"].shape, filled=True, size=110, color=colour, opacity=1)
    return [mark, base.mark_text(dy=13, fontSize=10, color=colour).encode(text="text:N")]


def series_colour(subject: Subject, names: Sequence[str], title: str) -> dict[str, Any]:
    """Colours and shapes of series that are no verdicts."""
    colours = subject.theme.series()
    repeated = [colours[number % len(colours)] for number in range(len(names))]
    shapes = [SERIES_SHAPES[number % len(SERIES_SHAPES)] for number in range(len(names))]
    legend = alt.Legend(title=title, symbolOpacity=1) if len(names) > 1 else None
    return {
        "color": alt.Color("series:N", scale=alt.Scale(domain=list(names), range=repeated), legend=legend),
        "shape": alt.Shape("series:N", scale=alt.Scale(domain=list(names), range=shapes), legend=legend),
    }


def best_ring(subject: Subject, frame: pl.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """A ring around the lowest value."""
    best = alt.Chart(frame.sort("value").head(1))
    return [best.mark_point(size=240, color=subject.theme.ink, strokeWidth=2, filled=False).encode(x=x, y=y)]


def halos(subject: Subject, frame: pl.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Wide pale discs behind the values that cannot be told apart from the best one."""
    if frame.is_empty():
        return []
    return [
        alt.Chart(frame)
        .mark_point(size=900, filled=True, opacity=1, fillOpacity=0.22, color=subject.theme.ink)
        .encode(x=x, y=y)
    ]


def sentence(labels: Sequence[str]) -> str:
    """What the discs mean, if there are any."""
    return (
        f"Shaded: cannot be told apart from the best ({', '.join(labels[:4])}{', …' if len(labels) > 4 else ''})."
        if labels
        else ""
    )
