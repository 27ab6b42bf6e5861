"""Comparison of groups of trials: means, spreads over repeats and configurations, and paired differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from fitgap.runner.analysis.pairing import Measured
from fitgap.runner.analysis.scaling import scaled
from fitgap.runner.analysis.spreads import averages, spreads
from fitgap.runner.errors import StoreError, nearest
from fitgap.runner.natural_order import natural_order
from fitgap.runner.store.compare import tuning
from fitgap.runner.store.compare.best_trials import add_best_trials
from fitgap.runner.store.compare.comparable import require_comparable, without_duplicates
from fitgap.runner.store.compare.completed_trials import (
    Completed,
    Counts,
    TrialSelection,
    completed_trials,
    is_metric,
    measure,
    other_trials,
    trials_with,
)
from fitgap.runner.store.compare.group_differences import Baseline, add_differences, label_of
from fitgap.runner.store.compare.pairs import Members, members_of
from fitgap.runner.store.compare.unequal_repeats import has_unequal_repeats, ordered
from fitgap.runner.store.database.values import finite
from fitgap.runner.store.filter import CLASS_RECALLS, advice, class_names, known_names, measure_of
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.read.trials import single
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, sweep
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# The columns to group by, in addition to settings by dotted name.
COLUMNS: dict[str, ColumnElement] = {
    **result_keys.SETTINGS,
    **result_keys.MORE_SETTINGS,
    "verdict": configuration.c.verdict,
    "sweep": sa.select(sweep.c.name).where(sweep.c.id == configuration.c.sweep_id).scalar_subquery(),
}
# Measures whose spread over repeats and over configurations is always reported.
SPREAD = ("e_t", "e_v", "best_e_v")
# The measures to read; the gap is computed from others.
READ = (*(name for name in result_keys.MEASURED if name != "gap"), "verdict")
# For these measures higher is better, for all others lower.
MORE_IS_BETTER = (
    "accuracy_t",
    "accuracy_v",
    *(name for name in result_keys.METRIC if name not in result_keys.ERROR_METRICS),
)


def more_is_better(name: str) -> bool:
    """Whether higher values of a measure are better, as for the recall of a class."""
    return name in MORE_IS_BETTER or measure_of(name) in CLASS_RECALLS


@dataclass(frozen=True)
class GroupComparison:
    """What to compare: groups by the settings `by` with the baseline group `against`, by the measure `of`.

    The default baseline is the best group. `where` restricts the trials. If `tuned`, each group is measured at its own
    best setting of the other axes.
    """

    by: Sequence[str]
    of: str = "best_e_v"
    against: str | None = None
    where: ColumnElement[bool] | None = None
    # The ids of the configurations to include; None for all.
    only: Sequence[int] | None = None
    tuned: bool = False
    # Further measures whose means are reported.
    also: Sequence[str] = ()


def compare(
    connection: Connection,
    sweeps: Sequence[int],
    question: GroupComparison,
    *,
    sort: str | None = None,
    limit: int | None = None,
) -> list[Row]:
    """Means over the completed trials of each group, sorted by the mean of `of`, best first, or by `sort`.

    Groups with incomplete trials come after the others, because their means exclude the failures.
    """
    keys = known_keys(question, class_names(connection, sweeps))
    require_comparable(connection, sweeps, question.of)
    which = TrialSelection(sweeps, without_duplicates(connection, sweeps, keys, question.where), question.only)
    also = [name for name in question.also if name != "gap"]
    completed = completed_trials(connection, which, list(dict.fromkeys([*READ, question.of, *also])))
    refuse_unknown(question.of, completed)
    completed.measured["gap"] = completed.measured["e_v"] - completed.measured["e_t"]
    others, diverged = other_trials(connection, which), trials_with(connection, which, Status.DIVERGED)
    # Pruned trials of unchosen settings count, too: by pruning them, the sweep selected those that remain.
    pruned = trials_with(connection, which, Status.PRUNED)
    # Read after the trials, so that every trial has its configuration.
    members = members_of(connection, sweeps, keys, question.only)
    chosen: list[Row] = [{}] * len(members.settings)
    if question.tuned and len(completed.repeat):
        choice = tuning.tuned(members, completed, others[0], worse(completed, tuning.criterion(question.of)))
        chosen = tuning.chosen_settings(connection, sweeps, question.by, members, choice)
        completed, others, diverged = tuning.only_chosen(members, completed, (others, diverged), choice)
        members = tuning.as_equals(members)
    rows = group_rows(members, completed, others, {Status.DIVERGED: diverged, Status.PRUNED: pruned})
    groups, members = ranked([{**row, **more} for row, more in zip(rows, chosen, strict=True)], members, question)
    if groups:
        if has_unequal_repeats(connection, sweeps, completed):
            trials, of = measured_of(members, completed, question.of), question.of
            groups, members = ordered(groups, members, trials, of, is_more_better=more_is_better(of))
        add_statistics(groups, members, completed, others[0], question)
    return first_rows(groups, sort, limit)


def worse(completed: Completed, name: str) -> np.ndarray:
    """A metric of each trial (n,), negated if higher is better, so that lower is better."""
    return -completed.measured[name] if more_is_better(name) else completed.measured[name]


def known_keys(question: GroupComparison, classes: Sequence[str]) -> dict[str, ColumnElement]:
    """The expressions to group by; StoreError for an unknown setting or measure."""
    if not question.by:
        raise StoreError(f"name a setting to compare by, such as --by activation; known: {', '.join(COLUMNS)}")
    keys = {key: COLUMNS[key] if key in COLUMNS else setting(key) for key in question.by}
    measure(question.of, classes)
    return keys


def setting(name: str) -> ColumnElement:
    """A setting by its dotted name, such as `optimizer.rate`; StoreError if it is unknown.

    Configurations with several different values of the setting, such as widths of layers, form one group, with null.
    """
    known = known_names().get(name) if "." in name else None
    if known is None:
        raise StoreError(f"cannot compare by {name!r}; {advice(name) if '.' in name else nearest(name, COLUMNS)}")
    return single(name)


def refuse_unknown(of: str, completed: Completed) -> None:
    """Raise StoreError if no completed trial has the metric `of`."""
    if is_metric(of) and len(completed.repeat) and np.isnan(completed.measured[of]).all():
        raise StoreError(
            f"no completed trial has {of}: mae and rmse need numeric targets, the other metrics classes (log_loss also "
            "a cross entropy), and trials of versions before 0.2 have no metrics; compare another measure, such as "
            "--of e_v"
        )


def group_rows(members: Members, completed: Completed, others: Counts, ended: Mapping[Status, Counts]) -> list[Row]:
    """The groups with their settings, counts of trials (in total and by outcome) and means of all measures."""
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
        **{name: means(group, values, size) for name, values in in_key_order(completed.measured).items()},
    }
    verdict = completed.measured["verdict"]
    for number, name in enumerate(result_keys.VERDICTS_OF_TRIALS):
        columns[f"{name}_trials"] = np.bincount(group[verdict == number], minlength=size).tolist()
    for status, (ids, counts) in ended.items():
        columns[f"{status}_trials"] = np.bincount(members.group[members.places(ids)], counts, size).astype(int).tolist()
    return [
        {**settings, **dict(zip(columns, values, strict=True))}
        for settings, *values in zip(members.settings, *columns.values(), strict=True)
    ]


def in_key_order(measured: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The measures whose means are reported: those of every comparison, then those computed for this one."""
    computed = [name for name in measured if name not in result_keys.MEASURED and name != "verdict"]
    return {name: measured[name] for name in [*result_keys.MEASURED, *computed]}


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
    """The groups that have trials, best first, and the members with their group indices updated to match."""
    sign = -1 if more_is_better(question.of) else 1

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
    trials = measured_of(members, completed, question.of)
    labels = [",".join(label_of(group[key]) for key in question.by) for group in groups]
    is_more_better = more_is_better(question.of)
    # If every group has one configuration, nothing was chosen.
    has_chosen = question.tuned and len(members.number) > len(members.settings)
    add_differences(groups, trials, labels, Baseline(question.against, is_more_better, spent=int(has_chosen)))
    add_best_trials(groups, members, completed, worse(completed, question.of))


def measured_of(members: Members, completed: Completed, of: str) -> Measured:
    """A measure of the trials for which it is known, ready for pairing."""
    place = members.places(completed.configuration)
    repeat = np.unique(completed.repeat, return_inverse=True)[1]
    values = completed.measured[of]
    # A metric may be undefined for some trials, or unknown.
    known = ~np.isnan(values) if of in result_keys.METRIC else np.ones(len(values), bool)
    place, repeat, values = place[known], repeat[known], values[known]
    return Measured(members.group[place], members.others[place], repeat, values)


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
