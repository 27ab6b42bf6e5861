"""Repeats: how many are needed before a difference can be trusted."""

import statistics
from collections.abc import Sequence
from typing import Any, ClassVar

from fitgap.runner.diagnosis.by_repeats import by_luck, by_repeats, excludes_0, planned
from fitgap.runner.store import Row, Store
from fitgap.runner.studies.study import Answer, Picture, Plan, Study, unknown
from fitgap.runner.studies.words import against, number

ARCHITECTURES = (4, 16)
# The number of repeats that is common in experiments.
FEW = 3


class RepeatsNeeded(Study):
    """Some networks that differ little, repeated many times."""

    name = "repeats"
    question = "How many repeats are needed to tell two networks apart?"
    data: ClassVar = {"source": "wine", "validation": 0.3}
    repeats, steps = 40, 800
    varies = ()
    outcomes: ClassVar = {
        "shown": "all repeats together show that the two best networks differ",
        "not_shown": "not even all repeats tell the two best networks apart",
        "unknown": "there are not enough completed trials",
    }
    keys = ("repeats", "difference", "difference_margin", "told apart")

    chart = Picture("repeats")

    def axes(self, plan: Plan) -> dict[str, Any]:
        return {"architecture": list(ARCHITECTURES), "optimizer": [{"adam": {"rate": 0.01}}]}

    def answer(self, store: Store, sweep: str) -> Answer:
        groups = [group for group in store.compare(sweep, ["configuration"], of="e_v") if group["completed"]]
        repeats = store.repeat_count(store.sweep(sweep)["id"])
        if len(groups) < 2 or repeats < FEW:
            return unknown(f"Two configurations with at least {FEW} completed repeats are needed.")
        best, second = names_of(store, sweep, groups[:2])
        pair = [group["configuration"] for group in groups[:2]]
        rows = [
            {**row, "shown": excludes_0(row), "told apart": "yes" if excludes_0(row) else "no"}
            for row in by_repeats(store, sweep, pair)
        ]
        if not rows:
            return unknown("The two best configurations have no repeats in common.")
        last = rows[-1]
        outcome = "shown" if last["shown"] else "not_shown"
        sentences = [
            f"Over all {repeats} repeats, {best} has the lowest E_v ({number(groups[0]['e_v'])}); E_v of {second} "
            f"{against(last)}.",
            needed(last, groups[0]),
            history(rows),
            winners(store, sweep, groups, repeats),
        ]
        return Answer(outcome, sentences, rows)


def names_of(store: Store, sweep: str, groups: Sequence[Row]) -> list[str]:
    """The settings in which configurations differ, in words, such as `architecture 16`."""
    axes = store.varying_axes(store.sweep(sweep)["id"])
    shown = ["planned_epochs" if axis == "epochs" else axis for axis in axes] or ["configuration"]
    found = []
    for group in groups:
        where = f"configuration == '{group['configuration']}'"
        row = store.trials(sweep, where=where, columns=shown, limit=1)[0]
        found.append(", ".join(f"{axis.replace('_', ' ')} {row[axis]}" for axis in shown))
    return found


def history(rows: Sequence[Row]) -> str:
    """How the interval shrinks, and from how many repeats on it excludes 0."""
    # The picture leaves out two repeats as well.
    whole = [row for row in rows if row["repeats"] >= FEW]
    widths = ", ".join(
        f"± {number(row['difference_margin'])} with {row['repeats']}" for row in rows if row["difference_margin"]
    )
    return f"The 95 % interval of their difference shrinks with the repeats: {widths}. {by_luck(whole)}".rstrip()


def needed(last: Row, best: Row) -> str:
    """How many repeats a difference of this size needs."""
    deviation = best["e_v_sd"]
    luck = "" if deviation is None else f" Between repeats, E_v of one network varies by {number(deviation)} (sd)."
    return planned(last) + luck


def winners(store: Store, sweep: str, groups: Sequence[Row], repeats: int) -> str:
    """How often experiments with only a few repeats would have named another winner."""
    values: dict[int, dict[str, float]] = {}
    for row in store.trials(sweep, where="status == 'completed'", columns=["repeat", "configuration", "e_v"]):
        values.setdefault(row["repeat"], {})[row["configuration"]] = row["e_v"]
    whole = [each for _, each in sorted(values.items()) if len(each) == len(groups)]
    parts = [whole[start : start + FEW] for start in range(0, len(whole) - FEW + 1, FEW)]
    if not parts:
        return "No repeats have completed with all networks."
    won = [min(part[0], key=lambda name: statistics.fmean(each[name] for each in part)) for part in parts]
    others = sum(name != groups[0]["configuration"] for name in won)
    return f"Of {len(parts)} experiments with {FEW} repeats each, {others} would have named another winner."
