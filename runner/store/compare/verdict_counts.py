"""Queries for the diagnosis: counts of verdicts, the worst configurations, and the facts about single trials."""

from collections.abc import Sequence

import sqlalchemy as sa
from fitgap.core.fit import Fit
from fitgap.runner.store.compare.axis_columns import axes_of
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.fit.reference import At, Reference
from fitgap.runner.store.fit.sample_errors import ErrorsOfTrials
from fitgap.runner.store.fit.yardstick import yardstick_of
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


ENDED = (Status.COMPLETED, Status.DIVERGED, Status.FAILED)


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
    """The first trials of a sweep that ended in a status, with the reasons."""
    query = sa.select(trial.c.id.label("trial"), trial.c.reason)
    query = query.where(trial.c.sweep_id == sweep_id, trial.c.status == status)
    return fetch(connection, query.order_by(trial.c.id).limit(limit))


def configurations_with(connection: Connection, sweep_id: int, status: str) -> int:
    """How many configurations of a sweep have a trial that ended in a status."""
    query = sa.select(sa.func.count(sa.distinct(trial.c.configuration_id)))
    return int(connection.execute(query.where(trial.c.sweep_id == sweep_id, trial.c.status == status)).scalar_one())


def worst_configurations(connection: Connection, sweep_id: int, verdict: str, limit: int) -> list[Row]:
    """The configurations with a verdict and the largest excess, each with its most typical trial.

    That is the first trial with the same verdict, or that diverged too, otherwise the first completed one.
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
    reference, reference_trial = configuration.alias("reference"), trial.alias("reference_trial")
    same_repeat = sa.and_(
        reference_trial.c.configuration_id == reference.c.id, reference_trial.c.repeat == trial.c.repeat
    )
    same_split = sa.and_(split.c.sweep_id == trial.c.sweep_id, split.c.repeat == trial.c.repeat)
    query = (
        sa.select(
            trial.c.id.label("trial"),
            configuration.c.settings,
            configuration.c.parameters,
            split.c.training_count,
            evidence.c.statistics,
            reference.c.parameters.label("reference_parameters"),
            sa.func.coalesce(reference_trial.c.honest_e_v, reference_trial.c.best_e_v).label("reference_e_v"),
            split.c.constant_e_t,
        )
        .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .join(split, same_split)
        .join(sweep, sweep.c.id == trial.c.sweep_id)
        .join(reference, reference.c.id == sweep.c.reference_id, isouter=True)
        .join(reference_trial, same_repeat, isouter=True)
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


def repeat_count(connection: Connection, sweep_id: int) -> int:
    """The number of repeats of a sweep."""
    query = sa.select(sa.func.count()).select_from(split).where(split.c.sweep_id == sweep_id)
    return int(connection.execute(query).scalar_one())


def measured_configurations(connection: Connection, sweep_id: int, limit: int) -> list[Row]:
    """The configurations whose trials all completed, with mean errors over repeats; those with the lowest E_v first.

    `error` is the E_v at the best epoch.
    """
    error = sa.func.avg(sa.func.coalesce(trial.c.honest_e_v, trial.c.best_e_v))
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
        .having(sa.func.count(trial.c.id) == sa.func.count(sa.case((trial.c.status == Status.COMPLETED, 1))))
        .order_by(error, configuration.c.id)
        .limit(limit)
    )
    return fetch(connection, query)


def settings_of_configurations(connection: Connection, sweep_id: int, hashes: Sequence[str]) -> dict[str, Row]:
    """The settings of configurations, by their hash."""
    query = sa.select(configuration.c.hash, configuration.c.settings).where(configuration.c.sweep_id == sweep_id)
    return {each: settings for each, settings in connection.execute(query.where(configuration.c.hash.in_(hashes)))}


def verdict_over_repeats(connection: Connection, number: int) -> tuple[str | None, int]:
    """The verdict on the configuration of a trial, and its number of completed repeats."""
    own, others = trial.alias("own"), trial.alias("others")
    query = (
        sa.select(configuration.c.verdict, sa.func.count(others.c.id))
        .join_from(own, configuration, configuration.c.id == own.c.configuration_id)
        .join(others, sa.and_(others.c.configuration_id == own.c.configuration_id, others.c.status == Status.COMPLETED))
        .where(own.c.id == number)
        .group_by(configuration.c.verdict)
    )
    found = connection.execute(query).one_or_none()
    return (found[0], int(found[1])) if found else (None, 0)


def settings_of_trials(connection: Connection, trials: Sequence[int]) -> dict[int, Row]:
    """The settings of the configurations of these trials, by trial number."""
    query = sa.select(trial.c.id, configuration.c.settings).join_from(
        trial, configuration, trial.c.configuration_id == configuration.c.id
    )
    return {number: settings for number, settings in connection.execute(query.where(trial.c.id.in_(trials)))}


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
    yardstick = yardstick_of(errors, Reference(of_sweep["reference_id"], At(of_sweep["reference_at"] or At.BEST)))
    fit = yardstick.fit([(own["repeat"], last)]) if last else None
    return (fit, reference) if fit else None


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
