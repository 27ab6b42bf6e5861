"""Groups of trials side by side: means, how much repeats and configurations spread, and how much the groups differ."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from fitgap.runner.analysis.pairing import Differences, Measured, differences
from fitgap.runner.analysis.scaling import scaled
from fitgap.runner.analysis.spreads import averages, spreads
from fitgap.runner.errors import StoreError, nearest
from fitgap.runner.store.compare.metrics import Completed, Which, completed_trials, other_trials
from fitgap.runner.store.compare.pairs import Members, members_of
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.database.values import finite
from fitgap.runner.store.filter import advice, known_names
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, trial
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# What to group by, beside settings by their dotted names.
COLUMNS = {**result_keys.SETTINGS, **result_keys.MORE_SETTINGS, "verdict": configuration.c.verdict}
# Those whose spread over repeats and over configurations is told beside the mean.
SPREAD = ("e_t", "e_v", "best_e_v")
# What is read of every trial; the gap is known from others.
READ = (*(name for name in result_keys.MEASURED if name != "gap"), "verdict")
# Of these more is better, of the others less.
MORE_IS_BETTER = ("accuracy_t", "accuracy_v")


@dataclass(frozen=True)
class Question:
    """What is compared: groups by these settings, in this measure, against a group (else the best), of some trials."""

    by: Sequence[str]
    of: str = "best_e_v"
    against: str | None = None
    where: ColumnElement[bool] | None = None
    # The numbers of the configurations that are meant; None for all.
    only: Sequence[int] | None = None


def compare(
    connection: Connection, sweep_id: int, question: Question, *, sort: str | None = None, limit: int | None = None
) -> list[Row]:
    """Means over the completed trials of each group of settings, the best mean of `of` first, unless sorted otherwise.

    Groups with trials that did not complete come after those without: their means leave out what went wrong.
    """
    keys = known_keys(question)
    which = Which(sweep_id, question.where, question.only)
    completed = completed_trials(connection, which, READ)
    completed.measured["gap"] = completed.measured["e_v"] - completed.measured["e_t"]
    others = other_trials(connection, which)
    # After the trials, so that none of these is without its configuration.
    members = members_of(connection, sweep_id, keys, question.only)
    groups, members = arranged(told(members, completed, others), members, question)
    if groups:
        complete(groups, members, completed, question)
    return first_rows(groups, sort, limit)


def known_keys(question: Question) -> dict[str, ColumnElement]:
    """The expressions to group by; StoreError for what is no setting, or no measure."""
    if not question.by:
        raise StoreError(f"name what to compare by, such as --by activation; known: {', '.join(COLUMNS)}")
    keys = {key: COLUMNS[key] if key in COLUMNS else setting(key) for key in question.by}
    check_measure(question.of)
    return keys


def setting(name: str) -> ColumnElement:
    """A setting by its dotted name, such as `optimizer.rate`; StoreError where it has no single value."""
    known = known_names().get(name) if "." in name else None
    if known is None:
        raise StoreError(f"cannot compare by {name!r}; {advice(name) if '.' in name else nearest(name, COLUMNS)}")
    if known.several is not None:
        axis = name.partition(".")[0]
        raise StoreError(f"cannot compare by {name!r}: a configuration may have several; compare by {axis}")
    return known.value


def check_measure(of: str) -> None:
    if of not in result_keys.MEASURED:
        raise StoreError(f"there is no measure {of!r}; {nearest(of, result_keys.MEASURED)}")


def told(members: Members, completed: Completed, others: tuple[np.ndarray, np.ndarray]) -> list[Row]:
    """The groups with their settings, counts and means."""
    size = len(members.settings)
    place = members.places(completed.configuration)
    done = np.bincount(place, minlength=len(members.number))
    trials = done + np.bincount(members.places(others[0]), others[1], len(members.number)).astype(int)
    group = members.group[place]
    # Integers of Python: these are rows for JSON.
    columns: dict[str, list[Any]] = {
        "configurations": np.bincount(members.group[trials > 0], minlength=size).tolist(),
        "trials": np.bincount(members.group, trials, size).astype(int).tolist(),
        "completed": np.bincount(members.group, done, size).astype(int).tolist(),
        **{name: means(group, completed.measured[name], size) for name in result_keys.MEASURED},
    }
    verdict = completed.measured["verdict"]
    for number, name in enumerate(result_keys.VERDICTS):
        columns[f"{name}_trials"] = np.bincount(group[verdict == number], minlength=size).tolist()
    return [
        {**settings, **dict(zip(columns, values, strict=True))}
        for settings, *values in zip(members.settings, *columns.values(), strict=True)
    ]


def means(group: np.ndarray, value: np.ndarray, groups: int) -> list[float | None]:
    """The mean of the known values of each group; None where there are none."""
    known = ~np.isnan(value)
    plain = averages(group[known], value[known], groups)
    if np.isinf(plain).any():
        # Scaled where a sum is too large to be a number, and nowhere else: the smallest numbers would become 0.
        scaled_value, scale = scaled(value[known])
        plain = np.where(np.isinf(plain), scale * averages(group[known], scaled_value, groups), plain)
    return [finite(mean) for mean in plain]


def arranged(groups: list[Row], members: Members, question: Question) -> tuple[list[Row], Members]:
    """The groups that have trials, the best first, and the members by the places of these."""
    sign = -1 if question.of in MORE_IS_BETTER else 1

    def rank(number: int) -> tuple[Any, ...]:
        group = groups[number]
        value = group[question.of]
        settings = [(group[key] is None, group[key]) for key in question.by]
        return group["completed"] < group["trials"], value is None, sign * (value or 0.0), settings

    order = sorted((number for number, group in enumerate(groups) if group["trials"]), key=rank)
    place = np.full(len(groups), -1)
    place[order] = np.arange(len(order))
    return [groups[number] for number in order], replace(members, group=place[members.group])


def complete(groups: list[Row], members: Members, completed: Completed, question: Question) -> None:
    """Add to the groups what takes more than a sum: spreads, verdicts, differences."""
    place = members.places(completed.configuration)
    for name in dict.fromkeys([*SPREAD, question.of]):
        add_spreads(groups, members, place, name, completed.measured[name])
    add_verdicts(groups, members, np.unique(place))
    repeat = np.unique(completed.repeat, return_inverse=True)[1]
    trials = Measured(members.group[place], members.others[place], repeat, completed.measured[question.of])
    labels = [",".join(str(group[key]) for key in question.by) for group in groups]
    against = position_of(labels, question.against)
    add_differences(groups, differences(trials, len(groups), against), labels[against])


def add_spreads(groups: list[Row], members: Members, place: np.ndarray, name: str, value: np.ndarray) -> None:
    """The standard deviations over repeats of one configuration, and over the configurations of each group."""
    found = spreads(place, value, members.group, len(groups))
    for group, within, between in zip(groups, found.within, found.between, strict=True):
        group[f"{name}_sd"], group[f"{name}_spread"] = finite(within), finite(between)


def add_verdicts(groups: list[Row], members: Members, places: np.ndarray) -> None:
    """The verdict that most configurations of a group have, among those that have one."""
    size = len(result_keys.VERDICTS) + 1
    cells = np.bincount(members.group[places] * size + members.verdict[places], minlength=len(groups) * size)
    counts = cells.reshape(-1, size)[:, :-1]
    for group, count in zip(groups, counts, strict=True):
        # Of two that are as frequent, the one that stands first in the list of verdicts.
        group["verdict"] = result_keys.VERDICTS[count.argmax()] if count.any() else None


def add_differences(groups: list[Row], found: Differences, against: str) -> None:
    """The differences to one of the groups, with their uncertainty; null in that group itself."""
    for place, group in enumerate(groups):
        mean, margin = float(found.mean[place]), float(found.margin[place])
        group["against"] = against
        group["difference"] = finite(mean)
        group["difference_se"] = finite(found.error[place])
        group["difference_margin"] = finite(margin)
        group["difference_low"], group["difference_high"] = finite(mean - margin), finite(mean + margin)
        group["pairs"], group["paired_repeats"] = int(found.pairs[place]), int(found.repeats[place])


def position_of(labels: list[str], against: str | None) -> int:
    """Which group the others are held against, by default the first; StoreError where it is none of them."""
    if against is None:
        return 0
    if against not in labels:
        raise StoreError(f"there is no group {against!r} to compare with; {nearest(against, labels[:20])}")
    return labels.index(against)


def first_rows(groups: list[Row], sort: str | None, limit: int | None) -> list[Row]:
    """The first rows by a key, led by `-` for the highest first; nulls come last. StoreError for an unknown key."""
    if sort is None or not groups:
        return groups[:limit]
    key = sort.removeprefix("-")
    if key not in groups[0]:
        raise StoreError(f"cannot sort by {key!r}; {nearest(key, groups[0])}")
    known = [group for group in groups if group[key] is not None]
    ordered = sorted(known, key=lambda group: group[key], reverse=sort.startswith("-"))
    return [*ordered, *(group for group in groups if group[key] is None)][:limit]


def leaders(connection: Connection, sweep_id: int, limit: int) -> list[int]:
    """The numbers of the best configurations by their mean best E_v, those with trials that did not complete last.

    Found by the database alone: a million trials take no memory here.
    """
    completed = sa.func.count(sa.case((result_keys.is_completed, 1)))
    best = mean(sa.case((result_keys.is_completed, trial.c.best_e_v)))
    query = (
        sa.select(trial.c.configuration_id)
        .where(trial.c.sweep_id == sweep_id)
        .group_by(trial.c.configuration_id)
        .order_by(completed < sa.func.count(trial.c.id), best.is_(None), best, trial.c.configuration_id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def leaderboard(connection: Connection, sweep_id: int, by: Sequence[str], limit: int) -> list[Row]:
    """The best configurations, with these settings."""
    question = Question([*by, "configuration"], only=leaders(connection, sweep_id, limit))
    return compare(connection, sweep_id, question)
