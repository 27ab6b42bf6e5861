"""Layers: dead, saturated and near-zero shares, growth and gradient size by layer, as heat maps side by side."""

import textwrap
from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import parts
from fitgap.runner.charts.settings import LONGEST_DISTINCT, short
from fitgap.runner.charts.statistics import known
from fitgap.runner.charts.subject import Subject

# The maximum number of trials whose evidence is read, and of groups of settings that are shown.
MOST_TRIALS, MOST_GROUPS = 400, 24
USUAL = ("architecture", "activation")
ROW, LEAST_HEIGHT = 26, 60
SHARES = {
    "dead": "units that always give the same output",
    "saturated": "units with a slope near 0",
    "near_zero": "weights near 0",
}
SIZES = {"growth": "growth of the weights", "gradient": "size of the gradient"}
SCHEMA = {"trial": pl.Int64, "layer": pl.Int64, "name": pl.String, **dict.fromkeys((*SHARES, *SIZES), pl.Float64)}
# Minimum cell widths for numbers, in pixels; narrower cells show only colors.
ROOM = {**dict.fromkeys(SHARES, 12), "growth": 26, "gradient": 30}
# Growth is drawn between these factors.
LEAST_GROWTH, MOST_GROWTH = 0.25, 4.0


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    if subject.completed.is_empty():
        return "no trial has completed"
    return None if statistics(subject).height else "no layer statistics are stored for its trials"


def statistics(subject: Subject) -> pl.DataFrame:
    """One row per layer of some completed trials, with shares of units and weights, and the growth of the weights."""
    if "layer_statistics" not in subject.__dict__:
        numbers = subject.completed["trial"]
        chosen = numbers if len(numbers) <= MOST_TRIALS else numbers.sample(MOST_TRIALS, seed=0).sort()
        rows = subject.store.layers_of_trials(chosen.to_list())
        found = [{name: row[name] for name in SCHEMA} for row in rows]
        subject.__dict__["layer_statistics"] = pl.DataFrame(found, schema=SCHEMA)
    frame: pl.DataFrame = subject.__dict__["layer_statistics"]
    return frame


