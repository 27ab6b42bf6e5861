"""Queries for the diagnosis: counts of verdicts, the worst configurations, and the facts about single trials."""

from collections.abc import Sequence

import sqlalchemy as sa
from fitgap.core.fit import Fit, fit_of_trial
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.fit.sample_errors import ErrorsOfTrials
from fitgap.runner.store.read.lookups import Row, fetch
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, epoch, evidence, split, sweep, trial
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
}


def verdict_counts(connection: Connection, sweep_id: int) -> dict[str, int]:
    """How many configurations of a sweep have each verdict."""
    query = sa.select(configuration.c.verdict, sa.func.count()).where(is_judged(sweep_id))
    return {verdict: count for verdict, count in connection.execute(query.group_by(configuration.c.verdict))}


def counts_by_setting(connection: Connection, sweep_id: int) -> list[Row]:
    """The number of configurations for every axis, each of its settings and each verdict."""
    found: list[Row] = []
    for axis, column in AXES.items():
        query = sa.select(column.label("setting"), configuration.c.verdict, sa.func.count().label("count"))
        query = query.where(is_judged(sweep_id)).group_by(column, configuration.c.verdict)
        found += [{"axis": axis, **row} for row in fetch(connection, query)]
    return found


def worst_configurations(connection: Connection, sweep_id: int, verdict: str, limit: int) -> list[Row]:
    """The configurations with a verdict and the largest excess, each with the number of its first completed trial."""
    first = (
        sa.select(sa.func.min(trial.c.id))
        .where(trial.c.configuration_id == configuration.c.id, trial.c.status == Status.COMPLETED)
        .scalar_subquery()
    )
    fit = [configuration.c.excess, configuration.c.underfit, configuration.c.overfit, configuration.c.verdict]
    query = (
        sa.select(configuration.c.hash.label("configuration"), first.label("trial"), *labelled_axes(), *fit)
        .where(is_judged(sweep_id), configuration.c.verdict == verdict)
        .order_by(configuration.c.excess.desc(), configuration.c.id)
        .limit(limit)
    )
    return fetch(connection, query)


def reference_of(connection: Connection, sweep_id: int) -> Row | None:
    """The reference configuration, with its best errors averaged over repeats; None if there is none."""
    query = (
        sa.select(
            configuration.c.hash.label("configuration"),
            *labelled_axes(),
            sa.func.count(trial.c.id).label("repeats"),
            *(
                mean(trial.c[name]).label(name)
                for name in ("best_e_t", "best_e_v", "best_epoch", "honest_e_t", "honest_e_v")
            ),
        )
        .join_from(sweep, configuration, configuration.c.id == sweep.c.reference_id)
        .join(trial, trial.c.configuration_id == configuration.c.id)
        .where(sweep.c.id == sweep_id)
        .group_by(configuration.c.id)
    )
    found = fetch(connection, query)
    return found[0] if found else None


def unjudged(connection: Connection, sweep_id: int) -> int:
    """The number of completed trials of a sweep that have no verdict yet."""
    is_waiting = sa.and_(trial.c.sweep_id == sweep_id, trial.c.status == Status.COMPLETED, trial.c.verdict.is_(None))
    return int(connection.execute(sa.select(sa.func.count()).where(is_waiting)).scalar_one())


def facts(connection: Connection, trials: Sequence[int]) -> list[Row]:
    """The facts from which causes are found: settings, sizes, layer statistics and curves of these trials."""
    reference = configuration.alias("reference")
    same_split = sa.and_(split.c.sweep_id == trial.c.sweep_id, split.c.repeat == trial.c.repeat)
    query = (
        sa.select(
            trial.c.id.label("trial"),
            configuration.c.settings,
            configuration.c.parameters,
            split.c.training_count,
            evidence.c.statistics,
            reference.c.parameters.label("reference_parameters"),
        )
        .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .join(split, same_split)
        .join(sweep, sweep.c.id == trial.c.sweep_id)
        .join(reference, reference.c.id == sweep.c.reference_id, isouter=True)
        .join(evidence, evidence.c.trial_id == trial.c.id, isouter=True)
        .where(trial.c.id.in_(trials))
        .order_by(trial.c.id)
    )
    found = {row["trial"]: {**row, "epochs": [], "e_t": [], "e_v": []} for row in fetch(connection, query)}
    curves = sa.select(epoch.c.trial_id, epoch.c.epoch, epoch.c.e_t, epoch.c.e_v).where(epoch.c.trial_id.in_(trials))
    for number, position, e_t, e_v in connection.execute(curves.order_by(epoch.c.trial_id, epoch.c.epoch)):
        found[number]["epochs"].append(position)
        found[number]["e_t"].append(e_t)
        found[number]["e_v"].append(e_v)
    return list(found.values())


def fit_with_errors(connection: Connection, number: int) -> tuple[Fit, Row] | None:
    """The fit of a trial with its standard errors, and the reference's trial of the same repeat.

    None for a trial without a verdict.
    """
    query = sa.select(trial.c.sweep_id, trial.c.configuration_id, trial.c.repeat, trial.c.verdict)
    own = connection.execute(query.where(trial.c.id == number)).mappings().one()
    of_sweep = connection.execute(sa.select(sweep).where(sweep.c.id == own["sweep_id"])).mappings().one()
    reference = reference_trial(connection, of_sweep["reference_id"], own["repeat"])
    if own["verdict"] is None or reference is None:
        return None
    errors = ErrorsOfTrials(connection, dict(of_sweep))
    last = errors.of_trial(number, own["configuration_id"])
    is_honest = bool(of_sweep["has_honest_reference"])
    best = errors.of_reference(of_sweep["reference_id"], is_honest=is_honest).get(own["repeat"])
    return (fit_of_trial(last, best), reference) if last and best else None


def reference_trial(connection: Connection, configuration_id: int | None, repeat: int) -> Row | None:
    """The reference's trial of a repeat."""
    names = ("best_epoch", "best_e_t", "best_e_v", "epochs", "honest_e_t", "honest_e_v")
    query = (
        sa.select(
            trial.c.id.label("trial"),
            configuration.c.hash.label("configuration"),
            *labelled_axes(),
            *(trial.c[name].label("epochs_trained" if name == "epochs" else name) for name in names),
        )
        .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .where(configuration.c.id == configuration_id, trial.c.repeat == repeat, trial.c.status == Status.COMPLETED)
    )
    found = fetch(connection, query)
    return found[0] if found else None


def labelled_axes() -> list[sa.ColumnElement]:
    return result_keys.labelled(AXES)


def is_judged(sweep_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(configuration.c.sweep_id == sweep_id, configuration.c.verdict.is_not(None))
