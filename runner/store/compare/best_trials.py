"""The best trial of each group, from which work can continue."""

import numpy as np
from fitgap.runner.store.compare.completed_trials import Completed
from fitgap.runner.store.compare.pairs import Members
from fitgap.runner.store.read.lookups import Row


def add_best_trials(groups: list[Row], members: Members, completed: Completed, value: np.ndarray) -> None:
    """Add to each group its completed trial with the lowest `value` (n,), and whether some groups are intervals of
    numbers drawn from a range.
    """
    group = members.group[members.places(completed.configuration)]
    order = np.lexsort((completed.trial, value, group))
    order = order[~np.isnan(value[order]) & (group[order] >= 0)]
    found, first = np.unique(group[order], return_index=True)
    best = dict(zip(found.tolist(), completed.trial[order[first]].tolist(), strict=True))
    for number, row in enumerate(groups):
        row["best_trial"], row["grouped"] = best.get(number), members.is_grouped