def draw(subject: Subject) -> Any:
    frame, groups = grouped(subject)
    _, least = parts.rows_beside(groups)
    height = max(LEAST_HEIGHT, max(ROW, least) * len(groups))
    # The evidence of earlier versions has no gradients.
    shown = [name for name in ROOM if frame[name].count()]
    width = max(70, (subject.width - 30 * (len(shown) - 1)) // len(shown))
    panels = [panel(subject, frame, name, groups, width).properties(width=width, height=height) for name in shown]
    trials = statistics(subject)["trial"].n_unique()
    of = subject.completed.height
    some = f" From {trials:,} of {of:,} trials, chosen at random." if trials < of else ""
    return parts.finished(
        alt.hconcat(*panels, spacing=16),
        subject,
        f"{subject.name}: the state of the layers after the last epoch",
        worst(frame),
        f"Shares in percent; growth is a factor (1: unchanged); the darker a gradient, the smaller. "
        f"The last layer is the output.{some}",
    )


def grouped(subject: Subject) -> tuple[pl.DataFrame, list[str]]:
    """Means by group of settings and layer, and the groups in the order of their settings."""
    names = [name for name in subject.request.by or USUAL if name in subject.axes or subject.request.by]
    axes = [subject.axis(name) for name in names][:2]
    if axes:
        texts = [pl.col(axis.name).replace_strict(axis.labels, return_dtype=pl.String) for axis in axes]
        group = pl.concat_str(texts, separator=" · ")
    else:
        group = pl.lit("all trials" if subject.trial is None else f"trial {subject.trial}")
    trials = subject.completed.select("trial", group.alias("group"))
    frame = (
        statistics(subject)
        .join(trials, on="trial")
        .group_by("group", "layer", maintain_order=True)
        .agg(pl.col(*SHARES, *SIZES).mean(), names=pl.col("name").unique())
    )
    orders = [axis.order for axis in axes]
    wanted = orders[0] if len(orders) == 1 else [f"{a} · {b}" for a in orders[0] for b in orders[1]] if orders else []
    present = set(frame["group"].to_list())
    groups = [name for name in wanted if name in present] or sorted(present)
    shown = groups[:MOST_GROUPS]
    return frame.filter(pl.col("group").is_in(shown)).sort("layer"), shown


def panel(subject: Subject, frame: pl.DataFrame, name: str, groups: list[str], width: int) -> Any:
    rows = frame.select("group", "layer", pl.col(name).alias("value")).with_columns(text_of(name).alias("text"))
    is_first = name == next(iter(SHARES))
    axis = alt.Axis(**parts.rows_beside(groups)[0]) if is_first else alt.Axis(labels=False, ticks=False)
    base = alt.Chart(rows).encode(
        x=alt.X("layer:O", title="layer", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("group:N", sort=groups, title=None, axis=axis),
    )
    scale, is_light = scale_of(name, known(rows["value"]))
    ink = alt.condition(is_light, alt.value("#111111"), alt.value("#ffffff"))
    tiles = base.mark_rect().encode(color=alt.Color("value:Q", scale=scale, legend=None))
    is_roomy = width / rows["layer"].n_unique() >= ROOM[name]
    texts = base.mark_text(fontSize=10, opacity=1 if is_roomy else 0).encode(text=alt.Text("text:N"), color=ink)
    words = textwrap.wrap({**SHARES, **SIZES}[name], max(12, width // 7))
    heading = alt.TitleParams(words, fontSize=11, color=subject.theme.ink, anchor="start")
    return alt.layer(tiles, texts).properties(title=heading).resolve_scale(color="independent")


def scale_of(name: str, values: list[float]) -> tuple[alt.Scale, Any]:
    """The color scale of a measure, and the condition for colors so light that the text must be dark."""
    if name in SHARES:
        return alt.Scale(scheme="viridis", domain=[0, 1], reverse=True), alt.datum.value < 0.5
    if name == "growth":
        domain = [LEAST_GROWTH, MOST_GROWTH]
        scale = alt.Scale(scheme="blueorange", type="log", domain=domain, domainMid=1, clamp=True)
        return scale, (alt.datum.value > 0.4) & (alt.datum.value < 2.5)
    # Gradients of 0 are as dark as the smallest one: a logarithmic scale has no 0.
    positive = [value for value in values if value > 0] or [1.0]
    low, high = min(positive), max(positive)
    scale = alt.Scale(scheme="viridis", type="log", domain=[low, high if high > low else 10 * low], clamp=True)
    return scale, alt.datum.value > (low * high) ** 0.5


def text_of(name: str) -> pl.Expr:
    value = pl.col("value")
    if name in SHARES:
        return (100 * value).round(0).cast(pl.Int64).cast(pl.String)
    if name == "growth":
        return value.round(2).cast(pl.String)
    return value.map_elements(lambda size: f"{size:.0e}".replace("e-0", "e-"), pl.String)


def worst(frame: pl.DataFrame) -> str:
    """The largest share of dead or saturated units in words."""
    found = [
        (row[name], name, row) for row in frame.to_dicts() for name in ("dead", "saturated") if row[name] is not None
    ]
    share, name, row = max(found, key=lambda each: each[0], default=(0.0, "", {}))
    if share < 0.01:
        return "No layer has dead or saturated units."
    group = short(row["group"], LONGEST_DISTINCT)
    return f"Worst: {100 * share:.0f} % {name} units in {name_in_words(row)} of {group}."


def name_in_words(row: dict[str, Any]) -> str:
    """The number of a layer, and its name if that is the same in all networks of the group."""
    number, names = f"layer {row['layer']}", row["names"]
    return number if len(names) != 1 or names[0] == number else f"{names[0]} ({number})"
