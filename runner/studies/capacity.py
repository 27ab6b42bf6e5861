"""Capacity: how the errors depend on the size of the network."""

from typing import Any, ClassVar

from fitgap.runner.store import Row, Store
from fitgap.runner.studies.line import Line, line_of
from fitgap.runner.studies.study import Answer, Picture, Plan, Study, unknown
from fitgap.runner.studies.words import FROM_BEST, change, is_shown, listed, number, repeats_advice

WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)


class Capacity(Study):
    """One hidden layer of more and more units, trained for equally long."""

    name = "capacity"
    question = "How large should the network be?"
    data: ClassVar = {"source": "wine", "validation": 0.3}
    repeats, steps = 8, 800
    varies = ("architecture",)
    outcomes: ClassVar = {
        "u_shape": "both smaller and larger networks are worse than the best one",
        "falls": "smaller networks are worse; larger ones are not shown to be",
        "rises": "larger networks are worse; smaller ones are not shown to be",
        "flat": "no size is shown to be worse than the best one",
        "unknown": "there are not enough completed trials",
    }
    keys = ("architecture", "e_v", "difference", "difference_margin", "e_t", "gap", "verdict", "trials", "e_v_sd")

    chart = Picture("capacity", {"by": ("architecture",)})

    def axes(self, plan: Plan) -> dict[str, Any]:
        return {"architecture": plan.some_of(WIDTHS), "optimizer": [{"adam": {"rate": 0.01}}]}

    def answer(self, store: Store, sweep: str) -> Answer:
        line = line_of(store, sweep, "architecture")
        if line is None:
            return unknown("Fewer than two sizes have completed trials.")
        e_t = {
            group["architecture"]: group
            for group in store.compare(sweep, ["architecture"], of="e_t", against=line.name(line.best))
        }
        sentences = [best_size(line), smaller(line, e_t), larger(line, e_t)]
        return Answer(line.shape, sentences, line.groups, FROM_BEST)


def best_size(line: Line) -> str:
    near = f" {listed(line.names(line.near))} cannot be told apart from it." if line.near else ""
    return f"E_v is lowest with {line.name(line.best)} hidden units: {number(line.best['e_v'])}.{near}"


def smaller(line: Line, e_t: dict[str, Row]) -> str:
    """How the networks smaller than the best one compare with it."""
    if not line.before:
        is_first = line.groups[0] is line.best
        return "No smaller network was tried." if is_first else "No smaller network is shown to be worse."
    worst = line.before[0]
    why = ""
    if is_shown(e_t[line.name(worst)]) > 0:
        why = f" Its E_t is higher, too ({number(worst['e_t'])} against {number(line.best['e_t'])}): it underfits."
    return f"Smaller is worse: with {line.name(worst)}, E_v is {change(worst)}.{why}"


def larger(line: Line, e_t: dict[str, Row]) -> str:
    """How the networks larger than the best one compare with it."""
    if not line.after:
        if line.groups[-1] is line.best:
            return "The largest network is the best, so larger ones may be better still."
        return f"No larger network is shown to be worse.{repeats_advice(line.groups)}"
    worst = line.after[0]
    why = ""
    if is_shown(e_t[line.name(worst)]) < 0:
        why = f" Its E_t is lower ({number(worst['e_t'])} against {number(line.best['e_t'])}): it overfits."
    return f"Larger is worse: with {line.name(worst)}, E_v is {change(worst)}.{why}"
