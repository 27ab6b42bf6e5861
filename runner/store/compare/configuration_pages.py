"""Pages of a sweep's configurations: filtered, sorted by a mean or a setting, and compared with a baseline.

The database sorts and limits the rows, so a page of a sweep with a million trials needs no more memory than one of ten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from fitgap.runner.errors import StoreError, nearest
from fitgap.runner.store.compare.completed_trials import is_metric
from fitgap.runner.store.compare.completed_trials import measure as measure_named
from fitgap.runner.store.compare.groups import COLUMNS, GroupComparison, compare
from fitgap.runner.store.compare.leaderboard import HONEST, all_honest
from fitgap.runner.store.database.dialects import mean, sortable
from fitgap.runner.store.filter import class_names
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.read.rounds import repeat_rounds
from fitgap.runner.store.read.trials import chosen_trials, condition_of, single
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, sweep, trial
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# Sort by the mean E_v at the best epoch, with incomplete configurations last, as in a leaderboard.
BEST = "best"
SETTINGS = {key: column for key, column in COLUMNS.items() if key not in ("layers", "sweep")}
# Up to this number, configurations are checked for trials one by one.
FEW = 1_000
SORT_KEYS = (BEST, *SETTINGS, *result_keys.MEASURED, *result_keys.METRIC)
# The columns of rows in addition to settings.
ROW_KEYS = (
    *result_keys.GROUP,
    "difference",
    "difference_se",
    "difference_low",
    "difference_high",
    "pairs",
    "could_be_best",
    "best_trial",
    "grouped",
)


@dataclass(frozen=True)
class ConfigurationQuery:
    """A selection of configurations, with their order.

    `where` is a filter for trials; a configuration is selected if one of its trials matches, and its means are over
    the matching ones. `within` limits the means of measures to ranges. `sort` is one of `SORT_KEYS`, with a leading `-`
    for descending order. `against` is the hash of the baseline, which need not be selected itself; None for the best
    row. `also` names further metrics whose means are reported.
    """

    where: str | None = None
    within: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    sort: str = BEST
    limit: int | None = 50
    offset: int = 0
    against: str | None = None
    also: Sequence[str] = ()


@dataclass(frozen=True)
class ConfigurationPage:
    """The rows of a page, the number of configurations on all pages, and the measure by which they are compared.

    The counts and means in rows include only trials that match the filter. So with a filter, `sizes` holds the number
    of all trials of each configuration by its hash.
    """

    rows: list[Row]
    found: int
    measure: str
    sizes: Mapping[str, int] = field(default_factory=dict)


def configuration_page(
    connection: Connection, sweep_id: int, by: Sequence[str], query: ConfigurationQuery
) -> ConfigurationPage:
    """The configurations of a page with the settings `by`; rows have the keys of groups."""
    measure = HONEST if all_honest(connection, sweep_id) else "best_e_v"
    found = connection.execute(grouped(connection, sweep_id, query, measure)).all()
    numbers = [row[0] for row in found]
    if is_counted_apart(connection, query):
        total = with_trials(connection, sweep_id)
    else:
        total = int(found[0][1]) if found else count_of(connection, sweep_id, query, measure)
    rows = compared(connection, sweep_id, by, query, numbers, measure)
    return ConfigurationPage(rows, total, measure, {} if query.where is None else sizes_of(connection, numbers))


def sizes_of(connection: Connection, numbers: Sequence[int]) -> dict[str, int]:
    """The number of trials of configurations, by their hashes."""
    counts = sa.select(configuration.c.hash, sa.func.count()).join_from(trial, configuration)
    chosen = counts.where(trial.c.configuration_id.in_(numbers)).group_by(configuration.c.hash)
    return {each: count for each, count in connection.execute(chosen)}


def with_trials(connection: Connection, sweep_id: int) -> int:
    """The number of configurations that have trials; those whose trials were deleted remain stored but do not count."""
    columns = sa.func.count(), sa.func.min(configuration.c.id), sa.func.max(configuration.c.id)
    count, first, last = connection.execute(sa.select(*columns).where(configuration.c.sweep_id == sweep_id)).one()
    if count > FEW and all_have_trials(connection, first, last):
        return int(count)
    of_sweep = sa.select(sa.func.count()).select_from(configuration).where(configuration.c.sweep_id == sweep_id)
    own = sa.select(1).where(trial.c.configuration_id == configuration.c.id).exists()
    return int(connection.execute(of_sweep.where(own)).scalar_one())


def all_have_trials(connection: Connection, first: int, last: int) -> bool:
    """Whether all configurations between two ids have trials; faster than checking them one by one."""
    own = trial.c.configuration_id
    having = sa.select(own).where(own.between(first, last)).distinct().subquery()
    every = sa.select(sa.func.count()).where(configuration.c.id.between(first, last)).scalar_subquery()
    return bool(
        connection.execute(
            sa.select(every == sa.select(sa.func.count()).select_from(having).scalar_subquery())
        ).scalar_one()
    )


def configuration_hashes(connection: Connection, sweep_id: int, query: ConfigurationQuery) -> list[str]:
    """The hashes of the chosen configurations, in order."""
    numbers = [row[0] for row in connection.execute(grouped(connection, sweep_id, query, "best_e_v"))]
    return list(hashes_of(connection, numbers).values())


def hashes_of(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """The hashes of configurations by their ids, in the order of the ids."""
    rows = connection.execute(
        sa.select(configuration.c.id, configuration.c.hash).where(configuration.c.id.in_(numbers))
    )
    known = {number: each for number, each in rows}
    return {number: known[number] for number in numbers}


def grouped(connection: Connection, sweep_id: int, query: ConfigurationQuery, measure: str) -> sa.Select:
    """The ids of the chosen configurations of a page, each with the number of configurations on all pages, unless a
    separate query counts them.
    """
    classes = class_names(connection, [sweep_id])
    order = ordering(query.sort, measure, classes)
    if query.sort == BEST and repeat_rounds(connection, sweep_id):
        # As in the leaderboard.
        order.insert(1, -sa.func.count(sa.case((result_keys.is_completed, 1))))
    count = [] if is_counted_apart(connection, query) else [sa.func.count().over()]
    columns = [trial.c.configuration_id, *count]
    chosen = chosen_trials(connection, sweep_id, query.where, columns, order)
    groups = [trial.c.configuration_id]
    if query.sort.removeprefix("-") in SETTINGS:
        groups.append(configuration.c.id)
    for name, (low, high) in query.within.items():
        chosen = chosen.having(mean_of(known_measure(name), classes).between(low, high))
    return chosen.group_by(*groups).order_by(trial.c.configuration_id).limit(query.limit).offset(query.offset)


def is_counted_apart(connection: Connection, query: ConfigurationQuery) -> bool:
    """Whether counting the configurations in a separate query is faster, as in SQLite if nothing is filtered."""
    return connection.dialect.name == "sqlite" and query.where is None and not query.within


def count_of(connection: Connection, sweep_id: int, query: ConfigurationQuery, measure: str) -> int:
    """The number of configurations on all pages, if the page itself is empty."""
    if not query.offset:
        return 0
    first = ConfigurationQuery(query.where, query.within, limit=1)
    row = connection.execute(grouped(connection, sweep_id, first, measure)).first()
    return int(row[1]) if row else 0


def known_measure(name: str) -> str:
    if name not in result_keys.MEASURED:
        raise StoreError(f"there is no measure {name!r}; {nearest(name, result_keys.MEASURED)}")
    return name


def mean_of(name: str, classes: Sequence[str]) -> ColumnElement[float]:
    """The mean of a measure over completed trials."""
    return mean(sa.case((result_keys.is_completed, measure_named(name, classes))))


def ordering(sort: str, measure: str, classes: Sequence[str]) -> list[ColumnElement]:
    """The ORDER BY of a page. Raises StoreError for an unknown key."""
    name = sort.removeprefix("-")
    if name == BEST:
        completed = sa.func.count(sa.case((result_keys.is_completed, 1)))
        best = mean_of(measure, classes)
        return [completed < sa.func.count(trial.c.id), best.is_(None), descending(best, sort)]
    if name in SETTINGS:
        value = SETTINGS[name]
        # As text, architecture 16 would come before 2.
        values = [configuration.c.parameters, value] if name == "architecture" else [value]
        return [part for each in values for part in (each.is_(None), descending(sortable(each), sort))]
    if not (name in result_keys.MEASURED or is_metric(name)):
        raise StoreError(f"cannot sort configurations by {name!r}; {nearest(name, SORT_KEYS)}")
    return [descending(mean_of(name, classes), sort).nulls_last()]


def descending(value: ColumnElement, sort: str) -> ColumnElement:
    return value.desc() if sort.startswith("-") else value.asc()


def compared(
    connection: Connection,
    sweep_id: int,
    by: Sequence[str],
    query: ConfigurationQuery,
    numbers: Sequence[int],
    measure: str,
) -> list[Row]:
    """The rows of these configurations in this order, with their differences from the baseline."""
    if not numbers:
        return []
    keys = list(dict.fromkeys([*by, "configuration"]))
    baseline = None if query.against is None else baseline_of(connection, sweep_id, keys, query.against)
    only = sorted({*numbers, *([baseline[0]] if baseline else [])})
    condition = None if query.where is None else condition_of(connection, [sweep_id], query.where)
    if condition is not None and baseline and baseline[0] not in numbers:
        # The filter selects the rows to show; the baseline need not match it.
        condition = sa.or_(condition, configuration.c.id == baseline[0])
    label = baseline[1] if baseline else None
    question = GroupComparison(keys, measure, label, condition, only, also=query.also)
    groups = compare(connection, [sweep_id], question)
    rows = {row["configuration"]: row for row in groups}
    return [rows[each] for each in hashes_of(connection, numbers).values() if each in rows]


def baseline_of(connection: Connection, sweep_id: int, keys: Sequence[str], against: str) -> tuple[int, str]:
    """The id of the baseline, given by its hash, and the label of its group. Raises StoreError if there is none."""
    columns = [COLUMNS[key] if key in COLUMNS else single(key) for key in keys]
    condition = configuration.c.sweep_id == sweep_id, configuration.c.hash == against
    found = connection.execute(sa.select(configuration.c.id, *columns).where(*condition)).one_or_none()
    if found is None:
        raise StoreError(f"there is no configuration {against!r} in this sweep; choose another baseline")
    return found[0], ",".join(map(str, found[1:]))


def settings_along(connection: Connection, sweep_id: int, keys: Sequence[str], hashes: Sequence[str]) -> dict[str, Row]:
    """The settings `keys` of configurations, by their hashes in the given order; unknown hashes are omitted."""
    columns = [(COLUMNS[key] if key in COLUMNS else single(key)).label(key) for key in keys]
    chosen = sa.select(configuration.c.hash, *columns).where(configuration.c.sweep_id == sweep_id)
    found = {
        row[0]: dict(zip(keys, row[1:], strict=True))
        for row in connection.execute(chosen.where(configuration.c.hash.in_(hashes)))
    }
    return {each: found[each] for each in hashes if each in found}


def state_of(connection: Connection, sweep_id: int) -> tuple[object, ...]:
    """A value that changes whenever results of a sweep change: trials in each status, time of the fit, name and note.

    It is read from an index and one row, so it can be polled every second, however large the sweep is.
    """
    counts = sa.select(trial.c.status, sa.func.count()).where(trial.c.sweep_id == sweep_id).group_by(trial.c.status)
    rows = sorted((status, count) for status, count in connection.execute(counts))
    row = connection.execute(
        sa.select(sweep.c.name, sweep.c.fitted, sweep.c.note).where(sweep.c.id == sweep_id)
    ).one_or_none()
    return (*rows, *(row or ()))
