"""Time: the error of every trial when it ended, and the best result so far."""

from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import binning, parts
from fitgap.runner.charts.statistics import known
from fitgap.runner.charts.subject import Subject

# Units for times, with the seconds from which they are used.
UNITS = (("hours", 3600.0, 7200.0), ("minutes", 60.0, 300.0), ("seconds", 1.0, 0.0))


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    return None if placed(subject).height else "no trial has completed"


def placed(subject: Subject) -> pl.DataFrame:
    """The completed trials in the order in which they ended, with the seconds since the first one started."""
    frame = subject.completed.drop_nulls(["best_e_v", "ended"]).sort("ended", "trial")
    since = pl.coalesce(pl.col("started").min(), pl.col("ended").min())
    return frame.with_columns(
        (pl.col("ended") - since).alias("elapsed"),
        pl.col("best_e_v").cum_min().alias("best"),
        pl.coalesce("verdict", pl.lit(parts.NOT_JUDGED)).alias("verdict"),
    )


def draw(subject: Subject) -> Any:
    found = placed(subject)
    longest = max(known(found["elapsed"]))
    unit, seconds = next((unit, size) for unit, size, least in UNITS if longest >= least)
    found = found.with_columns(pl.col("elapsed") / seconds)
    values = known(found["best_e_v"])
    improved = found.filter(pl.col("best_e_v") == pl.col("best")).unique("best", keep="first", maintain_order=True)
    # Trials of a pack end together; only the best of them is a step.
    steps = pl.concat([improved, found.tail(1)]).group_by("elapsed").agg(pl.col("best").min()).sort("elapsed")
    frame, note = found, ""
    if binning.is_crowded(found):
        sides = {"elapsed": pl.col("elapsed"), "best_e_v": binning.logarithmic("best_e_v", values)}
        frame, note = binning.binned(found, sides, "best_e_v", "trials")
    verdicts = parts.verdicts_of(frame)
    x = alt.X("elapsed:Q", title=f"{unit} since the start", scale=alt.Scale(zero=True, nice=False))
    scale = parts.error_scale(values)
    y = alt.Y(
        "best_e_v:Q",
        title=f"E_v at the best epoch{parts.scale_words(values)}",
        scale=scale,
        axis=alt.Axis(format=".6~g"),
    )
    is_binned = binning.COUNT in frame.columns
    columns = ("trial", "verdict", "elapsed", "best_e_v", *([binning.COUNT] if is_binned else []))
    tooltip = [alt.Tooltip(f"{name}:N") for name in columns[:2]] + [alt.Tooltip("best_e_v:Q", format=".4g")]
    if is_binned:
        tooltip = [each for each in binning.tooltip("trials", "best_e_v") if each.shorthand != "label:N"]
    points = alt.Chart(frame.select(columns)).mark_point(
        filled=True, size=45, opacity=1, fillOpacity=0.7 if frame.height < 1000 else 0.35
    )
    line = alt.Chart(steps).mark_line(interpolate="step-after", color=subject.theme.ink, strokeWidth=2.2)
    last = improved.tail(1)
    mark = alt.Chart(last.select("elapsed", "best")).mark_point(
        size=200, color=subject.theme.ink, strokeWidth=2, filled=False
    )
    step_y = alt.Y("best:Q", scale=scale, title=y["title"])
    return parts.finished(
        alt.layer(
            points.encode(
                x=x,
                y=y,
                color=parts.verdict_color(subject, verdicts),
                shape=parts.verdict_shape(verdicts),
                tooltip=tooltip,
                **({"size": binning.size()} if is_binned else {}),
            ),
            line.encode(x=x, y=step_y),
            mark.encode(x=x, y=step_y),
        ).properties(width=subject.width, height=round(subject.width * 0.55)),
        subject,
        f"{subject.name}: the best result over time",
        f"The best E_v, {last['best'][0]:.4g}, was reached by trial {last['trial'][0]} after "
        f"{last['elapsed'][0]:.3g} of {longest / seconds:.3g} {unit}.",
        f"Line: the best so far. Points: trials. {note}",
    )
