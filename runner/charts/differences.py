"""Differences of named groups from a baseline with their 95 % intervals: what a comparison found, as a picture."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import parts
from fitgap.runner.charts.subject import Subject
from fitgap.runner.errors import ChartError
from fitgap.runner.store import Row

ROW = 44


def draw(subject: Subject, rows: Sequence[Row], name: str, of: str, question: str) -> Any:
    """Draw the rows of a comparison of the measure `of`, in their order, labeled by the key `name`.

    The baseline, which is the row without a difference, is drawn at 0. Raises ChartError if there are fewer than two
    rows.
    """
    if len(rows) < 2:
        raise ChartError(f"{subject.name} has nothing to compare: fewer than two groups have completed trials")
    baseline = next((row[name] for row in rows if row["difference"] is None), None)
    keys = ("difference", "difference_low", "difference_high")
    frame = pl.DataFrame(
        [
            {"group": str(row[name]), "mean": f"{row[of]:.3g}", **{key: row[key] for key in keys}}
            if row[name] != baseline
            else {"group": str(row[name]), "mean": f"{row[of]:.3g}", "difference": 0.0}
            for row in rows
        ],
        schema={"group": pl.String, "mean": pl.String, **dict.fromkeys(keys, pl.Float64)},
    )
    own = "the baseline" if baseline is None else str(baseline)
    x = alt.X(
        "difference:Q", title=f"difference in E_v from {own}", scale=alt.Scale(zero=True), axis=alt.Axis(format=".6~g")
    )
    names = frame["group"].to_list()
    look, least = parts.rows_beside(names)
    y = alt.Y("group:N", sort=names, title=None, axis=alt.Axis(labelFontSize=12, **look))
    base, color = alt.Chart(frame).encode(y=y), subject.theme.series()[0]
    bars = alt.Chart(frame.drop_nulls("difference_low"))
    low = alt.X("difference_low:Q", scale=x["scale"], title=x["title"])
    zero = alt.Chart(pl.DataFrame({"difference": [0.0]})).mark_rule(color=subject.theme.faint_ink, strokeDash=[2, 4])
    layers = [
        zero.encode(x=x),
        bars.mark_rule(strokeWidth=3, color=color).encode(x=low, y=y, x2=alt.X2("difference_high:Q")),
        base.mark_point(filled=True, size=110, opacity=1, color=color).encode(
            x=x, tooltip=["group:N", *(alt.Tooltip(f"{key}:Q", format=".4g") for key in keys)]
        ),
        base.mark_text(dy=-12, fontSize=11, color=subject.theme.ink).encode(x=x, text=alt.Text("mean:N")),
    ]
    return parts.finished(
        alt.layer(*layers).properties(width=subject.width, height=max(ROW, least) * frame.height),
        subject,
        f"{subject.name}: {question}",
        "Points: mean differences in E_v, with E_v itself above. Bars: 95 % intervals.",
        "A bar that includes the dotted line at 0 shows no difference.",
    )
