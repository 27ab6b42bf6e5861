"""Parts that the charts share: scales, the encoding of verdicts, titles, sampling."""

import json
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.broken_names import broken
from fitgap.runner.charts.left_out import pruned_words
from fitgap.runner.charts.palette import NOT_JUDGED, VERDICTS, style_of
from fitgap.runner.charts.settings import LONGEST_LABEL, Axis, short
from fitgap.runner.charts.statistics import is_wide
from fitgap.runner.charts.subject import Subject, words

PIXELS_PER_LETTER = 6.1
TITLE_PIXELS_PER_LETTER = 8.0
LONGEST_TITLE = 140
# Longer labels are wrapped. Up to FEW long ones are horizontal below a chart, and share LETTERS_BELOW letters per line.
LONGEST_LINE, FEW, LETTERS_BELOW = 26, 6, 100
# The height of a line of a label.
LINE = 14


def finished(chart: Any, subject: Subject, title: str, *lines: str, shows_pruned: bool = False) -> Any:
    """The chart with its title, lines of text below the title, and the colors of the theme.

    The last line says how many trials were pruned, unless the chart shows these too.
    """
    width = subject.width + 80
    lines = (*lines, "" if shows_pruned else pruned_words(subject))
    folded = [part for line in lines if line for part in textwrap.wrap(line, int(width / PIXELS_PER_LETTER))]
    heading = textwrap.wrap(short(title, LONGEST_TITLE), int(width / TITLE_PIXELS_PER_LETTER))
    text = alt.TitleParams(text=heading, subtitle=folded)
    return chart.properties(title=text).configure(**subject.theme.config())


def error_scale(values: Iterable[float], **more: Any) -> alt.Scale:
    """A scale for errors: logarithmic if all are positive and span more than a factor of 10; it need not include 0."""
    if is_wide(values):
        return alt.Scale(type="log", nice=False, **more)
    return alt.Scale(zero=False, **{"nice": True, **more})


def scale_words(values: Iterable[float]) -> str:
    return " (log scale)" if is_wide(values) else ""


def verdicts_of(frame: pl.DataFrame, column: str = "verdict") -> list[str]:
    """The verdicts that occur, in the order of `VERDICTS`."""
    found = frame[column].unique().to_list()
    order = [*VERDICTS, NOT_JUDGED]
    return sorted(found, key=lambda name: order.index(name) if name in order else len(order))


def verdict_color(subject: Subject, verdicts: Sequence[str], field: str = "verdict", **more: Any) -> alt.Color:
    """The colors of verdicts, with their legend."""
    scale = alt.Scale(domain=list(verdicts), range=[subject.theme.color(each) for each in verdicts])
    return alt.Color(f"{field}:N", title="verdict", scale=scale, **{"legend": verdict_legend(), **more})


def verdict_shape(verdicts: Sequence[str], field: str = "verdict") -> alt.Shape:
    """The shapes of verdicts, which share the legend of the colors."""
    scale = alt.Scale(domain=list(verdicts), range=[style_of(each).shape for each in verdicts])
    return alt.Shape(f"{field}:N", title="verdict", scale=scale, legend=verdict_legend())


def verdict_legend() -> alt.Legend:
    return alt.Legend(labelExpr="replace(datum.label, '_', ' ')", symbolOpacity=1, symbolSize=110)


def ordinal(axis: Axis, field: str, **more: Any) -> alt.X:
    """A horizontal axis with the labels of the settings in their natural order."""
    is_long = any(len(label) > LONGEST_LABEL for label in axis.order)
    if is_long and len(axis.order) <= FEW:
        look = {"labelAngle": 0, "labelLimit": 0, **in_lines(axis.order, LETTERS_BELOW // len(axis.order))}
    else:
        crowded = len(axis.order) > 5 or any(len(label) > 12 for label in axis.order)
        look = {"labelAngle": -35 if crowded else 0, "labelLimit": 160, **in_lines(axis.order, LONGEST_LINE)}
    label = alt.Axis(labelOverlap=True, **look)
    return alt.X(f"{field}:O", sort=axis.order, title=axis.title, axis=label, **more)


def in_lines(labels: Sequence[str], letters: int) -> dict[str, Any]:
    """The Vega option that wraps the labels of an axis after `letters` letters; empty if no label is longer."""
    if all(len(label) <= letters for label in labels):
        return {}
    # Look up the wrapped lines, since Vega expressions cannot wrap text.
    lines = [broken(label, letters) for label in labels]
    return {"labelExpr": f"{json.dumps(lines)}[indexof({json.dumps(list(labels))}, datum.label)]"}


def rows_beside(labels: Sequence[str]) -> tuple[dict[str, Any], int]:
    """The Vega options of the labels to the left of a chart, and the minimum height of a row in pixels."""
    lines = max((len(broken(label, LONGEST_LINE)) for label in labels), default=1)
    return {"labelLimit": 200, **in_lines(labels, LONGEST_LINE)}, LINE * lines + LINE // 2


def sampled(frame: pl.DataFrame, what: str, keep: pl.Expr, most: int) -> tuple[Any, str]:
    """At most `most` rows, always the same ones, and a sentence that says so if there were more.

    Rows for which `keep` holds come first; they take at most half of the places.
    """
    if frame.height <= most:
        return frame, ""
    marked = frame.with_columns(keep.fill_null(False).alias("_keep"))
    kept = marked.filter("_keep").head(most // 2)
    others = marked.filter(~pl.col("_keep")).sample(most - kept.height, seed=0)
    return pl.concat([kept, others]).drop("_keep"), f"{most:,} of {frame.height:,} {what} are drawn, chosen at random."


def counted_verdicts(subject: Subject) -> str:
    """Such as `4 overfit · 2 good`."""
    return " · ".join(f"{count:,} {words(verdict)}" for verdict, count in subject.counts().items())


def columns_for_tooltip(subject: Subject, *numbers: str) -> list[alt.Tooltip]:
    """The tooltip of a configuration."""
    titles = {"label": "configuration", "trial": "first trial"}
    texts = [alt.Tooltip(f"{name}:N", title=titles.get(name, name)) for name in ("label", "verdict", "trial")]
    return [*texts, *(alt.Tooltip(f"{name}:Q", title=name, format=".4g") for name in numbers)]


def constant_line(subject: Subject, y: alt.Y) -> list[alt.Chart]:
    """A line at the E_v of the best constant prediction, if it is known."""
    if subject.constant_e_v is None:
        return []
    base = alt.Chart(pl.DataFrame({"value": [subject.constant_e_v]})).encode(y=y)
    return [base.mark_rule(strokeDash=[2, 4], color=subject.theme.faint_ink, strokeWidth=1.5)]


def constant_words(subject: Subject) -> str:
    """A sentence for the subtitle that explains the line."""
    return "" if subject.constant_e_v is None else " Dotted: E_v of a constant prediction."


def end_labels(subject: Subject, last: pl.DataFrame, x: alt.X, y: alt.Y, **mark: Any) -> list[alt.Chart]:
    """The names (`side`) of two curves at their ends: above the end of the upper curve, below that of the lower one."""
    drawn = []
    for place, row in enumerate(last.sort("value").to_dicts()):
        is_upper = place == last.height - 1
        base = alt.Chart(pl.DataFrame([row])).encode(x=x, y=y, text=alt.Text("side:N"))
        given = {"align": "left", "dx": 6, "fontSize": 11, "color": subject.theme.ink, **mark}
        drawn.append(base.mark_text(dy=-6 if is_upper else 7, **given))
    return drawn
