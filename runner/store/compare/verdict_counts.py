"""Queries for the diagnosis: numbers of configurations and trials by verdict or status."""

import sqlalchemy as sa
from fitgap.runner.store.compare.axis_columns import axes_of
from fitgap.runner.store.compare.judged_configurations import AXES, is_judged
from fitgap.runner.store.database.dialects import unindexed
from fitgap.runner.store.read.lookups import Row, fetch
from fitgap.runner.store.read.rounds import repeat_rounds
from fitgap.runner.store.schema.tables import (
    configuration,
    split,
    trial,
)
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

ENDED = (Status.COMPLETED, Status.DIVERGED, Status.FAILED)


def verdict_counts(connection: Connection, sweep_id: int) -> dict[str, int]:
    """How many configurations of a sweep have each verdict."""
    number = configuration.c.id
    ends = sa.select(sa.func.min(number), sa.func.max(number)).where(configuration.c.sweep_id == sweep_id)
    lowest, highest = connection.execute(ends).one()
    # In table order; looking up hundreds of thousands of rows by an index would take four times as long.
    of_sweep = number.between(lowest, highest), unindexed(configuration.c.sweep_id) == sweep_id
    query = sa.select(configuration.c.verdict, sa.func.count()).where(*of_sweep, configuration.c.verdict.is_not(None))
    return {verdict: count for verdict, count in connection.execute(query.group_by(configuration.c.verdict))}


def counts_by_setting(connection: Connection, sweep_id: int) -> list[Row]:
    """The number of configurations for every axis, each of its settings and each verdict."""
    found: list[Row] = []
    for axis, column in AXES.items():
        query = sa.select(column.label("setting"), configuration.c.verdict, sa.func.count().label("count"))
        query = query.where(is_judged(sweep_id)).group_by(column, configuration.c.verdict)
        found += [{"axis": axis, **row} for row in fetch(connection, query)]
    return found


def ends_by_setting(connection: Connection, sweep_id: int) -> list[Row]:
    """The number of ended trials for every axis, each of its settings and each status (as `verdict`)."""
    found: list[Row] = []
    joined = sa.join(trial, configuration, trial.c.configuration_id == configuration.c.id)
    for axis in axes_of(connection, sweep_id):
        setting = AXES[axis].label("setting")
        query = sa.select(setting, trial.c.status.label("verdict"), sa.func.count().label("count")).select_from(joined)
        query = query.where(trial.c.sweep_id == sweep_id, trial.c.status.in_(ENDED)).group_by(setting, trial.c.status)
        found += [{"axis": axis, **row} for row in fetch(connection, query)]
    return found


def ended_in(connection: Connection, sweep_id: int, status: str, limit: int) -> list[Row]:
    """The first trials of a sweep that ended with this status, and the reasons."""
    query = sa.select(trial.c.id.label("trial"), trial.c.reason)
    query = query.where(trial.c.sweep_id == sweep_id, trial.c.status == status)
    return fetch(connection, query.order_by(trial.c.id).limit(limit))


def configurations_with(connection: Connection, sweep_id: int, status: str) -> int:
    """How many configurations of a sweep have a trial that ended with this status."""
    query = sa.select(sa.func.count(sa.distinct(trial.c.configuration_id)))
    return int(connection.execute(query.where(trial.c.sweep_id == sweep_id, trial.c.status == status)).scalar_one())


def unjudged(connection: Connection, sweep_id: int) -> int:
    """The number of completed trials of a sweep that have no verdict yet."""
    is_waiting = sa.and_(trial.c.sweep_id == sweep_id, trial.c.status == Status.COMPLETED, trial.c.verdict.is_(None))
    return int(connection.execute(sa.select(sa.func.count()).where(is_waiting)).scalar_one())


def repeat_count(connection: Connection, sweep_id: int) -> int:
    """The number of repeats of a sweep; with rounds, the most that any configuration has so far."""
    if repeat_rounds(connection, sweep_id):
        highest = sa.select(sa.func.max(trial.c.repeat)).where(trial.c.sweep_id == sweep_id)
        return int(connection.execute(highest).scalar() or 0)
    query = sa.select(sa.func.count()).select_from(split).where(split.c.sweep_id == sweep_id)
    return int(connection.execute(query).scalar_one())
