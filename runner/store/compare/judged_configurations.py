"""Queries for the diagnosis: configurations with their settings, verdicts and errors, worst or best first."""

from collections.abc import Sequence

import sqlalchemy as sa
from fitgap.runner.store.compare.axis_columns import axes_of
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.read.lookups import Row, fetch
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import (
    configuration,
    sweep,
    trial,
)
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

# The settings that may differ between configurations, by the names of their axes.
AXES: dict[str, sa.ColumnElement] = {
    "architecture": configuration.c.architecture,
    **{
        name: configuration.c[name]
        for name in ("activation", "regularizer", "optimizer", "initializer", "schedule", "stopping", "batch_size")
    },
    "output_activation": configuration.c.output_activation,
    "epochs": configuration.c.planned_epochs,
    "training_examples": configuration.c.training_examples,
    "label_noise": configuration.c.label_noise,
    "preprocess": result_keys.preprocess,
    "loss": configuration.c.loss,
}


def worst_configurations(connection: Connection, sweep_id: int, verdict: str, limit: int) -> list[Row]:
    """The configurations with this verdict and the largest excess, each with a typical trial.

    That is the first trial with the same verdict (or that diverged, if that is the verdict), else the first completed
    one, else the first.
    """
    order = configuration.c.excess.desc(), configuration.c.id
    query = judged_configurations(sweep_id).where(configuration.c.verdict == verdict).order_by(*order).limit(limit)
    return fetch(connection, query)


def best_configurations(connection: Connection, sweep_id: int, limit: int) -> list[Row]:
    """The judged configurations with the smallest excess; those that diverged have none."""
    order = configuration.c.excess, configuration.c.id
    query = judged_configurations(sweep_id).where(configuration.c.excess.is_not(None))
    return fetch(connection, query.order_by(*order).limit(limit))


def judged_configurations(sweep_id: int) -> sa.Select:
    """A query for the settings, the fit and a typical trial of configurations."""
    own = trial.alias("own")
    first = (
        sa.select(sa.func.min(own.c.id)).where(own.c.configuration_id == configuration.c.id).correlate(configuration)
    )
    with_same_verdict = first.where(
        sa.or_(own.c.verdict == configuration.c.verdict, own.c.status == configuration.c.verdict)
    )
    completed = first.where(own.c.status == Status.COMPLETED)
    typical = sa.func.coalesce(
        with_same_verdict.scalar_subquery(), completed.scalar_subquery(), first.scalar_subquery()
    )
    fit = [configuration.c.excess, configuration.c.underfit, configuration.c.overfit, configuration.c.verdict]
    query = sa.select(configuration.c.hash.label("configuration"), typical.label("trial"), *labelled_axes(), *fit)
    return query.where(is_judged(sweep_id))


def reference_of(connection: Connection, sweep_id: int) -> Row | None:
    """The reference configuration, with its best errors averaged over repeats; None if there is none."""
    of_sweep = sa.select(sweep.c.reference_id, sweep.c.reference_at).where(sweep.c.id == sweep_id)
    return reference_row(connection, *connection.execute(of_sweep).one())


def reference_row(connection: Connection, number: int | None, at: str | None) -> Row | None:
    """The row of the reference with this id and epoch (`at`), as returned by `reference_of`; None if there is none."""
    query = (
        sa.select(
            configuration.c.hash.label("configuration"),
            *labelled_axes(),
            sa.literal(at, sa.Text).label("at"),
            sa.func.count(trial.c.id).label("repeats"),
            *(
                mean(trial.c[name]).label(name)
                for name in ("best_e_t", "best_e_v", "best_epoch", "honest_e_t", "honest_e_v", "e_t", "e_v")
            ),
        )
        .join_from(configuration, trial, trial.c.configuration_id == configuration.c.id)
        .where(configuration.c.id == number)
        .group_by(configuration.c.id)
    )
    found = fetch(connection, query)
    return found[0] if found else None


def measured_configurations(connection: Connection, sweep_id: int, limit: int) -> list[Row]:
    """The configurations whose trials all completed, with mean errors over repeats, lowest `error` first.

    `error` is the honest E_v, or the best E_v if the honest one is unknown for any of these trials. If there are
    several losses, only configurations with the loss of the reference count.
    """
    is_whole = sa.func.count(trial.c.id) == sa.func.count(sa.case((trial.c.status == Status.COMPLETED, 1)))
    of_sweep = sa.select(sa.func.count(trial.c.id) - sa.func.count(trial.c.honest_e_v)).where(
        trial.c.sweep_id == sweep_id
    )
    unknown = of_sweep.group_by(trial.c.configuration_id).having(is_whole).subquery()
    are_honest = sa.select(sa.func.sum(unknown.c[0])).scalar_subquery() == 0
    error = sa.case((are_honest, mean(trial.c.honest_e_v)), else_=mean(trial.c.best_e_v))
    query = (
        sa.select(
            configuration.c.hash.label("configuration"),
            *labelled_axes(),
            configuration.c.parameters,
            error.label("error"),
            sa.func.min(trial.c.id).label("trial"),
            *(mean(trial.c[name]).label(name) for name in ("e_v", "best_epoch", "accuracy_v")),
        )
        .join_from(configuration, trial, trial.c.configuration_id == configuration.c.id)
        .where(configuration.c.sweep_id == sweep_id)
        .group_by(configuration.c.id)
        .having(is_whole)
        .order_by(error, configuration.c.id)
        .limit(limit)
    )
    if "loss" in axes_of(connection, sweep_id):
        other = configuration.alias("other")
        loss = sa.select(other.c.loss).join_from(sweep, other, other.c.id == sweep.c.reference_id)
        query = query.where(configuration.c.loss == loss.where(sweep.c.id == sweep_id).scalar_subquery())
    return fetch(connection, query)


def trials_of_configuration(connection: Connection, sweep_id: int, configuration_hash: str) -> list[int]:
    """The numbers of the trials of a configuration, given by its hash."""
    query = sa.select(trial.c.id).join_from(trial, configuration, configuration.c.id == trial.c.configuration_id)
    wanted = query.where(configuration.c.sweep_id == sweep_id, configuration.c.hash == configuration_hash)
    return list(connection.execute(wanted.order_by(trial.c.id)).scalars())


def settings_of_configurations(connection: Connection, sweep_id: int, hashes: Sequence[str]) -> dict[str, Row]:
    """The settings of configurations, by their hash."""
    query = sa.select(configuration.c.hash, configuration.c.settings).where(configuration.c.sweep_id == sweep_id)
    return {each: settings for each, settings in connection.execute(query.where(configuration.c.hash.in_(hashes)))}


def labelled_axes() -> list[sa.ColumnElement]:
    return result_keys.labelled(AXES)


def is_judged(sweep_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(configuration.c.sweep_id == sweep_id, configuration.c.verdict.is_not(None))
