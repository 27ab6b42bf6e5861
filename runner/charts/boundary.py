"""Decision boundaries: the answers of networks with two inputs over the plane, with the examples on top."""

import math
from typing import Any

import altair as alt
import numpy as np
import polars as pl
from fitgap.runner.charts import parts
from fitgap.runner.charts.curves import examples
from fitgap.runner.charts.settings import short
from fitgap.runner.charts.subject import Subject, words
from fitgap.runner.errors import ChartError
from fitgap.runner.models.named_model import NamedModel
from fitgap.runner.models.trial_models import model_of_trial
from fitgap.runner.planning.data_variants import variant_of
from fitgap.runner.retraining import stored_trial
from fitgap.runner.used_examples import Side, UsedExamples, examples_of_repeat

SIDE = 41
MOST_EXAMPLES, MOST_PANELS, PANELS_PER_ROW = 250, 6, 3
# Four panels look better as a square.
SQUARE = 4
INPUTS = 2
# How the examples of each side are marked. Squares with a dark edge stand out from the circles in any color.
LOOKS: dict[str, dict[str, Any]] = {
    Side.UNUSED: {"shape": "cross", "size": 20, "strokeWidth": 0.0},
    Side.TRAINING: {"shape": "circle", "size": 30, "strokeWidth": 0.0},
    Side.VALIDATION: {"shape": "square", "size": 34, "strokeWidth": 1.3},
    Side.TEST: {"shape": "triangle", "size": 34, "strokeWidth": 1.3},
}


def unsuitable(subject: Subject) -> str | None:
    subject.require(subject.trials, "trials")
    if subject.completed.is_empty():
        return "no trial has completed"
    count = inputs_of(subject)
    return None if count == INPUTS else f"its examples have {count} inputs, but this chart needs two"


def inputs_of(subject: Subject) -> int:
    """The number of inputs, from the layers of a network, such as `2-8-1` or `8x8x1-conv8x3-10`."""
    row = subject.store.show(subject.completed["trial"][0])
    return math.prod(map(int, str(row["layers"]).partition("-")[0].split("x")))


def draw(subject: Subject) -> Any:
    numbers = trials_of(subject)
    if len(numbers) > MOST_PANELS:
        raise ChartError(f"boundary shows at most {MOST_PANELS} trials, not {len(numbers)}; name fewer with --trials")
    columns = 2 if len(numbers) == SQUARE else min(len(numbers), PANELS_PER_ROW)
    width = (subject.width - 40 * (columns - 1)) // columns
    panels = [panel(subject, number, title, width) for number, title in numbers.items()]
    return parts.finished(
        alt.concat(*panels, columns=columns, spacing=20),
        subject,
        f"{subject.name}: what the networks predict over the plane",
        f"Background: the prediction after the {subject.request.at} epoch. "
        "Points: examples, in the color of their targets; circles: training, outlined squares: validation.",
    )


def trials_of(subject: Subject) -> dict[int, str]:
    """The trials to show with their titles: the chosen ones, or the reference and the worst of each verdict."""
    done = subject.completed
    if subject.request.trials:
        chosen = done.filter(pl.col("trial").is_in(list(subject.request.trials)))
        labels = dict(subject.configurations.select("configuration", "label").iter_rows()) if subject.axes else {}
        return {row["trial"]: title_of(row, labels.get(row["configuration"])) for row in chosen.to_dicts()}
    found: dict[int, str] = {}
    for row in examples(subject):
        first = done.filter(pl.col("configuration") == row["configuration"])["trial"].head(1).to_list()
        title = "reference" if row["configuration"] == subject.reference else words(row["verdict"])
        found |= {number: f"{title}: {row['label']}" for number in first}
    return dict(list(found.items())[:MOST_PANELS])


def title_of(row: dict[str, Any], label: str | None) -> str:
    """The title of a chosen trial: its number, the label of its configuration, and its verdict."""
    return f"trial {row['trial']}: {', '.join(part for part in (label, words(row['judged'] or '')) if part)}"


