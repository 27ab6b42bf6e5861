"""Deletion of sweeps and trials with everything that belongs to them. Trials being trained cannot be deleted."""

from dataclasses import dataclass

import sqlalchemy as sa
from fitgap.runner.amounts import counted
from fitgap.runner.errors import BusyError
from fitgap.runner.store.read.epoch_counts import recorded_epochs
from fitgap.runner.store.schema.tables import (
    class_count,
    configuration,
    confusion,
    epoch,
    evidence,
    peer_reference,
    snapshot,
    split,
    split_variant,
    state,
    sweep,
    sweep_tag,
    trial,
    trial_tag,
)
from fitgap.runner.store.write.claims import OtherDriver, drivers_of
from fitgap.runner.store.write.selection import Chosen
from fitgap.runner.suggestions import suggested
from fitgap.runner.system.machine_record import machine_identity, still_runs
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# The tables with rows that belong to a trial.
PARTS = (epoch, snapshot, state, evidence, confusion, class_count, trial_tag)


@dataclass(frozen=True)
class Deletion:
    """The extent of a deletion: sweeps by name, or some trials of sweeps that are kept."""

    sweeps: tuple[str, ...]
    trials: int
    epochs: int
    networks: int

    def __str__(self) -> str:
        amounts = {"trial": self.trials, "epoch": self.epochs, "kept network": self.networks}
        contents = ", ".join(counted(count, noun) for noun, count in amounts.items() if count or noun == "trial")
        return f"{', '.join(self.sweeps)}: {contents}" if self.sweeps else contents


def deletion(connection: Connection, chosen: Chosen) -> Deletion:
    """The extent of the deletion, without deleting. Raises BusyError if some trial is being trained."""
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
    """Delete the chosen rows in the caller's transaction; returns the extent. BusyError if some are being trained.

    A configuration without trials is kept, so that extending the sweep does not bring its trials back.
    """
    trials = trials_of(chosen)
    # Lock the trials, so that no driver claims them.
    connection.execute(sa.select(trial.c.id).where(trials).order_by(trial.c.id).with_for_update())
    extent = deletion(connection, chosen)
    numbers = sa.select(trial.c.id).where(trials)
    # Table by table, which is several times faster than cascading trial by trial.
    for part in PARTS:
        connection.execute(sa.delete(part).where(part.c.trial_id.in_(numbers)))
    connection.execute(sa.delete(trial).where(trials))
    if chosen.are_sweeps:
        for table in (configuration, split, split_variant, peer_reference, sweep_tag):
            connection.execute(sa.delete(table).where(table.c.sweep_id.in_(chosen.numbers)))
        connection.execute(sa.delete(sweep).where(sweep.c.id.in_(chosen.numbers)))
    return extent


def changed_sweeps(connection: Connection, chosen: Chosen) -> list[int]:
    """The remaining sweeps that lose trials; their fit must be recomputed, since a reference trial may be gone."""
    if chosen.are_sweeps:
        return []
    return list(connection.execute(sa.select(trial.c.sweep_id).where(trials_of(chosen)).distinct()).scalars())


def trials_of(chosen: Chosen) -> ColumnElement[bool]:
    """The condition for trials that are chosen, either directly or with their sweeps."""
    return (trial.c.sweep_id if chosen.are_sweeps else trial.c.id).in_(chosen.numbers)


def refuse_busy(connection: Connection, chosen: Chosen) -> None:
    """Raise BusyError if a live driver is training one of the trials."""
    for driver in drivers_of(connection, sa.and_(trials_of(chosen), trial.c.status == Status.RUNNING)):
        if is_alive(driver):
            who = f"driver {driver.driver_id} (process {driver.process})"
            advice = f"wait until it has finished, or stop it with `{suggested('cancel', 'SWEEP')}`"
            raise BusyError(f"{who} is training some of these trials; {advice}; nothing was deleted")


def is_alive(driver: OtherDriver) -> bool:
    """Whether a driver may still write: its lease is valid, and its process is not known to have ended."""
    is_here = driver.machine == machine_identity()
    return not driver.has_expired and not (is_here and not still_runs(driver.process, driver.process_started))
