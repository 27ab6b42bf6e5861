"""Stopping: the E_v of each configuration at its best and after its last epoch, with the diagonal."""

from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import binning, parts
from fitgap.runner.charts.statistics import known
from fitgap.runner.charts.subject import Subject

# A rise of E_v by less than this share is not worth stopping for.
NEGLIGIBLE = 0.05
MEASURES = ("best_e_v", "e_v", "best_epoch")


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    return None if placed(subject).height else "no trial has completed"


def placed(subject: Subject) -> pl.DataFrame:
    return subject.configurations.drop_nulls(["best_e_v", "e_v"])


def draw(subject: Subject) -> Any:
    found = placed(subject)
    values = known(found["best_e_v"], found["e_v"])
    columns: tuple[str, ...] = ("label", "verdict", "trial", *MEASURES)
    tooltip, frame, note = None, found, ""
    if binning.is_crowded(found):
        sides = {name: binning.logarithmic(name, values) for name in MEASURES[:2]}
        frame, note = binning.binned(found, sides, "best_e_v", "configurations")
        columns, tooltip = (*columns, binning.COUNT), binning.tooltip("configurations", *MEASURES[:2])
    low, high = min(values), max(values)
    scale = parts.error_scale(values, domain=[low * 0.95, high * 1.05])
    verdicts = parts.verdicts_of(frame)
    x = alt.X("best_e_v:Q", title="E_v at the best epoch", scale=scale, axis=alt.Axis(format=".6~g"))
    y = alt.Y("e_v:Q", title="E_v after the last epoch", scale=scale, axis=alt.Axis(format=".6~g"))
    diagonal = alt.Chart(pl.DataFrame({"best_e_v": [low, high], "e_v": [low, high]}))
    marks = (
        alt.Chart(frame.select(columns))
        .mark_point(filled=True, size=80, opacity=1, fillOpacity=0.8 if frame.height < 500 else 0.45)
        .encode(
            x=x,
            y=y,
            color=parts.verdict_color(subject, verdicts),
            shape=parts.verdict_shape(verdicts),
            tooltip=tooltip or parts.columns_for_tooltip(subject, *MEASURES),
            **({"size": binning.size()} if tooltip else {}),
        )
    )
    rule = diagonal.mark_line(color=subject.theme.faint_ink, strokeDash=[4, 4], strokeWidth=1.3).encode(x=x, y=y)
    risen = found.filter(pl.col("e_v") > (1 + NEGLIGIBLE) * pl.col("best_e_v")).height
    share = f"{risen:,} of {found.height:,} configurations ended more than {NEGLIGIBLE:.0%} above their lowest E_v."
    return parts.finished(
        alt.layer(rule, marks).properties(width=subject.width, height=round(subject.width * 0.75)),
        subject,
        f"{subject.name}: what stopping at the best epoch would gain{parts.scale_words(values)}",
        share.replace("%", " %"),
        f"On the diagonal, stopping would gain nothing; the higher above it, the more. {note}",
    )
