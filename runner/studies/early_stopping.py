"""Early stopping: whether it can replace a regularizer, and the effect of both together."""

from typing import Any, ClassVar

from fitgap.runner.store import Row, Store
from fitgap.runner.studies.study import Answer, Picture, Plan, Study, unknown
from fitgap.runner.studies.words import about_tuned, against, chosen, is_shown, number

NONE = "none"
WEIGHTS = (0.003, 0.03, 0.3)
OF = "final_e_v"
NEITHER, STOPPING, REGULARIZER, BOTH = "neither", "early stopping", "a regularizer", "both"
NAMES = {(True, True): NEITHER, (False, True): STOPPING, (True, False): REGULARIZER, (False, False): BOTH}


class EarlyStopping(Study):
    """A network that overfits, with early stopping, with L2 regularization, with both and with neither."""

    name = "early-stopping"
    question = "Does early stopping replace a regularizer?"
    data: ClassVar = {"source": "diabetes", "validation": 0.3}
    repeats, steps = 10, 2000
    varies = ("stopping", "regularizer")
    is_tuned = True
    outcomes: ClassVar = {
        "replaces": "both are shown to lower E_v, and neither is shown to be better than the other",
        "regularizer_is_better": "a regularizer alone is shown to have a lower E_v than early stopping alone",
        "stopping_is_better": "early stopping alone is shown to have a lower E_v than a regularizer alone",
        "no_difference": "neither is shown to lower E_v",
        "one_helps": "only one of them is shown to lower E_v, but not to be better than the other",
        "unknown": "there are not enough completed trials",
    }
    keys = ("with", OF, "difference", "difference_margin", "setting", "epochs", "e_t", "trials", f"{OF}_sd")

    def axes(self, plan: Plan) -> dict[str, Any]:
        epochs = plan.epochs(self.steps, self.batch_size)
        patience = {"no_improvement": {"epochs": max(3, epochs // 8), "restore": "best"}}
        return {
            "architecture": [32],
            "optimizer": [{"adam": {"rate": 0.01}}],
            "stopping": [NONE, patience],
            "regularizer": [NONE, {"l2": {"weight": list(WEIGHTS)}}],
        }

    def picture(self, store: Store, sweep: str) -> Picture:
        groups = ways(store, sweep)
        if NEITHER not in groups:
            return Picture("stopping", {"where": f"stopping == '{NONE}'"})
        return Picture("differences", groups=list(groups.values()), name="with", of=OF)

    def answer(self, store: Store, sweep: str) -> Answer:
        groups = ways(store, sweep)
        if not {NEITHER, STOPPING, REGULARIZER} <= groups.keys():
            told = "Trials with early stopping, with a regularizer and with neither must have completed."
            return unknown(told, list(groups.values()))
        others = {name: group for name, group in groups.items() if name != NEITHER}
        between = ways(store, sweep, against=label(groups[STOPPING]))[REGULARIZER]
        found = [
            f"With neither, E_v is {number(groups[NEITHER][OF])}; " + "; ".join(map(effect, others.values())) + "."
        ]
        found.append(f"E_v with a regularizer alone {against(between, 'with early stopping alone')}.")
        epochs = {name: groups[name]["epochs"] for name in (NEITHER, STOPPING)}
        saved = 100 * (1 - epochs[STOPPING] / epochs[NEITHER])
        found.append(
            f"Early stopping trained {epochs[STOPPING]:.0f} of {epochs[NEITHER]:.0f} epochs: {saved:.0f} % less."
        )
        found.append("E_v of a stopped trial is honest: half of the examples chose its epoch, the others measured it.")
        rows = list(groups.values())
        return Answer(outcome_of(others, between), found, rows, about_tuned(rows))


def ways(store: Store, sweep: str, against: str | None = None) -> dict[str, Row]:
    """The four ways to train by name, each at its own best strength, compared with `against` (default: neither)."""
    by = ["stopping", "regularizer.name"]
    against = against or f"{NONE},None"
    names = {name for group in store.compare(sweep, by, of=OF, tuned=True) if (name := label(group))}
    if against not in names:
        return {}
    groups = [group for group in store.compare(sweep, by, of=OF, tuned=True, against=against) if group["completed"]]
    found: dict[str, Row] = {}
    for group in groups:
        name = NAMES[group["stopping"] == NONE, group["regularizer.name"] is None]
        # The best of several kinds comes first.
        found.setdefault(
            name, {"with": name, **group, "setting": strength(group), "epochs": mean_epochs(store, sweep, group)}
        )
    return found


def label(group: Row) -> str:
    """The name of a group in comparisons."""
    return f"{group['stopping']},{group['regularizer.name']}"


def mean_epochs(store: Store, sweep: str, group: Row) -> float:
    """The mean number of epochs of the trials of a group's configuration."""
    where = f"configuration == '{group['tuned_configuration']}' and status == 'completed'"
    epochs = [row["epochs"] for row in store.trials(sweep, where=where, columns=["epochs"])]
    return float(sum(epochs) / len(epochs))


def strength(group: Row) -> str | None:
    """The regularizer that was chosen; None if there is none."""
    return chosen(group) if group["regularizer.name"] else None


def effect(group: Row) -> str:
    bracket = f" ({group['setting']})" if group["setting"] else ""
    return f"with {group['with']}{bracket}, it {against(group)}"


def outcome_of(others: dict[str, Row], between: Row) -> str:
    if is_shown(between):
        return "regularizer_is_better" if is_shown(between) < 0 else "stopping_is_better"
    helping = sum(is_shown(others[name]) < 0 for name in (STOPPING, REGULARIZER))
    return {0: "no_difference", 1: "one_helps", 2: "replaces"}[helping]
