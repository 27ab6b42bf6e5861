"""Tuning: each group at its own best setting of all other axes, chosen on other repeats than those that measure it.

The lowest error of many settings is partly due to chance, so it is too low an estimate, and more so the more settings
there are. Therefore the repeats are divided into two halves, and each half is measured at the setting that is best in
the other half (cross-fitting). Leaving out one repeat at a time would leave more repeats to choose on, but then the
repeats would depend on each other, and intervals would be too narrow.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from fitgap.runner.errors import StoreError
from fitgap.runner.store.compare.axis_columns import COLUMNS, axes_of_sweeps, configurations_of
from fitgap.runner.store.compare.completed_trials import Completed, Counts
from fitgap.runner.store.compare.pairs import AXIS_OF, Members
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.schema.tables import configuration
from fitgap.runner.suggestions import suggested
from sqlalchemy.engine import Connection

# Settings are chosen by the compared metric if it is one of these, else by the E_v of the best epoch.
CRITERIA = ("e_v", "best_e_v", "honest_e_v", "excess", "e_t", "best_e_t", "accuracy_v", "accuracy_t")
USUAL = "best_e_v"


@dataclass(frozen=True)
class Choice:
    """Which completed trials belong to the chosen settings (n,), and what was chosen for each group.

    `configuration` is the index of the configuration chosen most often (-1 if none), `repeats` the number of repeats
    for which it was chosen, and `every` holds all configurations chosen.
    """

    is_chosen: np.ndarray
    configuration: np.ndarray
    repeats: np.ndarray
    every: Sequence[Sequence[int]]


def criterion(of: str) -> str:
    """The metric by which settings are chosen when groups are compared by the metric `of`."""
    return of if of in CRITERIA else USUAL


def tuned(members: Members, completed: Completed, incomplete: np.ndarray, value: np.ndarray) -> Choice:
    """For each half of the repeats, the configuration of every group with the lowest mean of `value` (n,) in the other.

    Configurations with trials that have not completed (ids `incomplete`) rank behind all others. Raises StoreError if
    there are fewer than two repeats.
    """
    place, groups = members.places(completed.configuration), len(members.settings)
    repeats, repeat = np.unique(completed.repeat, return_inverse=True)
    if len(repeats) < 2:
        rule = "tuned groups need at least two completed repeats, because a setting is chosen on half of them"
        raise StoreError(f"{rule}; add some with: {suggested('extend', 'SWEEP', '--repeats', 'N')}")
    half = np.arange(len(repeats)) % 2
    table = np.full((len(members.number), len(repeats)), np.nan)
    table[place, repeat] = value
    is_incomplete = np.zeros(len(members.number), bool)
    is_incomplete[members.places(incomplete)] = True
    means = (mean_of_known(table[:, half != each]) for each in (0, 1))
    winners = np.stack([best_of_each(members.group, is_incomplete, mean, groups) for mean in means])[half]
    most, times = zip(*map(most_frequent, winners.T), strict=True)
    is_chosen = winners[repeat, members.group[place]] == place
    return Choice(is_chosen, np.array(most), np.array(times), [by_frequency(each) for each in winners.T])


def mean_of_known(table: np.ndarray) -> np.ndarray:
    """The mean of the known values of each row; infinity if none is known."""
    known = np.isfinite(table)
    count = known.sum(axis=1)
    return np.where(count > 0, np.where(known, table, 0.0).sum(axis=1) / np.maximum(count, 1), np.inf)


def best_of_each(group: np.ndarray, is_incomplete: np.ndarray, mean: np.ndarray, groups: int) -> np.ndarray:
    """The position of the best configuration of each group; -1 if the mean of none is known."""
    order = np.lexsort((mean, is_incomplete, group))
    found, first = np.unique(group[order], return_index=True)
    best = np.full(groups, -1)
    # Group -1 holds the configurations that belong to no group.
    is_known = (found >= 0) & np.isfinite(mean[order[first]])
    best[found[is_known]] = order[first[is_known]]
    return best


def most_frequent(winners: np.ndarray) -> tuple[int, int]:
    """The configuration that won most often (the first, if several did), and how often; -1 if none won."""
    known = winners[winners >= 0]
    if not known.size:
        return -1, 0
    found, counts = np.unique(known, return_counts=True)
    return int(found[counts.argmax()]), int(counts.max())


def by_frequency(winners: np.ndarray) -> list[int]:
    """The configurations that won, most frequent first; ties are in the order of their indices."""
    found, counts = np.unique(winners[winners >= 0], return_counts=True)
    return [int(each) for each in found[np.argsort(-counts, kind="stable")]]


def only_chosen(
    members: Members, completed: Completed, counts: tuple[Counts, ...], choice: Choice
) -> tuple[Completed, Counts, Counts]:
    """The completed trials of the chosen settings, and the counts of the configurations that were chosen.

    Groups for which nothing was chosen, because none of their trials completed, keep all counts.
    """
    left = completed.only(choice.is_chosen)
    others, diverged = (
        (ids[kept], number[kept])
        for ids, number in counts
        for kept in [np.isin(ids, left.configuration) | (choice.configuration[members.group[members.places(ids)]] < 0)]
    )
    return left, others, diverged


def as_equals(members: Members) -> Members:
    """The members as if all their other settings were equal, so that chosen trials are paired by repeat alone."""
    return replace(members, others=np.zeros_like(members.others))


def chosen_settings(
    connection: Connection, sweeps: Sequence[int], by: Sequence[str], members: Members, choice: Choice
) -> list[Row]:
    """For each group, what was chosen most often: other settings as text, configuration, and number of repeats.

    `tuned_settings` lists the settings chosen for the two halves, one or two.
    """
    known = {AXIS_OF.get(key, key) for key in by}
    axes = [axis for axis in axes_of_sweeps(connection, sweeps) if axis not in known]
    ids = [int(members.number[each]) for chosen in choice.every for each in chosen]
    found = configurations_of(connection, sweeps, [configuration.c.hash, *(COLUMNS[axis] for axis in axes)], ids)
    labels = {number: (name, ", ".join(map(str, settings))) for number, name, *settings in map(tuple, found)}
    rows = []
    for each, repeats, every in zip(choice.configuration, choice.repeats, choice.every, strict=True):
        name, text = labels[int(members.number[each])] if each >= 0 else (None, None)
        settings = [labels[int(members.number[place])][1] for place in every]
        rows.append(
            {
                "tuned": text,
                "tuned_configuration": name,
                "tuned_repeats": int(repeats),
                "tuned_settings": settings,
            }
        )
    return rows
