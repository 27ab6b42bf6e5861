"""The progress of a sweep and of single trials."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fitgap.runner.store.read.brackets import epochs_at_most, has_rungs_ahead
from fitgap.runner.store.read.trials import is_of_sweep
from fitgap.runner.store.schema.result_keys import is_completed
from fitgap.runner.store.schema.tables import configuration, epoch, state, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection


@dataclass(frozen=True)
class SweepProgress:
    """The trials in each status, the epochs trained and planned, and the lowest E_v of a completed trial."""

    trials: dict[str, int]
    epochs: int
    planned_epochs: int
    best_e_v: float | None

    @property
    def ended(self) -> int:
        return sum(count for status, count in self.trials.items() if Status(status).is_final)

    @property
    def left(self) -> int:
        return sum(self.trials.values()) - self.ended

    @property
    def epochs_left(self) -> int:
        """The epochs that unfinished trials still need."""
        return max(0, self.planned_epochs - self.epochs)


def sweep_progress(connection: Connection, sweep_id: int) -> SweepProgress:
    """The progress of a sweep. For trials that have not ended, the stored epochs count as trained."""
    # The condition keeps SQLite from looking up each trial of a large sweep by an index.
    of_sweep = is_of_sweep(connection, sweep_id)
    counts = sa.select(trial.c.status, sa.func.count()).where(trial.c.sweep_id == sweep_id).group_by(trial.c.status)
    ended = trial.c.status.in_([status for status in Status if status.is_final])
    summary = sa.select(
        sa.func.coalesce(sa.func.sum(sa.case((ended, trial.c.epochs))), 0),
        sa.func.min(sa.case((is_completed, trial.c.best_e_v))),
    ).where(of_sweep)
    epochs, best = connection.execute(summary).one()
    trained = int(epochs) + stored_epochs(connection, sweep_id)
    # A trial that ended early needs no more epochs, and most trials with rungs ahead need only a few.
    planned = int(epochs) + planned_epochs(connection, sweep_id)
    if has_rungs_ahead(connection, sweep_id):
        planned = max(trained, min(planned, epochs_at_most(connection, sweep_id)))
    return SweepProgress({status: count for status, count in connection.execute(counts)}, trained, planned, best)


def trial_progress(connection: Connection, number: int) -> dict[str, Any] | None:
    """The progress of a trial: its status, verdict, and epochs stored and planned; None if there is no such trial."""
    last = sa.select(sa.func.max(epoch.c.epoch)).where(epoch.c.trial_id == trial.c.id).scalar_subquery()
    query = sa.select(
        trial.c.id.label("trial"),
        trial.c.status,
        trial.c.verdict,
        sa.func.coalesce(trial.c.epochs, last, 0).label("epochs"),
        configuration.c.planned_epochs,
    ).join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
    found = connection.execute(query.where(trial.c.id == number)).mappings().one_or_none()
    return None if found is None else dict(found)


def stored_epochs(connection: Connection, sweep_id: int) -> int:
    """The number of epochs trained in trials that have not ended, as far as they are stored."""
    of_sweep = trial.c.sweep_id == sweep_id
    running = sa.select(trial.c.id).where(of_sweep, trial.c.status == Status.RUNNING)
    last = sa.select(sa.func.max(epoch.c.epoch).label("last")).where(epoch.c.trial_id.in_(running))
    lasts = last.group_by(epoch.c.trial_id).subquery()
    found = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(lasts.c.last), 0))).scalar_one()
    # Pending trials with epochs have a saved state. Searching for epochs of a million other trials would take long.
    saved = sa.select(sa.func.coalesce(sa.func.sum(state.c.epoch), 0)).join_from(state, trial)
    waiting = saved.where(trial.c.sweep_id == sweep_id, trial.c.status == Status.PENDING)
    return int(found) + int(connection.execute(waiting).scalar_one())


def planned_epochs(connection: Connection, sweep_id: int) -> int:
    """The number of epochs planned for the trials that have not ended."""
    is_open = sa.and_(trial.c.sweep_id == sweep_id, trial.c.status.in_((Status.PENDING, Status.RUNNING)))
    count = int(connection.execute(sa.select(sa.func.count()).select_from(trial).where(is_open)).scalar_one())
    lengths = sa.select(sa.func.min(configuration.c.planned_epochs), sa.func.max(configuration.c.planned_epochs))
    low, high = connection.execute(lengths.where(configuration.c.sweep_id == sweep_id)).one() if count else (0, 0)
    if low == high:
        # Looking up the configuration of each trial would take several times as long.
        return count * int(low or 0)
    needed = sa.select(sa.func.sum(configuration.c.planned_epochs)).join_from(trial, configuration).where(is_open)
    return int(connection.execute(needed).scalar_one() or 0)
