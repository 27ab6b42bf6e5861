"""Optimizers: which one, and with which learning rate."""

from collections.abc import Sequence
from typing import Any, ClassVar

from fitgap.runner.store import Row, Store
from fitgap.runner.studies.intervals import interval_of
from fitgap.runner.studies.line import line_of
from fitgap.runner.studies.study import Answer, Picture, Plan, Study, unknown
from fitgap.runner.studies.words import about_tuned, against, listed, lowest_mean, number, repeats_advice, tuned_rows

RATES: dict[str, tuple[float, ...]] = {
    "gradient_descent": (0.01, 0.03, 0.1, 0.3, 1.0),
    "heavy_ball": (1e-3, 3e-3, 0.01, 0.03, 0.1),
    "rmsprop": (1e-3, 3e-3, 0.01, 0.03, 0.1),
    "adam": (1e-3, 3e-3, 0.01, 0.03, 0.1),
}


class Optimizers(Study):
    """Optimizers, each with learning rates from too low to too high."""

    name = "optimizers"
    question = "Which optimizer, and with which learning rate?"
    data: ClassVar = {"source": "wine", "validation": 0.3}
    repeats, steps = 10, 240
    varies = ("optimizer",)
    is_tuned = True
    outcomes: ClassVar = {
        "one_best": "one optimizer is shown to be better than all others, each at its own best rate",
        "several_best": "some optimizers cannot be told apart from the best, others are shown to be worse",
        "all_alike": "no optimizer is shown to be worse than the best, each at its own best rate",
        "unknown": "there are not enough completed trials",
    }
    keys = ("setting", "e_v", "difference", "difference_margin", "e_t", "trials", "e_v_sd")

    chart = Picture("sensitivity", {"by": ("optimizer",), "of": "e_v"})

    def axes(self, plan: Plan) -> dict[str, Any]:
        optimizers = [{name: {"rate": plan.some_of(rates)}} for name, rates in RATES.items()]
        return {"architecture": [16], "optimizer": optimizers}

    def answer(self, store: Store, sweep: str) -> Answer:
        groups = [each for each in store.compare(sweep, ["optimizer.name"], of="e_v", tuned=True) if each["completed"]]
        if len(groups) < 2:
            return unknown("Fewer than two optimizers have completed trials.", groups)
        near = sum(bool(group["could_be_best"]) for group in groups)
        outcome = "one_best" if near == 1 else "all_alike" if near == len(groups) else "several_best"
        sentences = [
            best_optimizer(groups),
            lowest_mean(store, sweep, "optimizer"),
            *at_the_end(store, sweep, groups),
            speed(store, sweep, groups),
            widths(store, sweep, groups),
            *diverging(store, sweep),
        ]
        return Answer(outcome, sentences, tuned_rows(groups), about_tuned(groups))


def best_optimizer(groups: Sequence[Row]) -> str:
    best, *others = groups
    near = [group["optimizer.name"] for group in others if group["could_be_best"]]
    worse = [group for group in others if group["could_be_best"] is False]
    told = [f"{listed(near)} cannot be told apart from it"] if near else []
    told += [f"E_v of {group['optimizer.name']} {against(group)}" for group in worse]
    found = f"Each at its own best rate, {best['optimizer.name']} has the lowest E_v ({number(best['e_v'])}); "
    return found + "; ".join(told) + "." + repeats_advice(groups)


def at_the_end(store: Store, sweep: str, groups: Sequence[Row]) -> list[str]:
    """A warning for each optimizer whose best rate is the lowest or the highest one that was tried."""
    rows = store.trials(sweep, columns=["optimizer", "optimizer.name", "optimizer.rate"])
    found = []
    for group in groups:
        name = group["optimizer.name"]
        rates = {row["optimizer"]: row["optimizer.rate"] for row in rows if row["optimizer.name"] == name}
        known = [rate for rate in rates.values() if rate is not None]
        own = [rate for text, rate in rates.items() if text in ", ".join(group["tuned_settings"]).split(", ")]
        for end, word in ((min, "lower"), (max, "higher")):
            if len(set(known)) > 1 and end(known) in own:
                rate = number(end(known))
                found.append(f"{name}: {rate} is the {word[:-2]}est rate that was tried; {word} ones may be better.")
    return found


def speed(store: Store, sweep: str, groups: Sequence[Row]) -> str:
    """The mean number of epochs that each optimizer takes to reach the final E_v of the worst one."""
    worst = max(groups, key=lambda group: group["e_v"])
    target = float(number(worst["e_v"]))
    key = f"epochs_to(e_v <= {target})"
    found = []
    for group in groups:
        own = f"configuration == '{group['tuned_configuration']}'"
        epochs = [row[key] for row in store.trials(sweep, where=own, columns=["trial", key])]
        reached = [epoch for epoch in epochs if epoch is not None]
        missed = f" (reached in {len(reached)} of {len(epochs)} repeats)" if 0 < len(reached) < len(epochs) else ""
        found.append(f"{group['optimizer.name']} {epochs_words(reached)}{missed}")
    return (
        f"Mean epochs until E_v reaches {target}, the final mean of {worst['optimizer.name']}, the worst: "
        f"{', '.join(found)} (± 95 %; each at the first rate of its row)."
    )


def epochs_words(epochs: Sequence[float]) -> str:
    """A mean number of epochs with half the width of its 95 % interval."""
    if not epochs:
        return "never"
    mean = interval_of(epochs)
    return f"{mean.mean:.0f}" + ("" if mean.margin is None else f" ± {mean.margin:.0f}")


def widths(store: Store, sweep: str, groups: Sequence[Row]) -> str:
    """For each optimizer, the rates that cannot be told apart from its best one."""
    found = []
    for group in groups:
        name = group["optimizer.name"]
        line = line_of(store, sweep, "optimizer", where=f"optimizer.name == '{name}'")
        if line is None:
            continue
        good = [each for each in line.groups if each["could_be_best"]]
        reach = "" if len(good) == 1 else f" to {line.name(good[-1]).split('=')[-1]}"
        found.append(listed([line.name(good[0])]) + reach)
    return f"Rates that cannot be told apart from the best of each: {'; '.join(found)}."


def diverging(store: Store, sweep: str) -> list[str]:
    """A warning that names the optimizers and rates with which trials diverged, if any did."""
    rows = store.trials(sweep, where="status == 'diverged'", columns=["optimizer"], sort="optimizer.rate")
    names = list(dict.fromkeys(row["optimizer"] for row in rows))
    return [f"Trials diverged with {listed(names)}: these rates are too high."] if names else []