def panel(subject: Subject, number: int, title: str, width: int) -> Any:
    trial, prepared = stored_trial(subject.store, subject.store.show(number))
    named = model_of_trial(subject.store, number, at=subject.request.at)
    dataset = prepared.dataset.of_repeat(trial.repeat)
    inputs, targets = dataset.inputs, dataset.targets
    plane, steps = grid(inputs)
    color = colors(subject, named, np.asarray(targets, float))
    field = "answer:N" if named.class_names else "answer:Q"
    sides = [alt.X, alt.Y]
    places = [
        side(f"{name}:Q", title=short(axis, 24), scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(tickCount=4))
        for side, name, axis in zip(sides, "xy", named.input_names, strict=True)
    ]
    # Each tile shows the answer at its center.
    tiles = pl.DataFrame({"x": plane[:, 0], "y": plane[:, 1], **answers(named, plane + steps / 2)})
    tiles = tiles.with_columns((pl.col("x") + steps[0]).alias("x2"), (pl.col("y") + steps[1]).alias("y2"))
    background = (
        alt.Chart(tiles)
        .mark_rect(fillOpacity=0.35, opacity=1, strokeWidth=0)
        .encode(x=places[0], x2=alt.X2("x2:Q"), y=places[1], y2=alt.Y2("y2:Q"), color=color(field))
    )
    heading = alt.TitleParams(short(title, max(16, width // 7)), fontSize=12, color=subject.theme.ink, anchor="start")
    used = examples_of_repeat(
        prepared, variant_of(trial.configuration, prepared.sweep), trial.repeat, None, scaled=False
    )
    found = points_of(named, used)
    layers = [
        alt.Chart(found.filter(pl.col("side") == side))
        .mark_point(filled=True, stroke=subject.theme.ink, opacity=1, **look)
        .encode(x=places[0], y=places[1], color=color(field))
        for side, look in LOOKS.items()
        if side in found["side"].to_list()
    ]
    return alt.layer(background, *layers).properties(width=width, height=width, title=heading)


def grid(inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lower left corners of the tiles (SIDE², 2) around the examples, and the sizes of a tile."""
    low, high = np.nanmin(inputs, axis=0), np.nanmax(inputs, axis=0)
    margin = 0.08 * np.where(high > low, high - low, 1.0)
    low, high = low - margin, high + margin
    steps = (high - low) / SIDE
    lines = [low[side] + steps[side] * np.arange(SIDE) for side in range(INPUTS)]
    return np.stack(np.meshgrid(*lines), axis=-1).reshape(-1, INPUTS), steps


def answers(named: NamedModel, plane: np.ndarray) -> dict[str, Any]:
    found = named.model.predict(plane)
    if named.class_names:
        names = [*named.class_names, "unrecognized"]
        return {"answer": [names[int(each)] for each in found]}
    return {"answer": np.asarray(found, float).reshape(len(plane), -1)[:, 0]}


def points_of(named: NamedModel, used: UsedExamples) -> pl.DataFrame:
    """Some of the examples with their right answers and their sides."""
    chosen = np.random.default_rng(0).permutation(len(used.inputs))[:MOST_EXAMPLES]
    right = np.asarray(used.targets, float).reshape(len(used.targets), -1)[chosen, 0]
    answer = [named.class_names[int(each)] for each in right] if named.class_names else right
    inputs, sides = used.inputs[chosen], [str(each) for each in used.sides[chosen]]
    return pl.DataFrame({"x": inputs[:, 0], "y": inputs[:, 1], "answer": answer, "side": sides})


def colors(subject: Subject, named: NamedModel, targets: np.ndarray) -> Any:
    """A function that returns the color encoding of answers in a field."""
    if named.class_names:
        palette = subject.theme.series()
        names = list(named.class_names)
        scale = alt.Scale(domain=names, range=[palette[number % len(palette)] for number in range(len(names))])
        return lambda field: alt.Color(field, title="class", scale=scale, legend=alt.Legend(symbolOpacity=1))
    scale = alt.Scale(scheme=subject.theme.scheme, domain=[float(targets.min()), float(targets.max())], clamp=True)
    return lambda field: alt.Color(field, title="value", scale=scale)
