"""Comparison of groups of trials: means, spreads over repeats and configurations, and paired differences."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from fitgap.runner.analysis.pairing import Measured
from fitgap.runner.analysis.scaling import scaled
from fitgap.runner.analysis.spreads import averages, spreads
from fitgap.runner.errors import StoreError, nearest
from fitgap.runner.natural_order import natural_order
from fitgap.runner.store.compare.completed_trials import (
    Completed,
    Counts,
    TrialSelection,
    completed_trials,
    diverged_trials,
    other_trials,
)
from fitgap.runner.store.compare.group_differences import Baseline, add_differences
from fitgap.runner.store.compare.pairs import Members, members_of
from fitgap.runner.store.database.values import finite
from fitgap.runner.store.filter import advice, known_names
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.read.trials import single
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# The columns to group by, in addition to settings by dotted name.
COLUMNS = {**result_keys.SETTINGS, **result_keys.MORE_SETTINGS, "verdict": configuration.c.verdict}
# Measures whose spread over repeats and over configurations is always reported.
SPREAD = ("e_t", "e_v", "best_e_v")
# The measures to read; the gap is computed from others.
READ = (*(name for name in result_keys.MEASURED if name != "gap"), "verdict")
# For these measures higher is better, for all others lower.
MORE_IS_BETTER = ("accuracy_t", "accuracy_v")


@dataclass(frozen=True)
class GroupComparison:
    """What to compare: groups by the settings `by`, in the measure `of`, with the baseline group `against`.

    The default baseline is the best group. `where` restricts the trials.
    """

    by: Sequence[str]
    of: str = "best_e_v"
    against: str | None = None
    where: ColumnElement[bool] | None = None
    # The ids of the configurations to include; None for all.
    only: Sequence[int] | None = None


def compare(
    connection: Connection,
    sweep_id: int,
    question: GroupComparison,
    *,
    sort: str | None = None,
    limit: int | None = None,
) -> list[Row]:
    """Means over the completed trials of each group, sorted by the mean of `of`, best first, or by `sort`.

    Groups with incomplete trials come after the others, because their means exclude the failures.
    """
    keys = known_keys(question)
    which = TrialSelection(sweep_id, question.where, question.only)
    completed = completed_trials(connection, which, READ)
    completed.measured["gap"] = completed.measured["e_v"] - completed.measured["e_t"]
    others, diverged = other_trials(connection, which), diverged_trials(connection, which)
    # Read after the trials, so that every trial has its configuration.
    members = members_of(connection, sweep_id, keys, question.only)
    groups, members = ranked(group_rows(members, completed, others, diverged), members, question)
    if groups:
        add_statistics(groups, members, completed, others[0], question)
    return first_rows(groups, sort, limit)


def known_keys(question: GroupComparison) -> dict[str, ColumnElement]:
    """The expressions to group by; StoreError for an unknown setting or measure."""
    if not question.by:
        raise StoreError(f"name a setting to compare by, such as --by activation; known: {', '.join(COLUMNS)}")
    keys = {key: COLUMNS[key] if key in COLUMNS else setting(key) for key in question.by}
    check_measure(question.of)
    return keys


def setting(name: str) -> ColumnElement:
    """A setting by its dotted name, such as `optimizer.rate`; StoreError if it is unknown.

    Configurations with several different values of it, such as widths of layers, form a group of their own, with null.
    """
    known = known_names().get(name) if "." in name else None
    if known is None:
        raise StoreError(f"cannot compare by {name!r}; {advice(name) if '.' in name else nearest(name, COLUMNS)}")
    return single(name)


def check_measure(of: str) -> None:
    if of not in result_keys.MEASURED:
        raise StoreError(f"there is no measure {of!r}; {nearest(of, result_keys.MEASURED)}")


def group_rows(members: Members, completed: Completed, others: Counts, diverged: Counts) -> list[Row]:
    """The groups with their settings, counts and means."""
    size = len(members.settings)
    place = members.places(completed.configuration)
    done = np.bincount(place, minlength=len(members.number))
    trials = done + np.bincount(members.places(others[0]), others[1], len(members.number)).astype(int)
    group = members.group[place]
    # tolist() gives Python integers, which JSON needs.
    columns: dict[str, list[Any]] = {
        "configurations": np.bincount(members.group[trials > 0], minlength=size).tolist(),
        "trials": np.bincount(members.group, trials, size).astype(int).tolist(),
        "completed": np.bincount(members.group, done, size).astype(int).tolist(),
        **{name: means(group, completed.measured[name], size) for name in result_keys.MEASURED},
    }
    verdict = completed.measured["verdict"]
    for number, name in enumerate(result_keys.VERDICTS_OF_TRIALS):
        columns[f"{name}_trials"] = np.bincount(group[verdict == number], minlength=size).tolist()
    ids, counts = diverged
    columns["diverged_trials"] = np.bincount(members.group[members.places(ids)], counts, size).astype(int).tolist()
    return [
        {**settings, **dict(zip(columns, values, strict=True))}
        for settings, *values in zip(members.settings, *columns.values(), strict=True)
    ]


def means(group: np.ndarray, value: np.ndarray, groups: int) -> list[float | None]:
    """The mean of the known values of each group; None if there are none."""
    known = ~np.isnan(value)
    plain = averages(group[known], value[known], groups)
    if np.isinf(plain).any():
        # Scale only if a sum overflows, because scaling turns the smallest numbers into 0.
        scaled_value, scale = scaled(value[known])
        plain = np.where(np.isinf(plain), scale * averages(group[known], scaled_value, groups), plain)
    return [finite(mean) for mean in plain]


def ranked(groups: list[Row], members: Members, question: GroupComparison) -> tuple[list[Row], Members]:
    """The groups that have trials, best first, and the members with their group indices updated accordingly."""
    sign = -1 if question.of in MORE_IS_BETTER else 1

    def rank(number: int) -> tuple[Any, ...]:
        group = groups[number]
        value = group[question.of]
        settings = [(group[key] is None, natural_order(group[key])) for key in question.by]
        return group["completed"] < group["trials"], value is None, sign * (value or 0.0), settings

    order = sorted((number for number, group in enumerate(groups) if group["trials"]), key=rank)
    place = np.full(len(groups), -1)
    place[order] = np.arange(len(order))
    return [groups[number] for number in order], replace(members, group=place[members.group])


def add_statistics(
    groups: list[Row], members: Members, completed: Completed, others: np.ndarray, question: GroupComparison
) -> None:
    """Add spreads, verdicts and differences to the groups."""
    place = members.places(completed.configuration)
    for name in dict.fromkeys([*SPREAD, question.of]):
        add_spreads(groups, members, place, name, completed.measured[name])
    add_verdicts(groups, members, np.unique(np.concatenate([place, members.places(others)])))
    repeat = np.unique(completed.repeat, return_inverse=True)[1]
    trials = Measured(members.group[place], members.others[place], repeat, completed.measured[question.of])
    labels = [",".join(str(group[key]) for key in question.by) for group in groups]
    add_differences(groups, trials, labels, Baseline(question.against, question.of in MORE_IS_BETTER))


def add_spreads(groups: list[Row], members: Members, place: np.ndarray, name: str, value: np.ndarray) -> None:
    """Add the standard deviations over the repeats of a configuration, and over the configurations of a group."""
    found = spreads(place, value, members.group, len(groups))
    for group, within, between in zip(groups, found.within, found.between, strict=True):
        group[f"{name}_sd"], group[f"{name}_spread"] = finite(within), finite(between)


def add_verdicts(groups: list[Row], members: Members, places: np.ndarray) -> None:
    """Add the most frequent verdict among the configurations of each group."""
    size = len(result_keys.VERDICTS) + 1
    cells = np.bincount(members.group[places] * size + members.verdict[places], minlength=len(groups) * size)
    counts = cells.reshape(-1, size)[:, :-1]
    for group, count in zip(groups, counts, strict=True):
        # Ties go to the verdict that is first in the list.
        group["verdict"] = result_keys.VERDICTS[count.argmax()] if count.any() else None


def first_rows(groups: list[Row], sort: str | None, limit: int | None) -> list[Row]:
    """The first `limit` rows, sorted by a key; prefix `-` sorts descending, nulls come last. StoreError if unknown."""
    if sort is None or not groups:
        return groups[:limit]
    key = sort.removeprefix("-")
    if key not in groups[0]:
        raise StoreError(f"cannot sort by {key!r}; {nearest(key, groups[0])}")
    known = [group for group in groups if group[key] is not None]
    ordered = sorted(known, key=lambda group: natural_order(group[key]), reverse=sort.startswith("-"))
    return [*ordered, *(group for group in groups if group[key] is None)][:limit]
