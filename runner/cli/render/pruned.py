"""What is to be said where trials are compared of which some were pruned."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fitgap.runner.amounts import counted

if TYPE_CHECKING:
    from fitgap.runner.store import Store


def pruned_note(store: "Store", sweeps: Sequence[str]) -> str | None:
    """A line about the pruned trials of these sweeps, which are in no mean; None if there are none."""
    numbers = {store.sweep(each)["id"] for each in sweeps}
    rows = [row for row in store.sweeps() if row["sweep"] in numbers]
    pruned, trials = sum(row["pruned"] for row in rows), sum(row["trials"] for row in rows)
    if not pruned:
        return None
    were = "was" if pruned == 1 else "were"
    return (
        f"{pruned:,} of {counted(trials, 'trial')} {were} pruned: the others, of which the means are, went on because "
        "of their E_v. Read differences with care."
    )
