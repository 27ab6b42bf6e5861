"""Regularization: whether a regularizer helps a network that is too large, which one, and how strong it should be."""

from collections.abc import Sequence
from typing import Any, ClassVar

from fitgap.runner.store import Row, Store
from fitgap.runner.studies.line import Line, line_of
from fitgap.runner.studies.study import Answer, Picture, Plan, Study, unknown
from fitgap.runner.studies.words import (
    about_tuned,
    against,
    change,
    chosen,
    is_shown,
    listed,
    lowest_mean,
    number,
    tuned_rows,
)

NONE = "none"
L2 = (1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0)
L1 = (1e-3, 1e-2, 0.03, 0.1, 0.3)
DROPOUT = (0.1, 0.2, 0.3, 0.5, 0.7)


class Regularization(Study):
    """A network with more units than it needs, with each kind of regularizer in several strengths."""

    name = "regularization"
    question = "Does a regularizer help, which one, and how strong should it be?"
    data: ClassVar = {"source": "diabetes", "validation": 0.3}
    repeats, steps = 8, 2000
    varies = ("regularizer",)
    is_tuned = True
    outcomes: ClassVar = {
        "helps": "at least one kind of regularizer is shown to lower E_v",
        "hurts": "all kinds are shown to raise E_v, even at their best strength",
        "no_difference": "no kind is shown to change E_v",
        "unknown": "there are not enough completed trials",
    }
    keys = ("setting", "e_v", "difference", "difference_margin", "e_t", "gap", "trials", "e_v_sd")

    chart = Picture("sensitivity", {"by": ("regularizer",), "of": "e_v"})

    def axes(self, plan: Plan) -> dict[str, Any]:
        strengths = [("l2", "weight", L2), ("l1", "weight", L1), ("dropout", "ratio", DROPOUT)]
        kinds = [{kind: {parameter: plan.some_of(values)}} for kind, parameter, values in strengths]
        return {"architecture": [32], "regularizer": [NONE, *kinds], "optimizer": [{"adam": {"rate": 0.01}}]}

    def answer(self, store: Store, sweep: str) -> Answer:
        groups = kinds_of(store, sweep)
        names = [group["regularizer"] for group in groups]
        if NONE not in names or len(groups) < 2:
            told = "There is nothing to compare: trials without and with a regularizer must have completed."
            return unknown(told, groups)
        against_none = {group["regularizer"]: group for group in kinds_of(store, sweep, against="None")}
        helping = [name for name in names if name != NONE and is_shown(against_none[name]) < 0]
        hurting = [name for name in names if name != NONE and is_shown(against_none[name]) > 0]
        outcome = "helps" if helping else "hurts" if len(hurting) == len(names) - 1 else "no_difference"
        sentences = [self.effect(against_none, names), best_kind(groups), lowest_mean(store, sweep, "regularizer")]
        best = next((name for name in names if name != NONE), None)
        line = line_of(store, sweep, "regularizer", where=f"regularizer.name == '{best}'")
        return Answer(outcome, [*sentences, *strengths_of(line)], tuned_rows(groups), about_tuned(groups))

    def effect(self, against_none: dict[str, Row], names: Sequence[str]) -> str:
        """How E_v changes with each kind of regularizer."""
        found = [
            f"with {name} at its best strength ({chosen(against_none[name])}), it {against(against_none[name])}"
            for name in names
            if name != NONE
        ]
        return f"Without a regularizer, E_v is {number(against_none[NONE]['e_v'])}; {'; '.join(found)}."


def kinds_of(store: Store, sweep: str, against: str | None = None) -> list[Row]:
    """The kinds of regularizers, each at its own best strength, best first; `regularizer` is the kind."""
    groups = store.compare(sweep, ["regularizer.name"], of="e_v", tuned=True, against=against)
    # `regularizer.name` is None without a regularizer.
    return [{**group, "regularizer": group["regularizer.name"] or NONE} for group in groups if group["completed"]]


def best_kind(groups: Sequence[Row]) -> str:
    best, *others = groups
    near = [group["regularizer"] for group in others if group["could_be_best"]]
    told = f"{listed(near)} cannot be told apart from it" if near else "all others are shown to be worse"
    return f"The lowest E_v is that of {best['regularizer']}; {told}."


def strengths_of(line: Line | None) -> list[str]:
    """How weaker and stronger regularizers of the best kind compare with the best one."""
    if line is None:
        return []
    found = []
    for side, groups in (("weaker", line.before), ("stronger", line.after)):
        if groups:
            worst = groups[0]
            why = f"; its E_t is {number(worst['e_t'])} against {number(line.best['e_t'])}"
            found.append(f"Too {side[:-2] if side == 'weaker' else 'strong'}: {listed([line.name(worst)])}")
            found[-1] += f" has an E_v {change(worst)}{why}."
    if line.groups[-1] is line.best:
        found.append("The strongest one is the best, so a still stronger one may be better.")
    return found
