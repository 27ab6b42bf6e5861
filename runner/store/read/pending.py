"""Queries for pending trials: groups that may share packs, what to train, and saved states to resume from."""

from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa
from fitgap.runner.messages import SavedState
from fitgap.runner.store.database.blobs import unpacked
from fitgap.runner.store.read.lookups import Row, fetch
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, split, state, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

# What trials of a sweep must have in common to share a pack. `epoch` is the epoch of the saved state to resume from.
GROUPING: dict[str, sa.ColumnElement] = {
    "layers": configuration.c.layers,
    "batch_size": configuration.c.batch_size,
    "training_count": split.c.training_count,
    "variant": configuration.c.variant,
    "validation_count": split.c.validation_count,
    "epoch": sa.func.coalesce(state.c.epoch, 0),
    "worker_failures": trial.c.worker_failures,
}

# The epoch to which a trial may train now.
LAST = sa.func.coalesce(trial.c.leg, configuration.c.planned_epochs)


def pending_groups(connection: Connection, sweep_id: int) -> list[Row]:
    """The groups of pending trials: their common properties, number of trials and total number of remaining epochs."""
    left = LAST - GROUPING["epoch"]
    query = sa.select(
        *result_keys.labelled(GROUPING), sa.func.count().label("count"), sa.func.sum(left).label("epochs_left")
    )
    query = pending(query, sweep_id).group_by(*GROUPING.values()).order_by(*GROUPING.values())
    return fetch(connection, query)


def pending_numbers(connection: Connection, sweep_id: int, group: Row, limit: int | None) -> np.ndarray:
    """The ids (n,) of the trials of a group, ordered so that similar trials get into one pack."""
    same = [expression == group[name] for name, expression in GROUPING.items()]
    kinds = configuration.c.activation, configuration.c.optimizer, configuration.c.regularizer
    query = pending(sa.select(trial.c.id), sweep_id).where(*same)
    query = query.order_by(configuration.c.planned_epochs.desc(), *kinds, trial.c.id).limit(limit)
    numbers = connection.execute(query, execution_options={"yield_per": 10_000}).scalars()
    # A driver keeps only these four bytes per pending trial.
    return np.fromiter(numbers, np.int32)


def pending(query: sa.Select, sweep_id: int) -> sa.Select:
    """The query, restricted to the pending trials of a sweep and joined with the tables used for grouping."""
    same_split = sa.and_(split.c.sweep_id == trial.c.sweep_id, split.c.repeat == trial.c.repeat)
    return (
        query.join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .join(split, same_split)
        .join(state, trial.c.id == state.c.trial_id, isouter=True)
        .where(trial.c.sweep_id == sweep_id, trial.c.status == Status.PENDING)
        # Trials that have reached their rung wait there.
        .where(sa.or_(trial.c.leg.is_(None), GROUPING["epoch"] < trial.c.leg))
    )


def planned(connection: Connection, trials: Sequence[int]) -> list[Row]:
    """Configuration, repeat and starting epoch of these trials, in order; deleted trials are omitted."""
    query = (
        sa.select(
            trial.c.id,
            trial.c.repeat,
            trial.c.configuration_id,
            trial.c.worker_failures,
            trial.c.leg,
            GROUPING["epoch"].label("epoch"),
        )
        .join_from(trial, state, trial.c.id == state.c.trial_id, isouter=True)
        .where(trial.c.id.in_(trials))
    )
    found = {row["id"]: row for row in fetch(connection, query)}
    # Fetched separately, so that settings shared by many trials are read and decoded only once.
    shared = sa.select(configuration.c.id, configuration.c.settings)
    of_trials = {row["configuration_id"] for row in found.values()}
    rows = connection.execute(shared.where(configuration.c.id.in_(of_trials)))
    settings: dict[int, Row] = {number: each for number, each in rows}
    # A trial that was deleted between the queries no longer has a configuration.
    known = [found[number] for number in trials if number in found and found[number]["configuration_id"] in settings]
    return [row | {"settings": settings[row["configuration_id"]]} for row in known]


def legs(connection: Connection, trials: Sequence[int]) -> dict[int, int | None]:
    """The rungs to which these trials train, by trial id; None for those that train to their last epoch."""
    query = sa.select(trial.c.id, trial.c.leg).where(trial.c.id.in_(trials))
    return {number: leg for number, leg in connection.execute(query)}


def states(connection: Connection, trials: Sequence[int]) -> dict[int, SavedState]:
    """The saved states of those trials that have one, by trial id."""
    query = sa.select(state).where(state.c.trial_id.in_(trials))
    return {
        row.trial_id: SavedState(row.trial_id, row.epoch, unpacked(row.content)) for row in connection.execute(query)
    }
