"""Deleting sweeps and trials with everything that belongs to them, but nothing that is being trained."""

from dataclasses import dataclass

import sqlalchemy as sa
from fitgap.runner.amounts import counted
from fitgap.runner.errors import BusyError
from fitgap.runner.store.read.epoch_counts import recorded_epochs
from fitgap.runner.store.schema.tables import (
    configuration,
    epoch,
    evidence,
    snapshot,
    split,
    state,
    sweep,
    sweep_tag,
    trial,
    trial_tag,
)
from fitgap.runner.store.write.claims import OtherDriver, drivers_of
from fitgap.runner.store.write.selection import Chosen
from fitgap.runner.system.machine_record import machine_identity, still_runs
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# What belongs to a trial.
PARTS = (epoch, snapshot, state, evidence, trial_tag)


@dataclass(frozen=True)
class Deletion:
    """What a deletion takes with it: sweeps by their names, or some trials of sweeps that stay."""

    sweeps: tuple[str, ...]
    trials: int
    epochs: int
    networks: int

    def __str__(self) -> str:
        amounts = {"trial": self.trials, "epoch": self.epochs, "kept network": self.networks}
        contents = ", ".join(counted(count, noun) for noun, count in amounts.items() if count or noun == "trial")
        return f"{', '.join(self.sweeps)}: {contents}" if self.sweeps else contents


def deletion(connection: Connection, chosen: Chosen) -> Deletion:
    """What would go. BusyError where some of it is being trained."""
    refuse_busy(connection, chosen)
    trials = trials_of(chosen)
    networks = sa.select(sa.func.count()).join_from(snapshot, trial).where(trials)
    names = sa.select(sweep.c.name).where(sweep.c.id.in_(chosen.numbers)).order_by(sweep.c.id)
    return Deletion(
        sweeps=tuple(connection.execute(names).scalars()) if chosen.are_sweeps else (),
        trials=connection.execute(sa.select(sa.func.count()).where(trials)).scalar_one(),
        epochs=recorded_epochs(connection, trials).total(),
        networks=connection.execute(networks).scalar_one(),
    )


def delete(connection: Connection, chosen: Chosen) -> Deletion:
    """Delete it, in the transaction of the caller; returns what went. BusyError where some of it is being trained.

    A configuration that loses its last trial stays as a row, and so does not come back when its sweep is extended.
    """
    trials = trials_of(chosen)
    # From here on nobody claims any of them.
    connection.execute(sa.select(trial.c.id).where(trials).order_by(trial.c.id).with_for_update())
    told = deletion(connection, chosen)
    numbers = sa.select(trial.c.id).where(trials)
    # Table by table: the database's own way, trial by trial, takes several times as long.
    for part in PARTS:
        connection.execute(sa.delete(part).where(part.c.trial_id.in_(numbers)))
    connection.execute(sa.delete(trial).where(trials))
    if chosen.are_sweeps:
        for table in (configuration, split, sweep_tag):
            connection.execute(sa.delete(table).where(table.c.sweep_id.in_(chosen.numbers)))
        connection.execute(sa.delete(sweep).where(sweep.c.id.in_(chosen.numbers)))
    return told


def changed_sweeps(connection: Connection, chosen: Chosen) -> list[int]:
    """The sweeps that stay and lose trials: one of these may be what all others were held against."""
    if chosen.are_sweeps:
        return []
    return list(connection.execute(sa.select(trial.c.sweep_id).where(trials_of(chosen)).distinct()).scalars())


def trials_of(chosen: Chosen) -> ColumnElement[bool]:
    """Which trials are chosen, by themselves or with their sweeps."""
    return (trial.c.sweep_id if chosen.are_sweeps else trial.c.id).in_(chosen.numbers)


def refuse_busy(connection: Connection, chosen: Chosen) -> None:
    """BusyError where a driver that lives is training one of the trials."""
    for driver in drivers_of(connection, sa.and_(trials_of(chosen), trial.c.status == Status.RUNNING)):
        if lives(driver):
            who = f"driver {driver.driver_id} (process {driver.process})"
            advice = "wait until it has finished, or end it with `fitgap cancel`"
            raise BusyError(f"{who} is training some of it; {advice}; nothing was deleted")


def lives(driver: OtherDriver) -> bool:
    """Whether a driver may still write: its lease lasts, and its process is not known to be gone."""
    is_here = driver.machine == machine_identity()
    return not driver.has_expired and not (is_here and not still_runs(driver.process, driver.process_started))
