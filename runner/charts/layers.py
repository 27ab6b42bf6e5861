"""Layers: dead, saturated and near-zero shares and the growth of the weights, by layer, as heat maps side by side."""

from collections.abc import Iterator
from typing import Any

import altair as alt
import polars as pl
from fitgap.runner.charts import parts
from fitgap.runner.charts.settings import short
from fitgap.runner.charts.subject import Subject

# Evidence is read for at most this many trials, and shown for at most so many groups of settings.
MOST_TRIALS, MOST_GROUPS = 400, 24
USUAL = ("architecture", "activation")
ROW, LEAST_HEIGHT = 26, 60
SHARES = {
    "dead": "units that always give the same output",
    "saturated": "units with a slope near 0",
    "near_zero": "weights near 0",
}
GROWTH = "growth of the weights"
SCHEMA = {"trial": pl.Int64, "layer": pl.Int64, **dict.fromkeys((*SHARES, "growth"), pl.Float64)}
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
        rows = [row for found in subject.store.facts(chosen.to_list()) for row in layers_of(found)]
        subject.__dict__["layer_statistics"] = pl.DataFrame(rows, schema=SCHEMA)
    frame: pl.DataFrame = subject.__dict__["layer_statistics"]
    return frame


def layers_of(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number, layer in enumerate((found["statistics"] or {}).get("layers", []), start=1):
        yield {
            "trial": found["trial"],
            "layer": number,
            "dead": layer["dead"] / layer["units"],
            "saturated": layer["saturated"] / layer["units"],
            "near_zero": layer["near_zero"] / layer["weights"],
            "growth": layer["rms"] / layer["rms_start"] if layer["rms_start"] else None,
        }


def draw(subject: Subject) -> Any:
    frame, groups = grouped(subject)
    height = max(LEAST_HEIGHT, ROW * len(groups))
    width = max(70, (subject.width - 30 * len(SHARES)) // (len(SHARES) + 1))
    panels = [
        panel(subject, frame, name, title, place == 0, groups).properties(width=width, height=height)
        for place, (name, title) in enumerate({**SHARES, "growth": GROWTH}.items())
    ]
    trials = statistics(subject)["trial"].n_unique()
    of = subject.completed.height
    some = f" From {trials:,} of {of:,} trials, chosen at random." if trials < of else ""
    return parts.finished(
        alt.hconcat(*panels, spacing=16),
        subject,
        f"{subject.name}: the state of the layers after the last epoch",
        worst(frame),
        f"Shares in percent; growth is a factor (1: unchanged). The last layer is the output.{some}",
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
        statistics(subject).join(trials, on="trial").group_by("group", "layer").agg(pl.col(*SHARES, "growth").mean())
    )
    orders = [axis.order for axis in axes]
    wanted = orders[0] if len(orders) == 1 else [f"{a} · {b}" for a in orders[0] for b in orders[1]] if orders else []
    present = set(frame["group"].to_list())
    groups = [name for name in wanted if name in present] or sorted(present)
    shown = groups[:MOST_GROUPS]
    return frame.filter(pl.col("group").is_in(shown)).sort("layer"), shown


def panel(subject: Subject, frame: pl.DataFrame, name: str, title: str, is_first: bool, groups: list[str]) -> Any:
    is_share = name != "growth"
    rows = frame.select("group", "layer", pl.col(name).alias("value")).with_columns(text_of(is_share).alias("text"))
    axis = alt.Axis(labelLimit=180) if is_first else alt.Axis(labels=False, ticks=False)
    base = alt.Chart(rows).encode(
        x=alt.X("layer:O", title="layer", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("group:N", sort=groups, title=None, axis=axis),
    )
    if is_share:
        scale = alt.Scale(scheme="viridis", domain=[0, 1], reverse=True)
        is_light = alt.datum.value < 0.5
    else:
        scale = alt.Scale(scheme="blueorange", type="log", domain=[LEAST_GROWTH, MOST_GROWTH], domainMid=1, clamp=True)
        is_light = (alt.datum.value > 0.4) & (alt.datum.value < 2.5)
    ink = alt.condition(is_light, alt.value("#111111"), alt.value("#ffffff"))
    tiles = base.mark_rect().encode(color=alt.Color("value:Q", scale=scale, legend=None))
    texts = base.mark_text(fontSize=10).encode(text="text:N", color=ink)
    words = [part for part in (title[: title.find(" ", 12)], title[title.find(" ", 12) + 1 :]) if part]
    heading = alt.TitleParams(words, fontSize=11, color=subject.theme.ink, anchor="start")
    return alt.layer(tiles, texts).properties(title=heading).resolve_scale(color="independent")


def text_of(is_share: bool) -> pl.Expr:
    value = pl.col("value")
    return (100 * value).round(0).cast(pl.Int64).cast(pl.String) if is_share else value.round(2).cast(pl.String)


def worst(frame: pl.DataFrame) -> str:
    """The largest share of dead or saturated units in words."""
    found = [
        (row[name], name, row) for row in frame.to_dicts() for name in ("dead", "saturated") if row[name] is not None
    ]
    share, name, row = max(found, key=lambda each: each[0], default=(0.0, "", {}))
    if share < 0.01:
        return "No layer has dead or saturated units."
    return f"Worst: {100 * share:.0f} % {name} units in layer {row['layer']} of {short(row['group'])}."
