"""Notes on comparisons of trials, some of which were pruned."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fitgap.runner.amounts import counted

if TYPE_CHECKING:
    from fitgap.runner.store import Store

# With fewer judged configurations, it is not informative that the best one is at an end of an axis.
FEWEST_JUDGED = 5
FINISHED_WORDS = {
    "overfit": "the best configuration that was trained to its end overfits: its E_t is much lower than its E_v",
    "underfit": (
        "the best configuration that was trained to its end underfits: its E_t is hardly below that of a constant "
        "prediction"
    ),
}


def pruned_note(store: "Store", sweeps: Sequence[str]) -> str | None:
    """A line about the pruned trials of these sweeps, which means leave out; None if there are none."""
    numbers = {store.sweep(each)["id"] for each in sweeps}
    rows = [row for row in store.sweeps() if row["sweep"] in numbers]
    pruned, trials = sum(row["pruned"] for row in rows), sum(row["trials"] for row in rows)
    if not pruned:
        return None
    # A trial that was pruned keeps its rank.
    continued = sum(store.count_trials(row["sweep"], "rank >= 1 and status != 'pruned'") for row in rows)
    if continued:
        return (
            f"{pruned + continued:,} of {counted(trials, 'trial')} were pruned, and {continued:,} of these "
            f"{were(continued)} continued. The means leave out the other {pruned:,}, so they cover all trials only in "
            "groups in which none is pruned."
        )
    return (
        f"{pruned:,} of {counted(trials, 'trial')} {were(pruned)} pruned. The means are over the trials that were kept "
        "because their E_v was low, so they are better than those of all."
    )


def pruned_configurations(found: Mapping[str, Any]) -> str:
    """The opening line for a sweep that pruned: how many configurations its diagnosis does not cover."""
    pruned, judged = found["pruned_configurations"], judged_count(found)
    rest = f"what follows is about the {counted(judged, 'configuration')} that {were(judged)} judged"
    of = f"{found['sweep']}: {pruned:,} of {counted(found['configuration_count'], 'configuration')}"
    return f"{of} {were(pruned)} pruned at rungs and not judged" + (f"; {rest}" if judged else "")


def is_hardly_judged(found: Mapping[str, Any]) -> bool:
    """Whether so many configurations were pruned that hardly any was judged."""
    return found["pruned_configurations"] > 0 and judged_count(found) < FEWEST_JUDGED


def judged_count(found: Mapping[str, Any]) -> int:
    return sum(found["configurations"].values())


def closing_of_pruned(found: Mapping[str, Any]) -> str:
    """The last paragraph if no judged configuration has a trouble: pruned ones are not covered."""
    advice = "to find out which settings underfit or overfit, train a new sweep without pruning"
    if is_hardly_judged(found):
        return advice
    return f"none of the judged configurations underfits or overfits compared with the reference; {advice}"


def were(count: int) -> str:
    return "was" if count == 1 else "were"
