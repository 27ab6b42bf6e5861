"""Lists of trials: filtered, sorted, a page of them, with the columns that are asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from runner.errors import StoreError
from runner.store import rows
from runner.store.expressions import sortable
from runner.store.filter import advice, filter_expression, known_names
from runner.store.tables import configuration, trial

Row = dict[str, Any]
ROWS_AT_A_TIME = 2_000
# Keys of a row that are lists and have no order.
UNSORTED = ("tag", "tags")


@dataclass(frozen=True)
class Choice:
    """Which trials of a sweep, in which order, and what of each.

    `where` is a filter. `sort` is a key or several, such as `verdict,-e_v`; a leading `-` puts the highest first, nulls
    always come last, and equals stand in the order of their numbers. `columns` are keys and settings; None is all keys.
    """

    where: str | None = None
    sort: str = "trial"
    limit: int | None = None
    offset: int = 0
    columns: Sequence[str] | None = None


def trials(connection: Connection, sweep_id: int, choice: Choice) -> list[Row]:
    """The rows of the chosen trials."""
    return [dict(row) for row in connection.execute(page_query(sweep_id, choice)).mappings()]


def each_trial(connection: Connection, sweep_id: int, choice: Choice) -> Iterator[Row]:
    """The same, some at a time: there may be more than there is memory for."""
    found = connection.execution_options(yield_per=ROWS_AT_A_TIME).execute(page_query(sweep_id, choice))
    for row in found.mappings():
        yield dict(row)


def count_trials(connection: Connection, sweep_id: int, where: str | None) -> int:
    """How many trials of a sweep a filter leaves."""
    return connection.execute(chosen_trials(sweep_id, where, [sa.func.count()])).scalar_one()


def page_query(sweep_id: int, choice: Choice) -> sa.Select:
    """The query for the rows of a choice."""
    columns = {key: column(key) for key in choice.columns} if choice.columns is not None else rows.TRIAL
    order = [*ordering(choice.sort), trial.c.id]
    if choice.limit is None and not choice.offset:
        return chosen_trials(sweep_id, choice.where, rows.labelled(columns)).order_by(*order)
    # The numbers first, and the rest for these alone: sorting whole rows takes several times as long.
    numbers = chosen_trials(sweep_id, choice.where, [trial.c.id]).order_by(*order)
    page = numbers.limit(choice.limit).offset(choice.offset).subquery()
    return joined(rows.labelled(columns)).where(trial.c.id.in_(sa.select(page.c.id))).order_by(*order)


def chosen_trials(sweep_id: int, where: str | None, columns: Sequence[ColumnElement]) -> sa.Select:
    """These columns of the trials of a sweep that a filter leaves."""
    query = joined(columns).where(trial.c.sweep_id == sweep_id)
    return query if where is None else query.where(filter_expression(where))


def joined(columns: Sequence[ColumnElement]) -> sa.Select:
    """These columns of trials, each with its configuration."""
    return sa.select(*columns).join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)


def ordering(sort: str) -> list[ColumnElement]:
    """The ORDER BY for some keys; StoreError for a key that there is not."""
    keys = [key.strip() for key in sort.split(",") if key.strip()]
    return [part for key in keys for part in order_by(key)]


def order_by(key: str) -> list[ColumnElement]:
    """The part of an ORDER BY for one key."""
    name = key.removeprefix("-")
    if name in UNSORTED:
        raise StoreError(f"cannot sort by {name!r}, of which a trial may have several; filter by it with --where")
    if name not in known_names():
        raise StoreError(f"cannot sort by {name!r}; {advice(name)}")
    value = sortable(single(name))
    return [value.is_(None), value.desc() if key.startswith("-") else value.asc()]


def column(key: str) -> ColumnElement:
    """The column of a key, or of a setting; StoreError where there is none such."""
    if key in rows.TRIAL:
        return rows.TRIAL[key]
    if key not in known_names():
        raise StoreError(f"there is no column {key!r}; {advice(key)}")
    return single(key)


def single(name: str) -> ColumnElement:
    """The value of a name; of one that may have several, the value that all of them have, else null."""
    known = known_names()[name]
    if known.several is None:
        return known.value
    is_flag = isinstance(known.value.type, sa.Boolean)
    value = sa.cast(known.value, sa.Integer) if is_flag else sortable(known.value)
    lowest, highest = sa.func.min(value), sa.func.max(value)
    alike = known.several.add_columns(sa.case((lowest == highest, lowest))).scalar_subquery()
    return alike == 1 if is_flag else alike
