"""Parallel coordinates: each configuration is a line through its settings to its E_v; the best ones stand out."""

from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import along, parts
from fitgap.runner.charts.request import measure_words
from fitgap.runner.charts.settings import Axis, short
from fitgap.runner.charts.statistics import is_wide, known
from fitgap.runner.charts.subject import Subject
from fitgap.runner.store.compare.groups import more_is_better

MOST_LINES = 400
# The share of the configurations that are drawn bold.
BEST_SHARE, MOST_BOLD = 0.05, 20
MOST_TICKS = 12
# The minimum room for a label in letters, however many axes there are, and the width of a letter in pixels.
SHORTEST_LABEL, PIXELS_PER_LETTER = 12, 6.2


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    if not subject.axes:
        return "no setting varies"
    return None if placed(subject).height else "no trial has completed"


def placed(subject: Subject) -> pl.DataFrame:
    return subject.configurations.drop_nulls(measure(subject))


def measure(subject: Subject) -> str:
    of = subject.measure_of_best
    return "e_v" if of == "verdict" else of


def draw(subject: Subject) -> Any:
    of = measure(subject)
    found = placed(subject).sort(of, descending=more_is_better(of))
    frame, note = parts.sampled(found, "configurations", pl.int_range(pl.len()) < MOST_LINES // 8, MOST_LINES)
    axes = [along.by_size(subject.axis(name), subject.trials) for name in subject.request.by or subject.axes]
    values = known(found[of])
    last = len(axes)
    best = max(1, min(MOST_BOLD, round(BEST_SHARE * found.height)))
    threshold = found[of][min(best, found.height) - 1]
    is_best = pl.col(of) >= threshold if more_is_better(of) else pl.col(of) <= threshold
    frame = frame.with_columns(is_best.alias("is_best"))
    places = [places_of(axis) for axis in axes]
    lines = pl.concat(
        [
            *(
                side(frame, of, number, pl.col(axis.name).replace_strict(place))
                for number, (axis, place) in enumerate(zip(axes, places, strict=True))
            ),
            side(frame, of, last, height(of, values)),
        ]
    )
    kind = "log" if is_wide(values) else "linear"
    scale = alt.Scale(
        type=kind, scheme=subject.theme.scheme, reverse=not more_is_better(of), domain=[min(values), max(values)]
    )
    base = alt.Chart(lines).encode(
        x=alt.X("axis:Q", scale=alt.Scale(domain=[0, last], nice=False), axis=None),
        y=alt.Y("place:Q", scale=alt.Scale(domain=[0, 1]), axis=None),
        detail=alt.Detail("configuration:N"),
        color=alt.Color("value:Q", title=measure_words(of), scale=scale, legend=alt.Legend(format=".6~g", offset=60)),
    )
    faint = base.transform_filter("!datum.is_best").mark_line(strokeWidth=1, strokeOpacity=0.35)
    bold = base.transform_filter("datum.is_best").mark_line(strokeWidth=2.6)
    return parts.finished(
        alt.layer(faint, bold, *frame_lines(subject, axes, places, of, values)).properties(
            width=subject.width, height=round(subject.width * 0.5)
        ),
        subject,
        f"{subject.name}: from the settings to {measure_words(of)}",
        f"Bold: the best {best:,} of {found.height:,} configurations{common(found.head(best), axes)}. {note}",
    )


def places_of(axis: Axis) -> dict[Any, float]:
    """The heights of an axis's settings, from 0 to 1, at equal distances."""
    count = len(axis.settings)
    return {each.value: number / (count - 1) if count > 1 else 0.5 for number, each in enumerate(axis.settings)}


def height(of: str, values: list[float]) -> pl.Expr:
    """The height of a measure on its axis, from 0 to 1."""
    low, high = min(values), max(values)
    if low == high:
        return pl.lit(0.5)
    if is_wide(values):
        return (pl.col(of) / low).log() / pl.lit(high / low).log()
    return (pl.col(of) - low) / (high - low)


def side(frame: pl.DataFrame, of: str, number: int, place: pl.Expr) -> pl.DataFrame:
    """Where the lines cross one of the axes."""
    return frame.select(
        "configuration",
        "is_best",
        pl.lit(number).alias("axis"),
        place.cast(pl.Float64).alias("place"),
        pl.col(of).alias("value"),
    )


def frame_lines(
    subject: Subject, axes: list[Axis], places: list[dict[Any, float]], of: str, values: list[float]
) -> list[alt.Chart]:
    """The axes themselves, with their names and settings."""
    ink = subject.theme.ink
    # A label may extend to the next axis.
    longest = max(SHORTEST_LABEL, int(subject.width / len(axes) / PIXELS_PER_LETTER) - 2)
    names = [*(axis.title for axis in axes), f"{measure_words(of)}{parts.scale_words(values)}"]
    heads = pl.DataFrame({"axis": list(range(len(names))), "place": [0.0] * len(names), "text": names})
    ticks = [
        {"axis": number, "place": place, "text": short(axis.labels[value], longest)}
        for number, (axis, place_of) in enumerate(zip(axes, places, strict=True))
        for value, place in thinned(list(place_of.items()))
    ]
    ticks += [
        {"axis": len(axes), "place": float(place), "text": f"{value:.3g}"}
        for place, value in ((0, min(values)), (1, max(values)))
    ]
    x = alt.X("axis:Q", scale=alt.Scale(domain=[0, len(axes)], nice=False), axis=None)
    rules = alt.Chart(heads).mark_rule(color=subject.theme.faint_ink, strokeWidth=1.2).encode(x=x)
    title = alt.Chart(heads).mark_text(baseline="top", dy=12, fontSize=12, fontWeight="bold", color=ink)
    marks = alt.Chart(pl.DataFrame(ticks))
    halo = marks.mark_text(align="left", dx=5, fontSize=11, stroke=subject.theme.background, strokeWidth=4)
    text = marks.mark_text(align="left", dx=5, fontSize=11, color=ink)
    return [
        rules,
        title.encode(x=x, y=alt.Y("place:Q"), text=alt.Text("text:N")),
        halo.encode(x=x, y=alt.Y("place:Q"), text=alt.Text("text:N")),
        text.encode(x=x, y=alt.Y("place:Q"), text=alt.Text("text:N")),
    ]


def thinned(items: list[Any]) -> list[Any]:
    """Some of many settings, so that their labels do not overlap."""
    return items[:: max(1, -(-len(items) // MOST_TICKS))]


def common(best: pl.DataFrame, axes: list[Axis]) -> str:
    """What the best configurations have in common, in words."""
    alike = [f"{axis.title} {axis.labels[best[axis.name][0]]}" for axis in axes if best[axis.name].n_unique() == 1]
    return f"; all of them have {', '.join(alike)}" if alike and best.height > 1 else ""
