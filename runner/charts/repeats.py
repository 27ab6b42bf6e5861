"""Repeats: the difference between the two best configurations over more and more repeats, with its interval."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import along, parts
from fitgap.runner.charts.request import measure_words
from fitgap.runner.charts.settings import short
from fitgap.runner.charts.subject import Subject
from fitgap.runner.diagnosis.by_repeats import best_two, by_luck, by_repeats, planned
from fitgap.runner.store import Row

FEWEST = 3
# The number of repeats to plan is drawn if it is at most this many times the present number.
FARTHEST = 4
FEW = 10


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    if subject.completed["configuration"].n_unique() < 2:
        return "fewer than two configurations have completed trials"
    if subject.trials["repeat"].n_unique() < FEWEST:
        return f"it has fewer than {FEWEST} repeats"
    return None if rows_of(subject) else "its two best configurations have no repeats in common"


def rows_of(subject: Subject) -> list[Row]:
    if "repeats_rows" not in subject.__dict__:
        of = subject.request.of or "e_v"
        pair = best_two(subject.store, subject.name, of, among(subject, of))
        # The interval of two repeats is so wide that it would hide everything else.
        rows = by_repeats(subject.store, subject.name, pair, of)
        subject.__dict__["repeats_rows"] = [row for row in rows if row["repeats"] >= FEWEST]
    found: list[Row] = subject.__dict__["repeats_rows"]
    return found


def among(subject: Subject, of: str) -> str | None:
    """A filter for the candidates for the two best configurations: those with the lowest and the highest means.

    Comparing thousands of configurations would take seconds. Those with trials that did not complete come last in a
    comparison.
    """
    where = subject.request.where
    if of not in subject.completed.columns or subject.completed[of].dtype == pl.String:
        return where
    is_whole = (pl.col("status") == "completed").all()
    means = subject.trials.group_by("configuration").agg(pl.col(of).mean(), is_whole.alias("whole"))
    order = means.filter("whole").drop_nulls(of).sort(of)["configuration"].to_list()
    if len(order) <= 2 * FEW:
        return where
    chosen = f"configuration in ({', '.join(repr(each) for each in (*order[:FEW], *order[-FEW:]))})"
    return f"({where}) and {chosen}" if where else chosen


def draw(subject: Subject) -> Any:
    of = subject.request.of or "e_v"
    rows = rows_of(subject)
    keys = ["repeats", "difference", "difference_low", "difference_high"]
    frame = pl.DataFrame([{key: row[key] for key in keys} for row in rows])
    plan = plan_of(rows[-1])
    x = x_of([*frame["repeats"], *plan])
    y = alt.Y(
        "difference:Q",
        title=f"difference in {measure_words(of)}",
        scale=alt.Scale(zero=True),
        axis=alt.Axis(format=".6~g"),
    )
    low = alt.Y("difference_low:Q", scale=y["scale"], title=y["title"])
    base, color = alt.Chart(frame), subject.theme.series()[0]
    zero = alt.Chart(pl.DataFrame({"difference": [0.0]})).mark_rule(color=subject.theme.faint_ink, strokeDash=[2, 4])
    layers = [
        base.mark_area(opacity=1, fillOpacity=0.18, color=color).encode(x=x, y=low, y2=alt.Y2("difference_high:Q")),
        # A band cannot show a single number of repeats, so draw bars, too.
        base.mark_rule(strokeWidth=1.5, opacity=0.6, color=color).encode(x=x, y=low, y2=alt.Y2("difference_high:Q")),
        zero.encode(y=y),
        base.mark_line(color=color, strokeWidth=2.2).encode(x=x, y=y),
        base.mark_point(filled=True, size=60, color=color, opacity=1).encode(
            x=x, y=y, tooltip=[alt.Tooltip(f"{key}:Q", format=".4g") for key in keys]
        ),
        *plan_line(subject, plan, x),
    ]
    names = dict(subject.configurations.select("configuration", "label").iter_rows())
    best, second = rows[-1]["against"], rows[-1]["configuration"]
    return parts.finished(
        alt.layer(*layers).properties(width=subject.width, height=round(subject.width * 0.55)),
        subject,
        f"{subject.name}: how many repeats tell the two best configurations apart",
        f"Difference: {measure_words(of)} of {short(names[second], 60)} minus that of {short(names[best], 60)}. "
        "Band: 95 % interval.",
        f"{planned(rows[-1])} {by_luck(rows)}",
    )


def plan_of(row: Row) -> list[int]:
    """The number of repeats to plan, if it is not so large that the repeats themselves would be hard to see."""
    needed = row["repeats_needed"]
    return [needed] if needed is not None and FEWEST <= needed <= FARTHEST * row["repeats"] else []


def x_of(numbers: Sequence[int]) -> alt.X:
    return alt.X("repeats:Q", title="repeats", scale=along.number_scale(numbers), axis=along.number_axis(numbers))


def plan_line(subject: Subject, plan: Sequence[int], x: alt.X) -> list[alt.Chart]:
    """A line at the number of repeats to plan."""
    if not plan:
        return []
    base = alt.Chart(pl.DataFrame({"repeats": plan, "text": [f"plan about {number}" for number in plan]})).encode(x=x)
    line = base.mark_rule(color=subject.theme.ink, strokeWidth=1.5, strokeDash=[6, 3])
    words = base.mark_text(align="right", dx=-6, dy=8, fontSize=11, color=subject.theme.ink)
    return [line, words.encode(y=alt.YValue(0), text=alt.Text("text:N"))]
