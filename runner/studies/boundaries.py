"""Boundaries: the answers over a plane of networks that underfit, fit and overfit."""

from typing import Any, ClassVar

from fitgap.runner.store import Row, Store
from fitgap.runner.studies.intervals import share_of_constant, share_words
from fitgap.runner.studies.line import line_of
from fitgap.runner.studies.study import Answer, Picture, Plan, Study, unknown
from fitgap.runner.studies.words import FROM_BEST, change, listed, number

ARCHITECTURES = ("none", "3", "8", "64-64")
MOST_PICTURES = 6


class Boundaries(Study):
    """Networks from a straight line to far too many units, on examples with two inputs."""

    name = "boundaries"
    question = "What do underfitting and overfitting look like?"
    data: ClassVar = {"source": {"rings": {"rings": 2, "noise": 0.5, "examples": 100}}, "validation": 0.4}
    inputs: ClassVar = 2
    repeats, steps = 10, 3000
    varies = ("architecture",)
    outcomes: ClassVar = {
        "both": "one network is shown to be too simple, another one to be too large",
        "underfit": "a network is shown to be too simple, none to be too large",
        "overfit": "a network is shown to be too large, none to be too simple",
        "neither": "no network is shown to be worse than the best",
        "unknown": "there are not enough completed trials",
    }
    keys = (
        "architecture",
        "e_v",
        "difference",
        "difference_margin",
        "e_t",
        "verdict",
        "accuracy_t",
        "accuracy_v",
        "trials",
    )

    def training(self, plan: Plan) -> dict[str, Any]:
        return {**super().training(plan), "keep": "last"}

    def axes(self, plan: Plan) -> dict[str, Any]:
        return {"architecture": plan.some_of(ARCHITECTURES), "optimizer": [{"adam": {"rate": 0.01}}]}

    def picture(self, store: Store, sweep: str) -> Picture:
        firsts: dict[str, int] = {}
        for row in store.trials(sweep, where="status == 'completed'", sort="architecture,trial"):
            firsts.setdefault(row["architecture"], row["trial"])
        return Picture("boundary", {"trials": tuple(firsts.values())[:MOST_PICTURES], "at": "last"})

    def answer(self, store: Store, sweep: str) -> Answer:
        line = line_of(store, sweep, "architecture")
        if line is None:
            return unknown("Fewer than two networks have completed trials.")
        simple, large = line.before, line.after
        outcome = "both" if simple and large else "underfit" if simple else "overfit" if large else "neither"
        near = f" {listed(line.names(line.near))} cannot be told apart from it." if line.near else ""
        sentences = [f"The lowest E_v is that of {named(line.best)}: {number(line.best['e_v'])}.{near}"]
        for word, worse in (("simple", simple), ("large", large)):
            if worse:
                told = f"Too {word}: with {named(worse[0])}, E_v is {change(worse[0])}. {errors(worse[0])}"
                sentences.append(f"{told}{beside_constant(store, sweep, worse[0])}.")
        sentences.append(
            "The picture shows the boundary after the last epoch: look for islands and tongues around single points."
        )
        return Answer(outcome, sentences, line.groups, FROM_BEST)


def named(group: Row) -> str:
    architecture = group["architecture"]
    return "no hidden layer" if architecture == "none" else f"{architecture} hidden units"


def beside_constant(store: Store, sweep: str, group: Row) -> str:
    """Whether a network is shown to be better than a constant prediction."""
    share = share_of_constant(store, sweep, f"architecture == '{group['architecture']}'")
    if share is None:
        return ""
    return f": {share_words(share)}{'' if share.is_below(1) else ', so it is not shown to be better than one'}"


def errors(group: Row) -> str:
    """E_t and E_v of a group, which together distinguish underfitting from overfitting."""
    return f"Its E_t is {number(group['e_t'])}, its E_v {number(group['e_v'])}"
