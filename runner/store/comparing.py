"""Groups of trials side by side: means, how much repeats and configurations spread, and how much the groups differ."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from runner.analysis.pairing import Differences, Measured, differences
from runner.analysis.spreads import spreads
from runner.errors import StoreError, nearest
from runner.store import rows
from runner.store.expressions import mean
from runner.store.filter import advice, known_names
from runner.store.numbers import fetch_numbers
from runner.store.pairs import Members, members_of
from runner.store.queries import Row, fetch
from runner.store.tables import configuration, trial
from runner.store.values import finite

# What to group by, beside settings by their dotted names.
COLUMNS = {**rows.SETTINGS, **rows.MORE_SETTINGS}
# Those whose spread over repeats and over configurations is told beside the mean.
SPREAD = ("e_t", "e_v", "best_e_v")
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
    groups = grouped(connection, sweep_id, keys, question)
    if groups:
        places = {tuple(group[key] for key in keys): place for place, group in enumerate(groups)}
        members = members_of(connection, sweep_id, keys, places, question.only)
        complete(connection, sweep_id, groups, members, question)
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
    if of not in rows.MEASURED:
        raise StoreError(f"there is no measure {of!r}; {nearest(of, rows.MEASURED)}")


def grouped(connection: Connection, sweep_id: int, keys: dict[str, ColumnElement], question: Question) -> list[Row]:
    """The groups with their counts and means, the best first."""
    query = of_trials(sa.select(*rows.labelled(keys), *rows.labelled(rows.GROUP)), sweep_id, question)
    groups = fetch(connection, query.group_by(*keys.values()))
    sign = -1 if question.of in MORE_IS_BETTER else 1

    def place(group: Row) -> tuple[Any, ...]:
        value = group[question.of]
        settings = [(group[key] is None, group[key]) for key in keys]
        return group["completed"] < group["trials"], value is None, sign * (value or 0.0), settings

    return sorted(groups, key=place)


def of_trials(query: sa.Select, sweep_id: int, question: Question) -> sa.Select:
    """A question about the trials that are meant."""
    query = query.join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
    query = query.where(trial.c.sweep_id == sweep_id)
    if question.only is not None:
        query = query.where(trial.c.configuration_id.in_(question.only))
    return query if question.where is None else query.where(question.where)


def complete(connection: Connection, sweep_id: int, groups: list[Row], members: Members, question: Question) -> None:
    """Add to the groups what takes more than a sum: spreads, verdicts, differences."""
    names = dict.fromkeys([*SPREAD, question.of])
    chosen = [trial.c.configuration_id, trial.c.repeat, *(rows.MEASURED[name] for name in names)]
    query = of_trials(sa.select(*chosen), sweep_id, question).where(rows.is_completed)
    number, repeat, *columns = fetch_numbers(connection, query)
    place = np.searchsorted(members.number, number)
    repeat_code = np.unique(repeat, return_inverse=True)[1]
    measured = dict(zip(names, columns, strict=True))
    add_spreads(groups, members, place, measured)
    add_verdicts(groups, members, np.unique(place))
    trials = Measured(members.group[place], members.others[place], repeat_code, measured[question.of])
    labels = [",".join(str(group[key]) for key in question.by) for group in groups]
    against = position_of(labels, question.against)
    add_differences(groups, differences(trials, len(groups), against), labels[against])


def add_spreads(groups: list[Row], members: Members, place: np.ndarray, measured: dict[str, np.ndarray]) -> None:
    """The standard deviations over repeats of one configuration, and over the configurations of each group."""
    for name, values in measured.items():
        found = spreads(place, values, members.group, len(groups))
        for group, within, between in zip(groups, found.within, found.between, strict=True):
            group[f"{name}_sd"], group[f"{name}_spread"] = finite(within), finite(between)


def add_verdicts(groups: list[Row], members: Members, places: np.ndarray) -> None:
    """The verdict that most configurations of a group have, among those that have one."""
    counts: list[Counter[str]] = [Counter() for _ in groups]
    for place in places:
        if members.verdict[place]:
            counts[members.group[place]][members.verdict[place]] += 1
    for group, count in zip(groups, counts, strict=True):
        # Of two that are as frequent, the one that stands first in the list of verdicts.
        group["verdict"] = max(sorted(count, key=rows.VERDICTS.index), key=count.__getitem__, default=None)


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
    completed = sa.func.count(sa.case((rows.is_completed, 1)))
    best = mean(sa.case((rows.is_completed, trial.c.best_e_v)))
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
