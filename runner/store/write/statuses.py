"""Changing the status of trials on request: cancelling them, or making them pending again."""

import dataclasses
from collections.abc import Sequence

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.messages import TrialEnd
from fitgap.runner.store.database.clock import database_now
from fitgap.runner.store.schema import tables
from fitgap.runner.store.schema.rungs import has_reached
from fitgap.runner.suggestions import suggested
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection


def cancel_trials(connection: Connection, sweep_id: int, trials: Sequence[int] | None) -> int:
    """Cancel the pending and running trials of a sweep, or those among `trials`; returns their number."""
    table = tables.trial
    of_sweep = sa.select(table.c.id).where(table.c.sweep_id == sweep_id, table.c.id.in_(trials or ()))
    unknown = sorted(set(trials or ()) - set(connection.execute(of_sweep).scalars()))
    if unknown:
        raise StoreError(f"the sweep has no trial {unknown[0]}; `{suggested('trials', 'SWEEP')}` lists its trials")
    open_ = sa.and_(table.c.sweep_id == sweep_id, table.c.status.in_([Status.PENDING, Status.RUNNING]))
    chosen = open_ if trials is None else sa.and_(open_, table.c.id.in_(trials))
    values = {"status": Status.CANCELLED, "reason": "cancelled by the user", "ended": database_now()}
    return connection.execute(sa.update(table).where(chosen).values(**values)).rowcount


def retry_trials(connection: Connection, sweep_id: int, statuses: Sequence[Status]) -> int:
    """Reset the trials of a sweep that ended with these statuses to pending; returns their number.

    Their epochs will be overwritten. Failed and cancelled trials resume from their saved states. The states
    of diverged trials are useless and are removed. Cancelled trials that were waiting at a rung wait there again.
    """
    table = tables.trial
    chosen = sa.and_(table.c.sweep_id == sweep_id, table.c.status.in_(statuses))
    waiting = sa.and_(chosen, table.c.status == Status.CANCELLED, has_reached)
    reopened = {"status": Status.PENDING, "worker_failures": 0, "driver_id": None, "ended": None}
    count = connection.execute(sa.update(table).where(waiting).values(reason=None, **reopened)).rowcount
    numbers = sa.select(table.c.id).where(chosen)
    for kept in (tables.snapshot, tables.evidence, tables.confusion, tables.class_count):
        connection.execute(sa.delete(kept).where(kept.c.trial_id.in_(numbers)))
    forget_fits(connection, sa.select(table.c.configuration_id).where(chosen))
    diverged = numbers.where(table.c.status == Status.DIVERGED)
    connection.execute(sa.delete(tables.state).where(tables.state.c.trial_id.in_(diverged)))
    fields = (field.name for field in dataclasses.fields(TrialEnd))
    known = [*fields, *tables.METRICS, *(each.name for each in tables.fit_columns())]
    summary = {name: sa.null() for name in known if name in table.c}
    return count + connection.execute(sa.update(table).where(chosen).values(**summary | reopened)).rowcount


def forget_fits(connection: Connection, configurations: sa.Select) -> None:
    """Remove the fit of these configurations and of their trials, so that they are judged again."""
    nothing: dict[str, None] = {column.name: None for column in tables.fit_columns()}
    for table, key in (
        (tables.configuration, tables.configuration.c.id),
        (tables.trial, tables.trial.c.configuration_id),
    ):
        connection.execute(
            sa.update(table).where(key.in_(configurations), table.c.verdict.is_not(None)).values(nothing)
        )
