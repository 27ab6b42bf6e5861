"""Learning curves: E_t (solid) and E_v (dashed) over the epochs, one panel per configuration or trial, on one scale."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import parts
from fitgap.runner.charts.left_out import shows_pruned
from fitgap.runner.charts.palette import style_of
from fitgap.runner.charts.statistics import is_wide, known, with_bands
from fitgap.runner.charts.subject import Subject, words
from fitgap.runner.errors import ChartError

MOST_PANELS = 12
PANELS_PER_ROW = 3
# The worst configuration of each of these verdicts is shown next to the best one.
EXAMPLES = ("overfit", "underfit", "both", "no_skill", "diverged")
POINTS_PER_CURVE = 160
SIDES = {"e_t": "E_t", "e_v": "E_v"}
LINES_OF_TITLE = 3
# Errors of diverging trials are cut off at this multiple of the largest error of the others.
CAP = 3.0


@dataclass(frozen=True)
class Panel:
    """One pair of curves: what it shows, its verdict, its trials, the mean best epoch, and the curves."""

    title: str
    verdict: str
    diverged: bool
    best_epoch: float | None
    # The epochs of its trials, and their means over repeats.
    points: pl.DataFrame
    curves: pl.DataFrame


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    # The number of epochs of a trial that is being trained is not known yet.
    chosen = subject.request.trials
    if (subject.epochs(chosen) if chosen else subject.trials["epochs"].drop_nulls()).is_empty():
        return "none of its trials has trained an epoch that was stored"
    return None


@dataclass(frozen=True)
class Frame:
    """What all panels have in common: size, scale, and titles that are wrapped to the same number of lines."""

    columns: int
    width: int
    height: int
    is_log: bool
    domain: dict[str, Any]
    titles: list[list[str]]


def frame_of(subject: Subject, panels: Sequence[Panel], values: list[float]) -> Frame:
    columns = 2 if len(panels) == 4 else min(len(panels), PANELS_PER_ROW)
    width = (subject.width - 30 * (columns - 1)) // columns
    is_log = is_wide(values)
    domain = {"domain": [min(values) * 0.9, max(values)], "nice": False} if is_log else {"zero": False}
    wrapped = [textwrap.wrap(panel.title, max(12, width // 7))[:LINES_OF_TITLE] for panel in panels]
    lines = max(map(len, wrapped))
    titles = [[*each, *[" "] * (lines - len(each))] for each in wrapped]
    return Frame(columns, width, round(max(180, min(320, width * 0.75))), is_log, domain, titles)


def draw(subject: Subject) -> Any:
    panels = below_cap(panels_of(subject), known(pl.Series([subject.constant_e_v], dtype=pl.Float64)))
    values = values_of(panels)
    if not values:
        raise ChartError(f"{subject.name}: no epoch has a finite error; choose other trials")
    values += known(pl.Series([subject.constant_e_v], dtype=pl.Float64))
    if is_wide(values):
        panels = [replace(panel, curves=averaged(panel.points, is_log=True)) for panel in panels]
    frame = frame_of(subject, panels, values)
    drawn = [panel_chart(subject, panel, frame, place) for place, panel in enumerate(panels)]
    repeats = subject.trials["repeat"].n_unique()
    bands = " Bands: 95 % over repeats." if repeats > 1 and not subject.request.trials else ""
    return parts.finished(
        alt.concat(*drawn, columns=frame.columns, spacing=24).resolve_scale(y="shared"),
        subject,
        f"{subject.name}: errors over the epochs{parts.scale_words(values)}",
        "Solid: training examples (E_t). Dashed: validation examples (E_v). Ring: the best epoch."
        f"{bands}{parts.constant_words(subject)}",
        shows_pruned=shows_pruned("curves", subject),
    )


def values_of(panels: Sequence[Panel]) -> list[float]:
    return known(*(panel.curves[name] for panel in panels for name in SIDES))


def below_cap(panels: list[Panel], more: list[float]) -> list[Panel]:
    """The panels with the huge errors of diverging trials cut off, since these would hide everything else."""
    others = values_of([panel for panel in panels if not panel.diverged]) + more
    if not others:
        return panels
    cap = CAP * max(others)
    points = [panel.points.with_columns(pl.col(*SIDES).clip(upper_bound=cap)) for panel in panels]
    return [replace(panel, points=each, curves=averaged(each)) for panel, each in zip(panels, points, strict=True)]


def panels_of(subject: Subject) -> list[Panel]:
    """The panels: of the chosen trials, or of the reference and the worst configuration of each verdict."""
    if subject.request.trials:
        numbers = list(dict.fromkeys(subject.request.trials))
        if len(numbers) > MOST_PANELS:
            raise ChartError(f"curves shows at most {MOST_PANELS} trials, not {len(numbers)}; name fewer with --trials")
        return [panel_of_trial(subject, number) for number in numbers]
    return [panel_of_configuration(subject, row) for row in examples(subject)]


def examples(subject: Subject) -> list[dict[str, Any]]:
    """The baseline, or else the best configuration, and the worst one of each verdict."""
    trained = subject.trials.filter(pl.col("epochs") > 0)["configuration"]
    frame = subject.configurations.filter(pl.col("configuration").is_in(trained.unique().to_list()))
    order = frame.sort((pl.col("configuration") != (subject.baseline or "")), "best_e_v", nulls_last=True)
    found = [order.row(0, named=True)]
    for verdict in EXAMPLES:
        worst = frame.filter(pl.col("verdict") == verdict).sort("excess", descending=True, nulls_last=True).head(1)
        found += [row for row in worst.to_dicts() if row["configuration"] != found[0]["configuration"]]
    return found[: 2 * PANELS_PER_ROW]


def panel_of_trial(subject: Subject, number: int) -> Panel:
    row = subject.trials.filter(pl.col("trial") == number).row(0, named=True)
    verdict = row["verdict"] or row["status"]
    points = thinned(subject.epochs([number]).with_columns(pl.lit(1).alias("repeat")))
    title = f"trial {number}: {words(verdict)}"
    return Panel(title, verdict, row["status"] == "diverged", row["best_epoch"], points, averaged(points))


def panel_of_configuration(subject: Subject, row: dict[str, Any]) -> Panel:
    trials = subject.trials.filter(pl.col("configuration") == row["configuration"])
    repeats = dict(trials.select("trial", "repeat").iter_rows())
    curves = subject.epochs(list(repeats)).with_columns(
        pl.col("trial").replace_strict(repeats, return_dtype=pl.Int64).alias("repeat")
    )
    names = {subject.baseline: "baseline", subject.reference: "reference"}
    title = f"{names.get(row['configuration']) or words(row['verdict'])}: {row['label']}"
    points = thinned(curves)
    return Panel(title, row["verdict"], row["diverged"] > 0, row["best_epoch"], points, averaged(points))


def thinned(points: pl.DataFrame) -> pl.DataFrame:
    """Some of the epochs if there are many: in equal steps of the square root, since the first ones matter most."""
    epochs = points["epoch"].unique().sort().to_list()
    if len(epochs) <= POINTS_PER_CURVE:
        return points
    last = len(epochs) - 1
    places = {round(last * (number / (POINTS_PER_CURVE - 1)) ** 2) for number in range(POINTS_PER_CURVE)}
    return points.filter(pl.col("epoch").is_in([epochs[place] for place in sorted(places)]))


def averaged(points: pl.DataFrame, is_log: bool = False) -> pl.DataFrame:
    return with_bands(points, ["epoch"], list(SIDES), is_log).sort("epoch")


def panel_chart(subject: Subject, panel: Panel, frame: "Frame", place: int) -> alt.LayerChart:
    scale = alt.Scale(type="log", **frame.domain) if frame.is_log else alt.Scale(**frame.domain)
    y = alt.Y(
        "value:Q",
        title=None if place % frame.columns else "error",
        scale=scale,
        axis=alt.Axis(format=".6~g", tickCount=6),
    )
    low = alt.Y("low:Q", title=y["title"], scale=scale)
    x = alt.X(
        "epoch:Q", axis=alt.Axis(format="~s", tickCount=5, tickMinStep=1), scale=alt.Scale(nice=False, zero=False)
    )
    color = subject.theme.color(panel.verdict)
    long = long_form(panel.curves)
    base = alt.Chart(long)
    band = base.mark_area(opacity=1, fillOpacity=0.16, color=color, clip=True).encode(
        x=x, y=low, y2=alt.Y2("high:Q"), detail=alt.Detail("side:N")
    )
    dash = alt.StrokeDash("side:N", scale=alt.Scale(domain=list(SIDES.values()), range=[[1, 0], [6, 3]]), legend=None)
    line = base.mark_line(color=color, strokeWidth=2.2).encode(x=x, y=y, strokeDash=dash)
    layers = [band, line, *parts.end_labels(subject, ends(long), x, y), *best_mark(panel, subject, x, y)]
    layers += parts.constant_line(subject, y)
    if panel.diverged:
        layers.append(last_cross(long, subject, x, y))
    title = alt.TitleParams(frame.titles[place], fontSize=12, color=subject.theme.ink, anchor="start")
    return alt.layer(*layers).properties(width=frame.width, height=frame.height, title=title)


def long_form(curves: pl.DataFrame) -> pl.DataFrame:
    """One row per epoch and side."""
    sides = [
        curves.select(
            "epoch",
            pl.lit(title).alias("side"),
            pl.col(name).alias("value"),
            pl.col(f"{name}_low").alias("low"),
            pl.col(f"{name}_high").alias("high"),
        )
        for name, title in SIDES.items()
    ]
    return pl.concat(sides)


def ends(long: pl.DataFrame) -> pl.DataFrame:
    """The last finite point of each side."""
    return long.drop_nulls("value").sort("epoch").group_by("side", maintain_order=True).last()


def best_mark(panel: Panel, subject: Subject, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """A ring on E_v at the best epoch, a mean over repeats."""
    curve = panel.curves.drop_nulls("e_v")
    if panel.best_epoch is None or curve.is_empty():
        return []
    nearest = curve.sort((pl.col("epoch") - panel.best_epoch).abs()).head(1)
    point = alt.Chart(nearest.select("epoch", pl.col("e_v").alias("value")))
    return [point.mark_point(size=110, color=subject.theme.ink, strokeWidth=2, filled=False).encode(x=x, y=y)]


def last_cross(long: pl.DataFrame, subject: Subject, x: alt.X, y: alt.Y) -> alt.Chart:
    """A cross at the last finite E_v."""
    place = alt.Chart(ends(long).filter(pl.col("side") == SIDES["e_v"]))
    color = subject.theme.color("diverged")
    mark = place.mark_point(shape=style_of("diverged").shape, filled=True, size=120, color=color, opacity=1)
    return mark.encode(x=x, y=y)
