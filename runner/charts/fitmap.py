"""The fit map: every configuration at its underfit and overfit part, with the reference at the origin.

Both axes have the same scale, linear or symmetric-logarithmic, so that the lines of equal excess can be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import copysign, expm1, floor, log1p, log10
from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import binning, parts
from fitgap.runner.charts.statistics import known, symmetric_constant
from fitgap.runner.charts.subject import Subject

LINES, POINTS_PER_LINE = 3, 60
# Crosses along the right edge stand for configurations that diverged.
LEAST_CROSSES, MOST_CROSSES = 16, 40
UNDERFIT, OVERFIT = "underfit: E_t above the {}'s", "overfit: gap above the {}'s"
LABEL = {"excess": pl.Float64, "order": pl.Int64, "x": pl.Float64, "y": pl.Float64, "text": pl.String}
# The room for a label, as a share of the width.
LABEL_SHARE = 0.13
ROUND = (1.0, 2.0, 5.0)


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    if placed(subject).is_empty():
        return "no configuration has a verdict yet, because none has completed all its repeats"
    return None


def placed(subject: Subject) -> pl.DataFrame:
    """The configurations that have a place on the map."""
    return subject.configurations.filter(pl.col("underfit").is_finite() & pl.col("overfit").is_finite())


def draw(subject: Subject) -> Any:
    found = from_baseline(subject, placed(subject))
    plane = plane_of(found)
    frame, note = found, ""
    if binning.is_crowded(found):
        sides = {name: distance(name, plane.constant) for name in ("underfit", "overfit")}
        frame, note = binning.binned(found, sides, "excess", "configurations")
    verdicts = parts.verdicts_of(subject.configurations.filter(pl.col("verdict") != parts.NOT_JUDGED))
    layers = [zero_lines(subject), *equal_excess(subject, plane), points(subject, frame, plane, verdicts)]
    chart = alt.layer(*layers, ring(subject), *crosses(subject, plane, verdicts))
    scale = "Both axes are symmetric-logarithmic. " if plane.constant else ""
    chosen = found.filter(pl.col("configuration") == (subject.baseline or ""))["label"].to_list()
    name = "reference" if subject.request.against is None else "baseline"
    return parts.finished(
        chart.properties(width=subject.width, height=height_of(subject)),
        subject,
        f"{subject.name}: what underfits and what overfits",
        "No configuration is clearly better than a constant prediction." if subject.is_without_skill else "",
        f"{parts.counted_verdicts(subject)}. Ring: the {name}{''.join(f', {each}' for each in chosen)}.",
        "Verdicts compare with the reference of the sweep." if subject.request.against else "",
        f"{scale}Right: worse on training examples. Up: loses more on unseen ones. Dashed: equal excess. {note}",
    )


def from_baseline(subject: Subject, found: pl.DataFrame) -> pl.DataFrame:
    """The configurations with their parts as differences from the chosen baseline, paired by repeat. Without one, they
    stay as they are: the stored parts are differences from the reference.
    """
    if subject.request.against is None:
        return found
    names = ("underfit", "overfit", "excess")
    own = subject.baseline_trials().select("repeat", *(pl.col(name).alias(f"_{name}") for name in names))
    pairs = subject.completed.join(own, on="repeat")
    means = pairs.group_by("configuration").agg((pl.col(name) - pl.col(f"_{name}")).mean() for name in names)
    return found.drop(names).join(means, on="configuration", how="inner", maintain_order="left").drop_nulls(names)


def distance(name: str, constant: float | None) -> pl.Expr:
    """The position of a part on the screen, in an arbitrary unit."""
    part = pl.col(name)
    return part.sign() * (part.abs() / constant).log1p() if constant else part


def height_of(subject: Subject) -> int:
    return round(subject.width * 0.66)


@dataclass(frozen=True)
class Plane:
    """The ranges of both axes, and the constant of their symmetric-logarithmic scale; None if they are linear."""

    x: tuple[float, float]
    y: tuple[float, float]
    constant: float | None

    def scale(self, limits: tuple[float, float]) -> alt.Scale:
        if self.constant:
            return alt.Scale(type="symlog", constant=self.constant, domain=list(limits), nice=False)
        return alt.Scale(domain=list(limits), nice=False)

    def axis(self, limits: tuple[float, float]) -> alt.Axis:
        if self.constant is None:
            return alt.Axis(format=".6~g", tickCount=7)
        # Vega would place the ticks of a symmetric-logarithmic axis as those of a linear one.
        last = floor(log10(max(map(abs, limits))))
        powers = [10.0**power for power in range(floor(log10(self.constant)) + 1, last + 1)]
        chosen = powers[:: max(1, len(powers) // 5)]
        ticks = [*(-each for each in reversed(chosen)), 0.0, *chosen]
        return alt.Axis(format=".6~g", values=[each for each in ticks if limits[0] <= each <= limits[1]])


def plane_of(found: pl.DataFrame) -> Plane:
    """The ranges of both axes: all parts and the origin, with a margin. The shorter range is at least a quarter of the
    longer one, so that small parts do not look large.
    """
    sides = [known(found[name]) for name in ("underfit", "overfit")]
    constant = symmetric_constant([*sides[0], *sides[1]])
    # In units of the screen.
    ranges = [(moved(min(0.0, *values), constant), moved(max(0.0, *values), constant)) for values in sides]
    longest = max(high - low for low, high in ranges) or 1.0
    limits = []
    for low, high in ranges:
        margin = 0.07 * (high - low) + max(0.0, longest / 4 - (high - low)) / 2
        limits.append((moved_back(low - margin, constant), moved_back(high + margin, constant)))
    return Plane(limits[0], limits[1], constant)


def moved(value: float, constant: float | None) -> float:
    """The position of a number on the screen, in an arbitrary unit."""
    return copysign(log1p(abs(value) / constant), value) if constant else value


def moved_back(place: float, constant: float | None) -> float:
    return copysign(constant * expm1(abs(place)), place) if constant else place


def points(subject: Subject, frame: pl.DataFrame, plane: Plane, verdicts: Sequence[str]) -> alt.Chart:
    is_binned = binning.COUNT in frame.columns
    texts = ("label", "verdict", "trial", "configuration", binning.COUNT if is_binned else "parameters")
    numbers = ("underfit", "overfit") if is_binned else ("underfit", "overfit", "excess", "e_t", "e_v")
    columns = (*texts, *numbers)
    opacity = 0.8 if frame.height < 500 else 0.45
    mark = alt.Chart(frame.select(columns)).mark_point(
        filled=True, opacity=1, fillOpacity=opacity, stroke=subject.theme.background, strokeWidth=0.6
    )
    return mark.encode(
        x=alt.X(
            "underfit:Q",
            title=title_of(subject, UNDERFIT),
            scale=plane.scale(plane.x),
            axis=plane.axis(plane.x),
        ),
        y=alt.Y(
            "overfit:Q",
            title=title_of(subject, OVERFIT),
            scale=plane.scale(plane.y),
            axis=plane.axis(plane.y),
        ),
        color=parts.verdict_color(subject, verdicts),
        shape=parts.verdict_shape(verdicts),
        size=binning.size() if is_binned else size_of(frame),
        tooltip=binning.tooltip("configurations", *numbers)
        if is_binned
        else parts.columns_for_tooltip(subject, *columns[4:]),
    )


def title_of(subject: Subject, text: str) -> str:
    """The title of an axis, which names the reference or the baseline."""
    return text.format("reference" if subject.request.against is None else "baseline")


def size_of(frame: pl.DataFrame) -> Any:
    """Sizes by the number of parameters; a constant size if all networks have the same number."""
    if frame["parameters"].n_unique() < 2:
        return alt.SizeValue(80)
    legend = alt.Legend(title="parameters", tickCount=3, format="~s", symbolType="circle", symbolFillColor="#888888")
    return alt.Size("parameters:Q", scale=alt.Scale(type="log", range=[30, 180]), legend=legend)


def zero_lines(subject: Subject) -> alt.LayerChart:
    """The lines on which a part is 0."""
    mark = {"color": subject.theme.faint_ink, "strokeWidth": 1.2, "strokeOpacity": 0.7}
    zero = pl.DataFrame({"zero": [0.0]})
    vertical = alt.Chart(zero).mark_rule(**mark).encode(x=alt.X("zero:Q"))
    return alt.layer(vertical, alt.Chart(zero).mark_rule(**mark).encode(y=alt.Y("zero:Q")))


def equal_excess(subject: Subject, plane: Plane) -> list[alt.Chart]:
    """Some lines of equal excess, which is the sum of both parts, with their labels."""
    rows, labels = [], []
    for excess in round_numbers(max(plane.x[1], plane.y[1])):
        # Where the line enters and leaves the plane.
        x = evenly(max(plane.x[0], excess - plane.y[1]), min(plane.x[1], excess - plane.y[0]), plane.constant)
        places = [{"excess": excess, "order": number, "x": each, "y": excess - each} for number, each in enumerate(x)]
        rows += places
        labels += [{**places[0], "text": f"excess {excess:g}"}] if places else []
    if not rows:
        return []
    ink = subject.theme.faint_ink
    lines = alt.Chart(pl.DataFrame(rows)).mark_line(
        strokeDash=[3, 4], strokeWidth=1, color=ink, strokeOpacity=0.7, clip=True
    )
    text = alt.Chart(pl.DataFrame(spaced(labels, plane), schema=LABEL)).mark_text(
        align="left", baseline="top", fontSize=10, color=ink, dx=5, dy=3, clip=True
    )
    return [
        lines.encode(x=alt.X("x:Q"), y=alt.Y("y:Q"), detail=alt.Detail("excess:N"), order=alt.Order("order:Q")),
        text.encode(x=alt.X("x:Q"), y=alt.Y("y:Q"), text=alt.Text("text:N")),
    ]


def spaced(labels: list[dict[str, Any]], plane: Plane) -> list[dict[str, Any]]:
    """The labels that overlap neither each other nor the right edge."""
    low, high = (moved(each, plane.constant) for each in plane.x)
    room, free, shown = LABEL_SHARE * (high - low), low, []
    for label in sorted(labels, key=lambda each: each["x"]):
        place = moved(label["x"], plane.constant)
        if free <= place <= high - room:
            shown.append(label)
            free = place + room
    return shown


def round_numbers(high: float) -> list[float]:
    """Up to three round numbers below the end of the axes."""
    if high <= 0:
        return []
    power = floor(log10(high))
    found = [float(f"{digit * 10.0 ** (power + shift):g}") for shift in (-1, 0) for digit in ROUND]
    return [number for number in found if number < high][-LINES:]


def evenly(start: float, end: float, constant: float | None, count: int = POINTS_PER_LINE) -> list[float]:
    """Numbers at equal distances on the screen: on a symmetric-logarithmic scale, lines of equal excess are curves."""
    if end <= start:
        return []
    low, high = moved(start, constant), moved(end, constant)
    return [moved_back(low + (high - low) * number / (count - 1), constant) for number in range(count)]


def ring(subject: Subject) -> alt.Chart:
    """A ring around the origin, where the reference or the chosen baseline is."""
    origin = alt.Chart(pl.DataFrame({"x": [0.0], "y": [0.0]}))
    return origin.mark_point(size=420, color=subject.theme.ink, strokeWidth=2, filled=False).encode(
        x=alt.X("x:Q"), y=alt.Y("y:Q")
    )


def crosses(subject: Subject, plane: Plane, verdicts: Sequence[str]) -> list[alt.Chart]:
    """Crosses along the right edge for diverged configurations without a completed trial, which have no place."""
    lost = subject.configurations.filter(pl.col("verdict") == "diverged", pl.col("completed") == 0).head(MOST_CROSSES)
    if lost.is_empty():
        return []
    share = min(1.0, lost.height / LEAST_CROSSES)
    low, high = (1 - share) * plane.y[1] + share * plane.y[0], plane.y[1]
    places = evenly(low, high, plane.constant, lost.height + 2)[1:-1]
    frame = lost.select("label", "verdict", "trial").with_columns(pl.Series("place", places))
    return [
        alt.Chart(frame)
        .mark_point(filled=True, size=90, xOffset=-9, opacity=1)
        .encode(
            x=alt.XValue(subject.width),
            y=alt.Y("place:Q", title=title_of(subject, OVERFIT), scale=plane.scale(plane.y), axis=plane.axis(plane.y)),
            color=parts.verdict_color(subject, verdicts),
            shape=parts.verdict_shape(verdicts),
            tooltip=parts.columns_for_tooltip(subject),
        )
    ]
