"""Writing a sweep with all its trials, before the first of them is trained."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fitgap.runner.store.database.clock import database_now
from fitgap.runner.store.database.values import storable_text
from fitgap.runner.store.read.brackets import brackets_of, stored_rule
from fitgap.runner.store.read.rounds import repeat_rounds
from fitgap.runner.store.schema import tables
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

ROWS_AT_A_TIME = 1_000


@dataclass(frozen=True)
class SweepPlan:
    """Everything that is stored about a sweep before it runs: rows as plain data."""

    name: str
    specification: dict[str, Any]
    data_set: dict[str, Any]
    splits: Sequence[dict[str, Any]]
    configurations: Iterable[dict[str, Any]]
    program_version: str
    variants: Sequence[dict[str, Any]] = ()


def add_sweep(connection: Connection, plan: SweepPlan) -> tuple[int, str]:
    """Write a sweep with all its trials as pending; returns its id and name.

    Names are unique: if `digits` is taken, the sweep is called `digits-2`.
    """
    name = free_name(connection, plan.name)
    sweep_id = insert(
        connection,
        tables.sweep,
        name=name,
        data_set_id=data_set_number(connection, plan.data_set),
        specification=plan.specification,
        created=database_now(),
        program_version=plan.program_version,
    )
    connection.execute(sa.insert(tables.split), [{"sweep_id": sweep_id, **row} for row in plan.splits])
    add_variants(connection, sweep_id, plan.variants)
    add_configurations(connection, sweep_id, plan.configurations)
    add_trials(connection, sweep_id)
    return sweep_id, name


def add_variants(connection: Connection, sweep_id: int, variants: Sequence[Mapping[str, Any]]) -> None:
    """Write the differences from the splits for variants that use their training examples in another way."""
    if variants:
        connection.execute(sa.insert(tables.split_variant), [{"sweep_id": sweep_id, **row} for row in variants])


def add_configurations(connection: Connection, sweep_id: int, configurations: Iterable[Mapping[str, Any]]) -> None:
    """Write configurations in parts, since there may be a million."""
    rows = iter(configurations)
    while part := [{"sweep_id": sweep_id, **row} for row in itertools.islice(rows, ROWS_AT_A_TIME)]:
        connection.execute(sa.insert(tables.configuration), part)


def add_trials(connection: Connection, sweep_id: int, *which: sa.ColumnElement[bool]) -> int:
    """Add a pending trial for every configuration and split of a sweep that satisfies `which`; returns the number.

    If the sweep prunes, the trials train to the first rung of their bracket. If it has rounds, these add later repeats.
    """
    configuration, split, trial = tables.configuration, tables.split, tables.trial
    if rounds := repeat_rounds(connection, sweep_id):
        which = (*which, split.c.repeat <= rounds.least)
    rows = (
        sa.select(
            configuration.c.sweep_id,
            configuration.c.id,
            split.c.repeat,
            sa.literal(Status.PENDING.value, sa.Text),
            sa.literal(0),
        )
        .join_from(configuration, split, configuration.c.sweep_id == split.c.sweep_id)
        .where(configuration.c.sweep_id == sweep_id, *which)
        .order_by(configuration.c.id, split.c.repeat)
    )
    names = ["sweep_id", "configuration_id", "repeat", "status", "attempt"]
    if rungs := first_rungs(connection, sweep_id):
        rows = rows.add_columns(sa.case(*rungs))
        names.append("leg")
    # Without this option, SQLAlchemy reads the row count of PostgreSQL's driver too late and gets -1.
    counting = connection.execution_options(preserve_rowcount=True)
    return counting.execute(sa.insert(trial).from_select(names, rows)).rowcount


def first_rungs(connection: Connection, sweep_id: int) -> list[tuple[sa.ColumnElement[bool], int]]:
    """The first rungs of a sweep that prunes, each after the condition for the configurations that train to it."""
    rule, planned = stored_rule(connection, sweep_id), tables.configuration.c.planned_epochs
    if rule is None:
        return []
    if rule.generation:
        return [(planned > rule.settings.first, rule.settings.first)]
    brackets = brackets_of(connection, sweep_id)
    return [(sa.and_(each.has, planned > each.settings.first), each.settings.first) for each in brackets]


def free_name(connection: Connection, wanted: str) -> str:
    """The wanted name, or the first free name of wanted-2, wanted-3, …."""
    similar = sa.select(tables.sweep.c.name).where(tables.sweep.c.name.startswith(wanted, autoescape=True))
    taken = set(connection.execute(similar).scalars())
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def data_set_number(connection: Connection, row: dict[str, Any]) -> int:
    """The id of the data set with this fingerprint, which is inserted if it is new.

    The content is added if the data set is known from a file and now comes from memory.
    """
    known = sa.select(tables.data_set.c.id).where(tables.data_set.c.fingerprint == row["fingerprint"])
    found = connection.execute(known).scalar_one_or_none()
    if found is not None:
        if row.get("content") is not None:
            add_content(connection, int(found), row["content"])
        return int(found)
    return insert(connection, tables.data_set, **{**row, "name": storable_text(row["name"])})


def add_content(connection: Connection, number: int, content: bytes) -> None:
    """Store the content of a data set that has none yet."""
    lacking = sa.and_(tables.data_set.c.id == number, tables.data_set.c.content.is_(None))
    connection.execute(sa.update(tables.data_set).where(lacking).values(content=content))


def insert(connection: Connection, table: sa.Table, **row: Any) -> int:
    """Insert one row and return its id."""
    return connection.execute(sa.insert(table).values(**row).returning(table.c.id)).scalar_one()
