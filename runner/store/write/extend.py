"""Extension of a stored sweep: new configurations and repeats, and trials that continue finished ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.recorded_epochs import COMPLETE, Recording, always_recorded
from fitgap.runner.store.schema.tables import configuration, epoch, split, state, sweep, trial
from fitgap.runner.store.write.sweeps import add_configurations, add_trials, add_variants
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection


@dataclass(frozen=True)
class SweepExtension:
    """An extension of a sweep: its new specification, splits and variants of splits, and new configurations.

    `known` is the number of configurations for which the extension was planned. `continues` maps the hash of a new
    configuration to that of the configuration, with fewer epochs, whose trials it continues. The new trials inherit
    those epochs that `recording` includes.
    """

    specification: Mapping[str, Any]
    splits: Sequence[Mapping[str, Any]]
    configurations: Sequence[Mapping[str, Any]]
    known: int
    continues: Mapping[str, str]
    recording: Recording = COMPLETE
    variants: Sequence[Mapping[str, Any]] = ()


def extend_sweep(connection: Connection, sweep_id: int, extension: SweepExtension) -> tuple[int, int]:
    """Write an extension; returns the number of new trials, and how many of them continue finished ones."""
    count = sa.select(sa.func.count()).where(configuration.c.sweep_id == sweep_id)
    if connection.execute(count).scalar_one() != extension.known:
        raise StoreError("the sweep was extended by another process at the same time; try again")
    last_configuration, last_repeat = last_numbers(connection, sweep_id)
    change = sa.update(sweep).where(sweep.c.id == sweep_id)
    connection.execute(change.values(specification=dict(extension.specification)))
    if extension.splits:
        connection.execute(sa.insert(split), [{"sweep_id": sweep_id, **row} for row in extension.splits])
    add_variants(connection, sweep_id, extension.variants)
    add_configurations(connection, sweep_id, extension.configurations)
    # Do not add all missing trials, because deleted trials must not come back. A configuration whose trials were all
    # deleted still exists, so it is not new.
    has_trials = sa.exists().where(trial.c.configuration_id == configuration.c.id)
    is_repeated = sa.and_(split.c.repeat > last_repeat, has_trials)
    new = add_trials(connection, sweep_id, sa.or_(configuration.c.id > last_configuration, is_repeated))
    recording = extension.recording
    return new, sum(continue_trials(connection, sweep_id, *pair, recording) for pair in extension.continues.items())


def last_numbers(connection: Connection, sweep_id: int) -> tuple[int, int]:
    """The highest configuration id and the highest repeat of the sweep."""
    configurations = sa.select(sa.func.max(configuration.c.id)).where(configuration.c.sweep_id == sweep_id)
    repeats = sa.select(sa.func.max(split.c.repeat)).where(split.c.sweep_id == sweep_id)
    return connection.execute(configurations).scalar_one(), connection.execute(repeats).scalar_one()


def continue_trials(connection: Connection, sweep_id: int, new_hash: str, old_hash: str, recording: Recording) -> int:
    """Copy epochs and states of a configuration's finished trials to the new trials of another; returns how many."""
    new, old = trial.alias("new"), trial.alias("old")
    number_of = {
        row.hash: row.id
        for row in connection.execute(
            sa.select(configuration.c.hash, configuration.c.id).where(
                configuration.c.sweep_id == sweep_id, configuration.c.hash.in_([new_hash, old_hash])
            )
        )
    }
    whole = configuration.c.planned_epochs == old.c.epochs
    pairs = connection.execute(
        sa.select(new.c.id, old.c.id, old.c.epochs, old.c.best_epoch)
        .join_from(new, old, new.c.repeat == old.c.repeat)
        .join(state, sa.and_(state.c.trial_id == old.c.id, state.c.epoch == old.c.epochs))
        # A trial that was stopped early would be stopped at the same epoch again.
        .join(configuration, sa.and_(configuration.c.id == old.c.configuration_id, whole))
        .where(
            new.c.configuration_id == number_of[new_hash],
            old.c.configuration_id == number_of[old_hash],
            old.c.status == Status.COMPLETED,
            new.c.status == Status.PENDING,
            new.c.attempt == 0,
        )
    ).all()
    for new_trial, old_trial, last, best in pairs:
        # Rows stored only for the diagnosis of the finished trial are not needed for the continued one.
        left_out = [each for each in always_recorded(last, best) if not recording.includes(each)]
        copy_rows(connection, epoch, old_trial, new_trial, epoch.c.epoch.not_in(left_out))
        copy_rows(connection, state, old_trial, new_trial)
    return len(pairs)


def copy_rows(
    connection: Connection, table: sa.Table, old_trial: int, new_trial: int, *which: sa.ColumnElement[bool]
) -> None:
    """Copy the rows of one trial, or some of them, to another trial."""
    others = [column for column in table.columns if column.name != "trial_id"]
    rows = sa.select(sa.literal(new_trial), *others).where(table.c.trial_id == old_trial, *which)
    connection.execute(sa.insert(table).from_select(["trial_id", *(column.name for column in others)], rows))
