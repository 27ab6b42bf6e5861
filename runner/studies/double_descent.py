"""Double descent: whether E_v falls again once a network is large enough to memorize its examples."""

from collections.abc import Sequence
from typing import Any, ClassVar

from fitgap.runner.store import Row, Store
from fitgap.runner.studies.line import line_of
from fitgap.runner.studies.study import Answer, Picture, Plan, Study, unknown
from fitgap.runner.studies.words import against, listed, number

WIDTHS = (4, 8, 12, 16, 24, 32, 48, 64, 100, 200, 400)
EPOCHS = 200
EXAMPLES, NOISE = 200, 0.2
FEWEST = 4


class DoubleDescent(Study):
    """Networks from far too small to far too large, on few examples, a fifth of whose labels are wrong."""

    name = "double-descent"
    question = "Does the error fall again when a network is far too large?"
    data: ClassVar = {"source": "digits", "validation": 0.3}
    repeats, batch_size = 6, 25
    varies = ("architecture",)
    outcomes: ClassVar = {
        "double_descent": "E_v is shown to fall, to rise to a peak and to fall again",
        "peak": "E_v is shown to rise to a peak and to fall again; that it falls before is not shown",
        "no_second_descent": "E_v is not shown to rise to a peak and to fall again",
        "unknown": "there are not enough completed trials",
    }
    keys = ("architecture", "parameters", "e_v", "e_t", "accuracy_v", "trials", "e_v_sd")

    chart = Picture("capacity", {"by": ("architecture",), "linear": True})

    def training(self, plan: Plan) -> dict[str, Any]:
        examples = min(EXAMPLES, max(10, plan.examples // 2))
        training: dict[str, Any] = {"epochs": EPOCHS, "batch_size": self.batch_size, "training_examples": examples}
        # Numeric targets have noise of their own, and no labels that could be replaced.
        if plan.has_classes:
            training["label_noise"] = NOISE
        return training

    def axes(self, plan: Plan) -> dict[str, Any]:
        return {"architecture": plan.some_of(WIDTHS), "optimizer": [{"adam": {"rate": 0.005}}]}

    def answer(self, store: Store, sweep: str) -> Answer:
        found = store.compare(sweep, ["architecture", "parameters"], of="e_v")
        groups = sorted((each for each in found if each["completed"]), key=lambda group: group["parameters"])
        if len({group["parameters"] for group in groups}) < FEWEST:
            told = f"Networks of at least {FEWEST} sizes must have completed trials."
            return unknown(told, groups)
        peak = most_prominent(groups)
        if peak is None:
            return Answer("no_second_descent", [monotone(groups)], groups)
        sides = {side: beside(store, sweep, peak, side) for side in ("<=", ">=")}
        rises, falls = (sides[side]["is_worse"] for side in ("<=", ">="))
        outcome = "no_second_descent"
        if rises and falls:
            outcome = "double_descent" if sides["<="]["falls_first"] else "peak"
        sentences = [*in_words(groups, peak, sides), *lowest_of_all(store, sweep, groups)]
        if outcome == "no_second_descent":
            sentences = ["E_v is not shown to rise to a peak and to fall again.", *sentences]
        return Answer(outcome, sentences, groups)


def most_prominent(groups: Sequence[Row]) -> Row | None:
    """The network whose E_v is farthest above the lowest ones on both of its sides; None if E_v has no inner peak."""
    errors = [group["e_v"] for group in groups]

    def height(place: int) -> float:
        return float(errors[place] - max(min(errors[:place]), min(errors[place + 1 :])))

    highest = max(range(1, len(groups) - 1), key=height)
    return groups[highest] if height(highest) > 0 else None


def beside(store: Store, sweep: str, peak: Row, side: str) -> Row:
    """The peak compared with the best network on one of its sides.

    The intervals hold for all pairs of networks at once, since both were chosen by their errors. `falls_first` says
    whether a smaller network is shown to be worse than the best one on this side.
    """
    line = line_of(store, sweep, "parameters", where=f"parameters {side} {peak['parameters']}")
    if line is None:
        return {"is_worse": False, "falls_first": False, "best": peak, "peak": peak}
    own = next(group for group in line.groups if group["parameters"] == peak["parameters"])
    first = [group for group in line.before if group["parameters"] != peak["parameters"]]
    is_worse = own["could_be_best"] is False
    return {"is_worse": is_worse, "falls_first": bool(first), "best": line.best, "peak": own}


def monotone(groups: Sequence[Row]) -> str:
    start, end = (f"{number(group['e_v'])} with {group['architecture']}" for group in (groups[0], groups[-1]))
    return (
        "E_v is not shown to rise to a peak and to fall again: no size between the smallest and the largest network "
        f"has a higher E_v than both sides ({start}, {end})."
    )


def in_words(groups: Sequence[Row], peak: Row, sides: dict[str, Row]) -> list[str]:
    """Where the peak is, and how it compares with both of its sides."""
    names = {group["parameters"]: group["architecture"] for group in groups}
    size = f"{peak['architecture']} hidden units ({peak['parameters']} parameters)"
    is_peak = all(side["is_worse"] for side in sides.values())
    first = "E_v has a peak with" if is_peak else "Of the sizes between, E_v stands out most with"
    found = [f"{first} {size}: {number(peak['e_v'])}; E_t is {number(peak['e_t'])} there."]
    for side, word in (("<=", "smaller"), (">=", "larger")):
        best, own = sides[side]["best"], sides[side]["peak"]
        told = against(own) if own["difference"] is not None else "is the same"
        name = f"{names[best['parameters']]} has the lowest E_v ({number(best['e_v'])})"
        found.append(f"Of the {word} networks, {name}; that of {peak['architecture']} {told}.")
    return found


def lowest_of_all(store: Store, sweep: str, groups: Sequence[Row]) -> list[str]:
    """Which network has the lowest E_v, which cannot be told apart from it, and which has the highest accuracy."""
    names = {group["parameters"]: group["architecture"] for group in groups}
    line = line_of(store, sweep, "parameters")
    if line is None:
        return []
    lowest = line.best
    told = f"The lowest E_v of all is that of {names[lowest['parameters']]} ({number(lowest['e_v'])})"
    near = [names[group["parameters"]] for group in line.near]
    found = [f"{told}; {listed(near)} cannot be told apart from it." if near else f"{told}."]
    accurate = max(groups, key=lambda group: group["accuracy_v"] or 0.0)
    if accurate["accuracy_v"] is not None and accurate["parameters"] != lowest["parameters"]:
        found.append(f"The highest accuracy is that of {accurate['architecture']} ({accurate['accuracy_v']:.1%}).")
    return found
