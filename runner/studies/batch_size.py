"""Batch size: how it changes the best learning rate, and whether it matters at all once the rate suits it."""

import itertools
from collections.abc import Sequence
from typing import Any, ClassVar

from fitgap.runner.natural_order import natural_order
from fitgap.runner.store import Row, Store
from fitgap.runner.studies.line import Line, line_of
from fitgap.runner.studies.study import Answer, Picture, Plan, Study, unknown
from fitgap.runner.studies.words import about_tuned, against, is_shown, listed, number, tuned_rows

BATCHES = (2, 8, 32, 128)
PAIRS = "Averaged over all batch sizes and rates at which both completed"
RATES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)


class BatchSize(Study):
    """Batch sizes with learning rates from too low to too high, constant and falling."""

    name = "batch-size"
    question = "How do batch size and learning rate work together?"
    data: ClassVar = {"source": "wine", "validation": 0.3}
    repeats, steps = 8, 240
    varies = ("batch_size", "optimizer")
    accounts_for = ("schedule",)
    is_tuned = True
    outcomes: ClassVar = {
        "rate_grows": "the largest batch is shown to need a higher rate than the smallest one",
        "rate_falls": "the largest batch is shown to need a lower rate than the smallest one",
        "not_shown": "the rates that suit the smallest and the largest batch overlap",
        "unknown": "there are not enough completed trials",
    }
    keys = ("batch_size", "e_v", "difference", "difference_margin", "setting", "e_t", "trials", "e_v_sd")

    chart = Picture("heat", {"by": ("batch_size", "learning_rate"), "of": "e_v", "each": "batch_size"})

    def training(self, plan: Plan) -> dict[str, Any]:
        # All batch sizes train for the same number of epochs, so the larger ones take fewer steps.
        return {"epochs": plan.epochs(self.steps, self.batch_size)}

    def axes(self, plan: Plan) -> dict[str, Any]:
        return {
            "architecture": [16],
            "batch_size": plan.some_of(BATCHES),
            "optimizer": [{"gradient_descent": {"rate": plan.some_of(RATES)}}],
            "schedule": ["constant", "cosine"],
        }

    def answer(self, store: Store, sweep: str) -> Answer:
        groups = [each for each in store.compare(sweep, ["batch_size"], of="e_v", tuned=True) if each["completed"]]
        groups.sort(key=lambda group: natural_order(group["batch_size"]))
        lines = {size: line for group in groups if (line := line_at(store, sweep, size := group["batch_size"]))}
        suiting = {size: rates_of(line) for size, line in lines.items()}
        if len(suiting) < 2:
            told = "Fewer than two batch sizes have completed trials with several learning rates."
            return unknown(told, groups)
        best = "; ".join(best_rate(store, sweep, size, line) for size, line in lines.items())
        sentences = [
            f"Best learning rate, as in the picture: {best}.",
            f"Rates that cannot be told apart from it: {'; '.join(map(rates_text, suiting.items()))}. "
            "Rates at which trials diverged are left out.",
            direction(list(suiting.items())),
            sizes(groups),
            *schedules(store, sweep),
        ]
        return Answer(outcome_of(list(suiting.values())), sentences, tuned_rows(groups), about_tuned(groups))


def line_at(store: Store, sweep: str, size: int) -> Line | None:
    """The learning rates of a batch size, averaged over the schedules as in the picture."""
    return line_of(store, sweep, "learning_rate", where=f"batch_size == {size}")


def best_rate(store: Store, sweep: str, size: int, line: Line) -> str:
    """The rate with the lowest mean at a batch size, and whether it is an end of the range."""
    # This includes rates at which all trials diverged.
    tried = store.compare(sweep, ["learning_rate"], of="e_v", where=f"batch_size == {size}")
    own, rates = line.best["learning_rate"], [group["learning_rate"] for group in tried]
    end = "lowest" if own == min(rates) else "highest" if own == max(rates) else None
    is_end = f" (the {end} that was tried)" if end else ""
    return f"{number(own)} with batch size {size}{is_end}"


def rates_of(line: Line) -> list[float]:
    """The learning rates that cannot be told apart from the best one, of those at which no trial diverged."""
    return sorted(each["learning_rate"] for each in whole(line) if each["could_be_best"])


def whole(line: Line) -> list[Row]:
    """The groups in which all trials completed; all groups if there are none.

    A mean over only the completed trials of a group cannot be compared with means over all.
    """
    complete = [group for group in line.groups if group["completed"] == group["trials"]]
    return complete or list(line.groups)


def rates_text(item: tuple[int, Sequence[float]]) -> str:
    size, rates = item
    reach = number(rates[0]) if len(rates) == 1 else f"{number(rates[0])} to {number(rates[-1])}"
    return f"batch size {size}: {reach}"


def outcome_of(suiting: Sequence[Sequence[float]]) -> str:
    smallest, largest = suiting[0], suiting[-1]
    if smallest[-1] < largest[0]:
        return "rate_grows"
    return "rate_falls" if smallest[0] > largest[-1] else "not_shown"


def direction(suiting: Sequence[tuple[int, Sequence[float]]]) -> str:
    """Whether larger batches need different rates."""
    outcome = outcome_of([rates for _, rates in suiting])
    if outcome == "not_shown":
        return "The rates that suit the smallest and the largest batch overlap, so a shift is not shown."
    side = "higher" if outcome == "rate_grows" else "lower"
    told = f"So batch size {suiting[-1][0]} is shown to need a {side} learning rate than batch size {suiting[0][0]}"
    between = [
        f"{size} and {larger}"
        for (size, rates), (larger, others) in itertools.pairwise(suiting)
        if outcome_of([rates, others]) != outcome
    ]
    return f"{told}; between {listed(between, 'or')}, a shift is not shown." if between else f"{told}."


def sizes(groups: Sequence[Row]) -> str:
    """Whether the batch size matters if each has its own best rate and schedule."""
    best = next(group for group in groups if str(group["batch_size"]) == group["against"])
    worse = [group for group in groups if group["could_be_best"] is False]
    found = f"Each at its own best rate and schedule, batch size {best['batch_size']} has the lowest E_v"
    found += f" ({number(best['e_v'])})"
    if not worse:
        return f"{found}; no other is shown to be worse."
    parts = [f"that of batch size {group['batch_size']} {against(group)}" for group in worse]
    return f"{found}; {'; '.join(parts)}. With equally many epochs, smaller batches take more steps."


def schedules(store: Store, sweep: str) -> list[str]:
    """Whether a falling learning rate helps, if the sweep has two schedules."""
    groups = store.compare(sweep, ["schedule"], of="e_v", against=None)
    if len(groups) != 2 or not all(group["completed"] for group in groups):
        return []
    (other,) = store.compare(sweep, ["schedule"], of="e_v", against=groups[0]["schedule"])[1:]
    names = groups[0]["schedule"], other["schedule"]
    if not is_shown(other):
        return [f"{PAIRS}, E_v with the schedules {listed(names)} cannot be told apart."]
    return [f"{PAIRS}, E_v with the schedule {names[1]} {against(other, f'with {names[0]}')}."]
