"""Depth: the effect of more layers with different activation functions, and whether gradients vanish."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from fitgap.runner.store import Row, Store
from fitgap.runner.studies.intervals import Interval, ratio_of, share_of_constant, share_words
from fitgap.runner.studies.line import Line, line_of
from fitgap.runner.studies.study import Answer, Picture, Plan, Study, unknown
from fitgap.runner.studies.words import against, change, listed, number

DEPTHS, WIDTH = (1, 2, 4, 6, 8), 8
ACTIVATIONS = ("sigmoid", "tanh", "relu")
# A network has learned nothing if its E_t is shown to be above this share of a constant prediction's, and something if
# it is shown to be below.
NOTHING = 0.9


class Depth(Study):
    """Networks of equally wide layers, from one to many, with different activation functions."""

    name = "depth"
    question = "Do more layers help, and with which activation function?"
    data: ClassVar = {"source": "wine", "validation": 0.3}
    repeats, steps = 6, 780
    varies = ("architecture",)
    accounts_for = ("activation",)
    outcomes: ClassVar = {
        "vanishing": "with some activation, deep networks learn nothing; with another, they learn",
        "deeper_is_worse": "deeper networks are shown to have a higher E_t with some activation",
        "deeper_is_better": "deeper networks are shown to have a lower E_t with some activation, none a higher one",
        "no_difference": "no depth is shown to be worse than another",
        "unknown": "there are not enough completed trials",
    }
    keys = (
        "activation",
        "architecture",
        "e_t",
        "difference",
        "difference_margin",
        "e_v",
        "verdict",
        "trials",
    )

    chart = Picture("heat", {"by": ("architecture", "activation"), "of": "e_t", "each": "activation"})

    def axes(self, plan: Plan) -> dict[str, Any]:
        return {
            "architecture": ["-".join([str(WIDTH)] * depth) for depth in plan.some_of(DEPTHS)],
            "activation": list(ACTIVATIONS),
            "optimizer": [{"gradient_descent": {"rate": 0.1}}],
        }

    def answer(self, store: Store, sweep: str) -> Answer:
        activations = [group["activation"] for group in store.compare(sweep, ["activation"], sort="activation")]
        found = {name: line_of(store, sweep, "architecture", "e_t", f"activation == '{name}'") for name in activations}
        lines = {name: line for name, line in found.items() if line is not None}
        if not lines:
            return unknown("Fewer than two depths have completed trials.")
        deepest = {name: share_of(store, sweep, name, line.groups[-1]) for name, line in lines.items()}
        best = {name: share_of(store, sweep, name, line.best) for name, line in lines.items()}
        failing = [name for name in lines if fails(deepest[name], best[name])]
        sentences = [along(name, line, deepest[name]) for name, line in lines.items()]
        sentences += validated(store, sweep, list(lines))
        sentences += [evidence(store, sweep, name, lines[name]) for name in failing]
        rows = [{**group, "activation": name} for name, line in lines.items() for group in line.groups]
        about = "Differences are those in E_t from the depth with the lowest one, for each activation."
        learning = any(has_learned(share) for share in deepest.values())
        outcome = "vanishing" if failing and learning else outcome_of(list(lines.values()))
        return Answer(outcome, sentences, rows, about)


def share_of(store: Store, sweep: str, activation: str, group: Row) -> Interval | None:
    """E_t of a group with an activation function as a share of that of a constant prediction."""
    where = f"activation == '{activation}' and architecture == '{group['architecture']}'"
    return share_of_constant(store, sweep, where, "e_t")


def has_learned(share: Interval | None) -> bool:
    return share is not None and share.is_below(NOTHING)


def fails(deepest: Interval | None, best: Interval | None) -> bool:
    """Whether the deepest network is shown to have learned nothing, while the best one is shown to have."""
    return deepest is not None and deepest.is_above(NOTHING) and has_learned(best)


def outcome_of(lines: Sequence[Line]) -> str:
    if any(line.after for line in lines):
        return "deeper_is_worse"
    return "deeper_is_better" if any(line.before for line in lines) else "no_difference"


def along(name: str, line: Line, deepest: Interval | None) -> str:
    """How E_t depends on depth with one activation function."""
    best = f"E_t is lowest with {named(line.best, line)} ({number(line.best['e_t'])})"
    told = [best]
    if line.before:
        told.append(f"with {named(line.before[0], line)}, it is {change(line.before[0])}")
    if line.after:
        told.append(f"with {named(line.after[0], line)}, it is {change(line.after[0])}")
        if deepest is not None and deepest.is_above(NOTHING) and line.after[0] is line.groups[-1]:
            told[-1] += f", {share_words(deepest)}"
    if not line.before and not line.after:
        told.append(f"{layers_listed(line.near, line)} cannot be told apart from it")
    return f"{name}: {'; '.join(told)}."


def validated(store: Store, sweep: str, activations: Sequence[str]) -> list[str]:
    """How E_v depends on depth with each activation function."""
    told = []
    for name in activations:
        line = line_of(store, sweep, "architecture", where=f"activation == '{name}'")
        if line is None:
            continue
        shown = [f"with {named(group, line)}, it {against(group)}" for group in (*line.before[:1], *line.after[:1])]
        apart = [f"{layers_listed(line.near, line)} cannot be told apart from it"] if line.near else []
        best = f"lowest with {named(line.best, line)} ({number(line.best['e_v'])})"
        told.append(f"E_v with {name} is {'; '.join([best, *shown, *apart])}.")
    return told


def named(group: Row, line: Line) -> str:
    """The depth of a group in words; its architecture if several groups have the same depth."""
    depths = [depth_of(each) for each in line.groups]
    if len(set(depths)) < len(depths):
        return str(group[line.key])
    depth = depth_of(group)
    return f"{depth} layer{'' if depth == 1 else 's'}"


def layers_listed(groups: Sequence[Row], line: Line) -> str:
    """Several depths in words, such as `2, 4 and 6 layers`."""
    return listed([named(group, line).removesuffix(" layers") for group in groups[:-1]] + [named(groups[-1], line)])


def depth_of(group: Row) -> int:
    """The number of hidden layers of a group."""
    text = str(group["architecture"])
    return 0 if text == "none" else text.count("-") + 1


def evidence(store: Store, sweep: str, name: str, line: Line) -> str:
    """The ratio of the gradients of the last and the first layer of the deepest network; without stored gradients, how
    much the weights of both layers changed.
    """
    deepest = line.groups[-1]
    rows = store.layers(sweep, f"activation == '{name}' and architecture == '{deepest['architecture']}'")
    last = max((row["layer"] for row in rows), default=1)
    found = f"In the network of {named(deepest, line)} with {name}"
    ratio = ratio_of(list(gradients(rows, last)))
    if ratio is not None:
        vanishes = ": it vanishes on its way back" if ratio.is_above(1) else ""
        return f"{found}, the gradient of the last layer is {times(ratio)} that of the first{vanishes}."
    first_growth, last_growth = mean_of(rows, 1, "growth"), mean_of(rows, last, "growth")
    if first_growth is None or last_growth is None:
        return f"{found}, nothing is known about the gradients."
    changes = [f"{100 * abs(growth - 1):.1f} %" for growth in (first_growth, last_growth)]
    return f"{found}, the size of the weights changed by {changes[0]} in the first layer, by {changes[1]} in the last."


def gradients(rows: Sequence[Row], last: int) -> Iterator[tuple[int, float]]:
    """The repeat of each trial, with the ratio of the gradient of the last layer to that of the first."""
    sizes = {(row["trial"], row["layer"]): row["gradient"] for row in rows}
    for row in rows:
        first = row["gradient"] if row["layer"] == 1 else None
        if first and sizes.get((row["trial"], last)):
            yield row["repeat"], sizes[row["trial"], last] / first


def times(ratio: Interval) -> str:
    """Such as `13,000 times (95 %: 9,100 to 18,000)`."""
    mean, *limits = (f"{float(f'{each:.2g}'):,g}" for each in (ratio.mean, ratio.low, ratio.high) if each is not None)
    return f"{mean} times" + (f" (95 %: {limits[0]} to {limits[1]})" if limits else "")


def mean_of(rows: Sequence[Row], layer: int, key: str) -> float | None:
    """The mean of a statistic of a layer over trials; None if no trial has it."""
    known = [row[key] for row in rows if row["layer"] == layer and row[key] is not None]
    return float(sum(known) / len(known)) if known else None
