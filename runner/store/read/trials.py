"""Queries for lists of trials: filtered, sorted, paged, with selected columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.key_lists import split_keys
from fitgap.runner.store.database.dialects import sortable, unindexed
from fitgap.runner.store.filter import advice, class_names, computed_key, filter_expression, known_names
from fitgap.runner.store.read.first_page import limit_of
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, trial
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.visitors import iterate

Row = dict[str, Any]
ROWS_AT_A_TIME = 2_000
# Up to FEW_TRIALS any plan is fast. With more, SAMPLES trials are checked to see whether most belong to the sweep.
FEW_TRIALS, SAMPLES = 10_000, 50
# The longest page whose trials are listed one by one in a query.
MOST_ON_PAGE = 1_000
# Keys with lists as values, which have no order.
UNSORTED = ("tag", "tags")


@dataclass(frozen=True)
class TrialQuery:
    """A selection of a sweep's trials, with their order and columns.

    `where` is a filter. `sort` is one or more keys, such as `verdict,-e_v`; a leading `-` sorts descending, nulls
    always come last, and ties are sorted by number. `columns` are keys and settings; None means all keys.
    """

    where: str | None = None
    sort: str = "trial"
    limit: int | None = None
    offset: int = 0
    columns: Sequence[str] | None = None


def trials(connection: Connection, sweep_id: int, choice: TrialQuery) -> list[Row]:
    """The rows of the chosen trials."""
    return [dict(row) for row in connection.execute(page_query(connection, sweep_id, choice)).mappings()]


def each_trial(connection: Connection, sweep_id: int, choice: TrialQuery) -> Iterator[Row]:
    """The rows of the chosen trials as an iterator that holds only some of them in memory."""
    query = page_query(connection, sweep_id, choice)
    found = connection.execute(query, execution_options={"yield_per": ROWS_AT_A_TIME})
    for row in found.mappings():
        yield dict(row)


def trial_blocks(connection: Connection, sweep_id: int, choice: TrialQuery) -> Iterator[list[tuple[Any, ...]]]:
    """The same rows as lists of tuples, in the order of the columns; takes a third of the time of rows with keys."""
    query = page_query(connection, sweep_id, choice)
    found = connection.execute(query, execution_options={"yield_per": ROWS_AT_A_TIME})
    for part in found.partitions():
        yield list(map(tuple, part))


def count_trials(connection: Connection, sweep_id: int, where: str | None) -> int:
    """The number of trials of a sweep that match a filter."""
    return connection.execute(chosen_trials(connection, sweep_id, where, [sa.func.count()])).scalar_one()


def page_query(connection: Connection, sweep_id: int, choice: TrialQuery) -> sa.Select:
    """The query for the rows of the chosen trials."""
    classes = class_names(connection, [sweep_id])
    named = choice.columns
    columns = {key: column(key, classes) for key in named} if named is not None else result_keys.TRIAL
    order = ordering(choice.sort, classes)
    if choice.limit is None and not choice.offset:
        return chosen_trials(connection, sweep_id, choice.where, result_keys.labelled(columns), order)
    # Sort only the ids and fetch the rows of the page afterwards; sorting whole rows takes several times as long.
    found = numbers_within_limit(connection, sweep_id, choice, order)
    if found is None:
        numbers = chosen_trials(connection, sweep_id, choice.where, [trial.c.id], order)
        page = numbers.limit(choice.limit).offset(choice.offset).subquery()
        return joined(result_keys.labelled(columns)).where(trial.c.id.in_(sa.select(page.c.id))).order_by(*order)
    return joined(result_keys.labelled(columns)).where(trial.c.id.in_(found)).order_by(*order)


def numbers_within_limit(
    connection: Connection, sweep_id: int, choice: TrialQuery, order: Sequence[ColumnElement]
) -> list[int] | None:
    """The ids on a page, found quickly with a limit on the sorted column; None if that does not work."""
    first, *_ = split_keys(choice.sort)
    value = column_with_gaps(first.removeprefix("-"))
    if value is None or choice.limit is None or choice.limit > MOST_ON_PAGE:
        return None
    among = chosen_trials(connection, sweep_id, choice.where, [value])
    rows = choice.offset + choice.limit
    within = limit_of(connection, value, among, is_descending=first.startswith("-"), rows=rows)
    if within is None:
        return None
    numbers = chosen_trials(connection, sweep_id, choice.where, [trial.c.id], order, within)
    found = list(connection.execute(numbers.limit(choice.limit).offset(choice.offset)).scalars())
    return found if len(found) == choice.limit else None


def column_with_gaps(name: str) -> sa.Column | None:
    """The column of `trial` with this name if it has numbers that are null for some trials, such as errors."""
    known = known_names().get(name)
    value = known.value if known else None
    if not isinstance(value, sa.Column) or value.table is not trial or not value.nullable:
        return None
    return value if isinstance(value.type, (sa.Double, sa.Integer)) else None


def chosen_trials(
    connection: Connection,
    sweep_id: int,
    where: str | None,
    columns: Sequence[ColumnElement],
    order: Sequence[ColumnElement] = (),
    within: ColumnElement[bool] | None = None,
) -> sa.Select:
    """A query for these columns of the trials of a sweep that match a filter, in the given order.

    `within` is a further condition, tested first because it leaves few trials.
    """
    condition = condition_of(connection, [sweep_id], where)
    needs_configurations = any(mentions_configurations(each) for each in (*columns, condition, *order))
    # An unnecessary join with the configurations would double the time.
    query = joined(columns) if needs_configurations else sa.select(*columns).select_from(trial)
    conditions = [is_of_sweep(connection, sweep_id), condition]
    return query.where(*([] if within is None else [within]), *conditions).order_by(*order)


def condition_of(connection: Connection, sweeps: Sequence[int], where: str | None) -> ColumnElement[bool]:
    """The condition of a filter for trials of some sweeps of the same data; true without a filter."""
    return sa.true() if where is None else filter_expression(where, class_names(connection, sweeps))


def is_of_sweep(connection: Connection, sweep_id: int) -> ColumnElement[bool]:
    """The condition for trials of a sweep. If the sweep has most rows of a large table, SQLite must scan the table."""
    by_index = trial.c.sweep_id == sweep_id
    highest = connection.execute(sa.select(sa.func.max(trial.c.id))).scalar_one() or 0
    if highest < FEW_TRIALS:
        return by_index
    by_scan = unindexed(trial.c.sweep_id) == sweep_id
    sampled = {highest * number // SAMPLES for number in range(1, SAMPLES + 1)}
    found = sa.select(sa.func.count()).where(trial.c.id.in_(sorted(sampled)), by_scan)
    return by_scan if connection.execute(found).scalar_one() > len(sampled) / 2 else by_index


def mentions_configurations(expression: ColumnElement) -> bool:
    """Whether an expression refers to a column of `configuration`."""
    return any(getattr(part, "table", None) is configuration for part in iterate(expression))


def joined(columns: Sequence[ColumnElement]) -> sa.Select:
    """A query for these columns of trials joined with their configurations."""
    return sa.select(*columns).join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)


def ordering(sort: str, classes: Sequence[str]) -> list[ColumnElement]:
    """The ORDER BY for these keys, with ties sorted by number; StoreError for an unknown key."""
    return [part for key in [*split_keys(sort), "trial"] for part in order_by(key, classes)]


def order_by(key: str, classes: Sequence[str]) -> list[ColumnElement]:
    """The part of an ORDER BY for one key."""
    name = key.removeprefix("-")
    if name in UNSORTED:
        raise StoreError(f"cannot sort by {name!r}, because a trial may have several; filter by it with --where")
    computed = computed_key(name, classes)
    if computed is not None:
        return in_order(computed, is_descending=key.startswith("-"))
    if name not in known_names():
        raise StoreError(f"cannot sort by {name!r}; {advice(name)}")
    # As text, architecture 16 would come before 2.
    names = ("parameters", name) if name == "architecture" else (name,)
    return [part for each in names for part in in_order(single(each), is_descending=key.startswith("-"))]


def in_order(value: ColumnElement, *, is_descending: bool) -> list[ColumnElement]:
    """The part of an ORDER BY for one value; null comes last."""
    ordered = sortable(value).desc() if is_descending else sortable(value).asc()
    if not isinstance(value, sa.Column):
        # In this form, the expression is computed only once per trial.
        return [ordered.nulls_last()]
    # A column that is never null can be sorted by an index.
    return [value.is_(None), ordered] if value.nullable else [ordered]


def column(key: str, classes: Sequence[str]) -> ColumnElement:
    """The expression of a key or a setting; StoreError if it is unknown."""
    if key in result_keys.TRIAL:
        return result_keys.TRIAL[key]
    computed = computed_key(key, classes)
    if computed is not None:
        return computed
    if key not in known_names():
        raise StoreError(f"there is no column {key!r}; {advice(key)}")
    return single(key)


def single(name: str) -> ColumnElement:
    """The value of a name. If it may have several values, their common value, or null if they differ."""
    known = known_names()[name]
    if known.several is None:
        return known.value
    is_flag = isinstance(known.value.type, sa.Boolean)
    value = sa.cast(known.value, sa.Integer) if is_flag else sortable(known.value)
    lowest, highest = sa.func.min(value), sa.func.max(value)
    alike = known.several.add_columns(sa.case((lowest == highest, lowest))).scalar_subquery()
    return alike == 1 if is_flag else alike
