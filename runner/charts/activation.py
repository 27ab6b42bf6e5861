"""Activation functions and their derivatives; for a trial, with the parameters before and after training."""

import json
from collections.abc import Iterator
from typing import Any

import altair as alt
import numpy as np
import polars as pl
from fitgap.core.activations.activation import Activation
from fitgap.runner.charts import along, parts
from fitgap.runner.charts.left_out import shows_pruned
from fitgap.runner.charts.settings import short
from fitgap.runner.charts.subject import Subject
from fitgap.runner.names import plainer
from fitgap.runner.spec import Configuration

RANGE, POINTS = 4.0, 161
MOST_FUNCTIONS = 8
PARAMETERS = ("beta", "gamma")
BEFORE, AFTER = "before training", "after training"


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    return None if list(functions(subject)) else "its networks have no hidden layer with an activation function"


def functions(subject: Subject) -> Iterator[tuple[str, Activation]]:
    """The distinct functions of the hidden layers with their labels, in the order of the configurations."""
    wanted = set(subject.trials["configuration"].to_list())
    rows = subject.store.configurations(subject.sweep["id"])
    seen: dict[str, Activation] = {}
    known: set[str] = set()
    for row in rows:
        settings = row["settings"]
        key = json.dumps([settings.get("activation"), len(settings.get("architecture", ()))], sort_keys=True)
        if row["hash"] not in wanted or key in known:
            continue
        known.add(key)
        configuration = Configuration.from_canonical(settings)
        for layer in range(1, len(configuration.architecture) + 1):
            for choice in configuration.functions(layer):
                seen.setdefault(short(plainer(choice.label)), choice.variant)
    yield from list(seen.items())[:MOST_FUNCTIONS]


def draw(subject: Subject) -> Any:
    series = curves(subject)
    frame = pl.concat(series)
    names = list(dict.fromkeys(frame["series"].to_list()))
    colors = along.series_color(subject, names, "function")["color"]
    phases = [phase for phase in (AFTER, BEFORE) if phase in frame["phase"].to_list()]
    dash = alt.StrokeDash(
        "phase:N",
        scale=alt.Scale(domain=[AFTER, BEFORE], range=[[1, 0], [4, 4]]),
        legend=alt.Legend(title=None, symbolStrokeColor=subject.theme.ink) if len(phases) > 1 else None,
    )
    width = (subject.width - 60) // 2
    base = alt.Chart(frame).mark_line(strokeWidth=2.2)
    x = alt.X("x:Q", title="x", scale=alt.Scale(domain=[-RANGE, RANGE], nice=False))
    panels = [
        base.encode(
            x=x, y=alt.Y(f"{field}:Q", title=title), color=colors, strokeDash=dash, detail=alt.Detail("line:N")
        ).properties(width=width, height=round(width * 0.9))
        for field, title in (("value", "f(x)"), ("slope", "f′(x)"))
    ]
    learned = "Dotted: before training. Solid: after training, one line per layer." if len(phases) > 1 else ""
    return parts.finished(
        alt.hconcat(*panels, spacing=30),
        subject,
        f"{subject.name}: activation functions and their derivatives",
        "Where f′ is 0, a unit passes no error back; where it is small, learning is slow.",
        learned,
        shows_pruned=shows_pruned("activation", subject),
    )


def curves(subject: Subject) -> list[pl.DataFrame]:
    """The curves of all functions, before training and, if a trial has learned their parameters, after it."""
    found = [curve(name, function, BEFORE, {}) for name, function in functions(subject)]
    if subject.trial is None:
        return [each.with_columns(pl.lit(AFTER).alias("phase")) for each in found]
    learned = subject.store.show(subject.trial)["learned"] or {}
    layers: dict[str, dict[str, float]] = {}
    for key, value in learned.items():
        # Such as `layer_1.0.beta`: layer, position of the function within it, parameter.
        place, _, parameter = key.rpartition(".")
        layers.setdefault(place, {})[parameter] = value
    (name, function), *_ = functions(subject)
    return [*found, *(curve(name, function, AFTER, values, place) for place, values in layers.items())]


def curve(name: str, function: Activation, phase: str, learned: dict[str, float], place: str = "") -> pl.DataFrame:
    """A function and its derivative; learned values of β and γ replace its own."""
    x = np.linspace(-RANGE, RANGE, POINTS)
    given = {key: getattr(function, key) for key in PARAMETERS if key in function.parameters()} | learned
    stacked = {key: np.full((1, 1, 1), value) for key, value in given.items()}
    points = x[None, :, None].copy()
    value, slope = np.empty_like(points), np.empty_like(points)
    function.value(points.copy(), value, **stacked)
    function.derivative(points.copy(), value.copy(), slope, **stacked)
    line = f"{name} {phase} {place}"
    return pl.DataFrame({"x": x, "value": value.ravel(), "slope": slope.ravel()}).with_columns(
        pl.lit(name).alias("series"), pl.lit(phase).alias("phase"), pl.lit(line).alias("line")
    )
