"""Queries for the diagnosis: facts about single trials, and their fits."""

from collections.abc import Sequence

import sqlalchemy as sa
from fitgap.core.fit_verdicts import Fit
from fitgap.runner.store.compare.judged_configurations import labelled_axes
from fitgap.runner.store.fit.reference import At, Reference
from fitgap.runner.store.fit.sample_errors import ErrorsOfTrials
from fitgap.runner.store.fit.yardstick import yardstick_of
from fitgap.runner.store.read.lookups import Row, fetch
from fitgap.runner.store.schema.tables import (
    configuration,
    epoch,
    evidence,
    peer_reference,
    split,
    split_variant,
    sweep,
    trial,
)
from fitgap.runner.store.schema.variants import (
    SAME_PEERS,
    SAME_SPLIT,
    SAME_VARIANT,
    of_variant,
    peers_or_all,
    reference_id,
)
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection


def facts(connection: Connection, trials: Sequence[int]) -> list[Row]:
    """The facts from which likely causes are derived: settings, sizes, layer statistics and curves of these trials."""
    reference, reference_trial = configuration.alias("reference"), trial.alias("reference_trial")
    same_repeat = sa.and_(
        reference_trial.c.configuration_id == reference.c.id, reference_trial.c.repeat == trial.c.repeat
    )
    query = (
        sa.select(
            trial.c.id.label("trial"),
            configuration.c.settings,
            configuration.c.parameters,
            of_variant("training_count"),
            trial.c.reason,
            evidence.c.statistics,
            reference.c.parameters.label("reference_parameters"),
            sa.func.coalesce(reference_trial.c.honest_e_v, reference_trial.c.best_e_v).label("reference_e_v"),
            of_variant("constant_e_t"),
            of_variant("constant_e_v"),
        )
        .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .join(split, SAME_SPLIT)
        .join(split_variant, SAME_VARIANT, isouter=True)
        .join(sweep, sweep.c.id == trial.c.sweep_id)
        .join(peer_reference, SAME_PEERS, isouter=True)
        .join(reference, reference.c.id == reference_id, isouter=True)
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
    of_sweep = dict(connection.execute(sa.select(sweep).where(sweep.c.id == own["sweep_id"])).mappings().one())
    peers, among = reference_of_peers(connection, own["configuration_id"], of_sweep)
    reference = reference_trial(connection, among["reference_id"], own["repeat"])
    if own["verdict"] is None or reference is None:
        return None
    errors = ErrorsOfTrials(connection, of_sweep)
    last = errors.of_trial(number, own["configuration_id"])
    yardstick = yardstick_of(errors, Reference(among["reference_id"], At(among["reference_at"] or At.BEST)), peers)
    fit = yardstick.fit([(own["repeat"], last)]) if last else None
    return (fit, reference) if fit else None


def reference_of_peers(connection: Connection, configuration_id: int, of_sweep: Row) -> tuple[str, Row]:
    """The group of peers of a configuration, and the row with its reference: the sweep's row if it has one group."""
    query = sa.select(peers_or_all).where(configuration.c.id == configuration_id)
    peers = str(connection.execute(query).scalar_one())
    known = sa.select(peer_reference).where(
        peer_reference.c.sweep_id == of_sweep["id"], peer_reference.c.peers == peers
    )
    found = fetch(connection, known)
    return peers, found[0] if found else of_sweep


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
