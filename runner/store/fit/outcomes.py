"""Verdicts by outcome: a configuration is not judged by its completed repeats alone if others did not complete."""

import sqlalchemy as sa
from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.store.schema.tables import configuration, fit_columns, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

# With a trial that was cut off, a configuration has no clear verdict: that trial may have been worse than the others.
CUT_OFF = (Status.FAILED, Status.PRUNED, Status.CANCELLED)


def is_to_be_marked(connection: Connection, sweep_id: int) -> bool:
    """Whether the verdict of any configuration contradicts the outcomes of its trials."""
    queries = (sa.select(sa.exists().where(which)) for which in (is_unmarked_diverged(sweep_id), is_cut_off(sweep_id)))
    return any(connection.execute(query).scalar_one() for query in queries)


def mark_outcomes(connection: Connection, sweep_id: int) -> None:
    """Set the verdict to `diverged`, without numbers, if a trial diverged, and to `unclear` if one was cut off."""
    nothing: dict[str, str | None] = dict.fromkeys(column.name for column in fit_columns())
    diverged = sa.update(configuration).where(is_unmarked_diverged(sweep_id))
    connection.execute(diverged.values(nothing | {"verdict": Verdict.DIVERGED.value}))
    cut_off = sa.update(configuration).where(is_cut_off(sweep_id))
    connection.execute(cut_off.values(verdict=Verdict.UNCLEAR.value))


def is_unmarked_diverged(sweep_id: int) -> sa.ColumnElement[bool]:
    is_marked = sa.func.coalesce(configuration.c.verdict, "") == Verdict.DIVERGED
    return sa.and_(~is_marked, has_trial(sweep_id, (Status.DIVERGED,)))


def is_cut_off(sweep_id: int) -> sa.ColumnElement[bool]:
    """Whether a configuration has a verdict based on some of its repeats, although others were cut off."""
    is_judged = configuration.c.verdict.not_in([Verdict.UNCLEAR.value, Verdict.DIVERGED.value])
    return sa.and_(is_judged, has_trial(sweep_id, CUT_OFF))


def has_trial(sweep_id: int, statuses: tuple[Status, ...]) -> sa.ColumnElement[bool]:
    ended_so = sa.select(trial.c.configuration_id).where(trial.c.sweep_id == sweep_id, trial.c.status.in_(statuses))
    return sa.and_(configuration.c.sweep_id == sweep_id, configuration.c.id.in_(ended_so))
