"""The order of groups whose means are over different repeats, as in sweeps with rounds of repeats."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from fitgap.runner.analysis.pairing import Measured, differences
from fitgap.runner.store.compare.completed_trials import Completed
from fitgap.runner.store.compare.pairs import Members
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.read.rounds import repeat_rounds
from sqlalchemy.engine import Connection


def has_unequal_repeats(connection: Connection, sweeps: Sequence[int], completed: Completed) -> bool:
    """Whether rounds have given some of the configurations more repeats than others."""
    counts = np.unique(completed.configuration, return_counts=True)[1]
    return np.unique(counts).size > 1 and any(repeat_rounds(connection, number) for number in sweeps)


def ordered(
    groups: list[Row], members: Members, trials: Measured, of: str, *, is_more_better: bool
) -> tuple[list[Row], Members]:
    """Reorder groups sorted by their means, so that the order does not depend on which repeats each of them has.

    Groups of one configuration each are in the order of a leaderboard: by repeats, then by means. Of other groups, the
    best is the one that no other group beats in paired differences, and the others follow by their differences from it.
    """
    sign = -1 if is_more_better else 1
    is_whole = np.array([group["completed"] == group["trials"] and group[of] is not None for group in groups], bool)
    if not is_whole.any():
        return groups, members
    if len(np.unique(members.group)) == len(members.number):
        by = -np.array([group["completed"] for group in groups], float)
    else:
        best, by = best_by_pairs(trials, sign, is_whole)
        by[best] = -np.inf
    # The sort is stable, so the means decide among ties and unknown differences.
    by = np.where(is_whole, np.nan_to_num(by, nan=np.finfo(float).max), np.inf)
    order = np.argsort(by, kind="stable")
    place = np.empty(len(groups), int)
    place[order] = np.arange(len(order))
    kept = np.where(members.group >= 0, place[members.group], -1)
    return [groups[number] for number in order.tolist()], replace(members, group=kept)


def best_by_pairs(trials: Measured, sign: int, is_whole: np.ndarray) -> tuple[int, np.ndarray]:
    """The group that no other beats in paired differences, and the differences of all groups from it; lower is better.

    The search starts at the group with the best mean and moves to the group that beats it by the largest difference.
    Differences over different repeats may be cyclic, so the search stops at a group that it has already visited.
    """
    best, seen = int(np.flatnonzero(is_whole)[0]), set[int]()
    while True:
        seen.add(best)
        found = sign * differences(trials, len(is_whole), best).mean
        known = np.where(is_whole & ~np.isnan(found), found, np.inf)
        lowest = int(known.argmin())
        if known[lowest] >= 0 or lowest in seen:
            return best, found
        best = lowest
