"""How far a sweep is, for everybody who watches it."""

from dataclasses import dataclass

import sqlalchemy as sa
from fitgap.runner.store.schema.result_keys import is_completed
from fitgap.runner.store.schema.tables import configuration, epoch, trial
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
        """The epochs that the trials which have not ended still need."""
        return max(0, self.planned_epochs - self.epochs)


def sweep_progress(connection: Connection, sweep_id: int) -> SweepProgress:
    """The progress of a sweep. Of running trials, the epochs that are stored count."""
    of_sweep = trial.c.sweep_id == sweep_id
    counts = sa.select(trial.c.status, sa.func.count()).where(of_sweep).group_by(trial.c.status)
    ended = [status for status in Status if status.is_final]
    # A trial that ended early needs no more epochs than it had.
    needed = sa.case(
        (trial.c.status.in_(ended), sa.func.coalesce(trial.c.epochs, 0)), else_=configuration.c.planned_epochs
    )
    planned = sa.select(sa.func.coalesce(sa.func.sum(needed), 0)).join_from(trial, configuration).where(of_sweep)
    open_trials = sa.select(trial.c.id).where(of_sweep, trial.c.status.in_(("pending", "running")))
    last = sa.select(sa.func.max(epoch.c.epoch).label("last")).where(epoch.c.trial_id.in_(open_trials))
    lasts = last.group_by(epoch.c.trial_id).subquery()
    stored = sa.select(sa.func.coalesce(sa.func.sum(lasts.c.last), 0))
    summary = sa.select(
        sa.func.coalesce(sa.func.sum(sa.case((trial.c.status.in_(ended), trial.c.epochs))), 0),
        sa.func.min(sa.case((is_completed, trial.c.best_e_v))),
    ).where(of_sweep)
    epochs, best = connection.execute(summary).one()
    return SweepProgress(
        {status: count for status, count in connection.execute(counts)},
        int(epochs) + int(connection.execute(stored).scalar_one()),
        int(connection.execute(planned).scalar_one()),
        best,
    )
