"""Importance: how much of the variance of a measure each setting, each pair of settings, and chance explain."""

from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import parts
from fitgap.runner.charts.request import measure_words
from fitgap.runner.charts.settings import TITLES, short
from fitgap.runner.charts.subject import Subject

MOST_BARS = 14
BAR = 24
# Pairs with smaller shares are left out.
SMALL = 0.005
KINDS = {
    "axis": "one setting",
    "pair": "two settings together",
    "rest": "three or more together",
    "repeat": "repeats: luck of the split",
    "noise": "noise",
}


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    if subject.request.trials:
        return "it is about a whole sweep, not about single trials"
    if subject.request.of == "verdict":
        return "a verdict has no variance"
    return None if rows_of(subject) else "no two completed trials differ both in their settings and in their errors"


def rows_of(subject: Subject) -> list[dict[str, Any]]:
    of = subject.request.of or "e_v"
    rows = subject.store.importance(subject.name, [of], where=subject.request.where)
    return [row for row in rows if row["kind"] in KINDS]


def draw(subject: Subject) -> Any:
    of = subject.request.of or "e_v"
    rows = rows_of(subject)
    shown = sorted((row for row in rows if is_shown(row)), key=lambda row: -row["share"])
    shown = [*(row for row in shown if row["kind"] != "noise"), *(row for row in shown if row["kind"] == "noise")]
    frame = pl.DataFrame(
        {
            "effect": [short(TITLES.get(row["effect"], row["effect"]).replace("_", " ")) for row in shown],
            "kind": [KINDS[row["kind"]] for row in shown],
            # A small share may be estimated below 0; a bar of negative length would mean nothing.
            "share": [max(0.0, row["share"]) for row in shown],
            "text": [f"{100 * row['share'] + 0.0:.1f} %" for row in shown],
        }
    ).head(MOST_BARS)
    present = [kind for kind in KINDS.values() if kind in frame["kind"].to_list()]
    colors = dict(
        zip(KINDS.values(), [*subject.theme.series()[:1], "#56B4E9", "#CC79A7", "#999999", "#999999"], strict=True)
    )
    title = f"share of the variance of {measure_words(of)}"
    base = alt.Chart(frame).encode(
        y=alt.Y("effect:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
        x=alt.X("share:Q", title=title, axis=alt.Axis(format="~%", tickCount=6)),
    )
    scale = alt.Scale(domain=present, range=[colors[kind] for kind in present])
    bars = base.mark_bar().encode(
        color=alt.Color("kind:N", title=None, scale=scale, legend=alt.Legend(orient="bottom", columns=3))
    )
    text = base.mark_text(align="left", dx=4, fontSize=11, color=subject.theme.ink).encode(text=alt.Text("text:N"))
    trials = f"{rows[0]['trials']:,} completed trials"
    return parts.finished(
        alt.layer(bars, text).properties(width=subject.width, height=BAR * frame.height),
        subject,
        f"{subject.name}: which settings matter for {measure_words(of)}",
        answer(frame),
        f"From {trials}. Shares add up to 100 %.{caution(rows[0])}",
    )


def caution(row: dict[str, Any]) -> str:
    """A caution if most values are estimated, since most combinations of settings were not trained to their end."""
    if row["filled"] <= row["trials"]:
        return ""
    return f" Read with care: {row['filled']:,} of {row['filled'] + row['trials']:,} values are estimated."


def is_shown(row: dict[str, Any]) -> bool:
    return row["kind"] != "pair" or row["share"] >= SMALL


def answer(frame: pl.DataFrame) -> str:
    """The largest share in words."""
    largest = frame.filter(pl.col("kind") == KINDS["axis"]).sort("share", descending=True)
    if largest.is_empty() or largest["share"][0] <= 0:
        return "No setting matters by itself."
    return f"Most by itself: {largest['effect'][0]} ({largest['text'][0]})."
