"""Continuation of pruned trials: they become pending again and train to their end without further rungs."""

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store.read.brackets import has_rungs_ahead
from fitgap.runner.store.read.trials import chosen_trials, joined
from fitgap.runner.store.schema.tables import configuration, sweep, trial
from fitgap.runner.suggestions import suggested
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection


def continue_pruned(connection: Connection, sweep_id: int, where: str | None) -> tuple[int, int]:
    """Let pruned trials resume from their states and train to their end; returns their number and the total number of
    epochs they have left.

    This includes all pruned trials of every configuration with a pruned trial that matches the filter. Raises
    StoreError while rungs are undecided, because their decisions depend on how many configurations have gone on.
    """
    name = connection.execute(sa.select(sweep.c.name).where(sweep.c.id == sweep_id).with_for_update()).scalar_one()
    if has_rungs_ahead(connection, sweep_id):
        rule = f"some trials of sweep {name} have rungs ahead of them, so it is not decided yet which are pruned"
        raise StoreError(f"{rule}; train them first: {suggested('resume', name)}")
    is_pruned = sa.and_(trial.c.sweep_id == sweep_id, trial.c.status == Status.PRUNED)
    # Continue all repeats of a configuration, because the mean of selected ones would be too low.
    matching = chosen_trials(connection, sweep_id, where, [trial.c.configuration_id], within=is_pruned)
    chosen = sa.and_(is_pruned, trial.c.configuration_id.in_(matching))
    left = sa.func.coalesce(sa.func.sum(configuration.c.planned_epochs - trial.c.epochs), 0)
    epochs = connection.execute(joined([left]).where(chosen)).scalar_one()
    reopened = {"status": Status.PENDING, "worker_failures": 0, "driver_id": None, "ended": None}
    # The rank is kept; it marks the trial as one that was pruned.
    change = sa.update(trial).where(chosen).values(leg=None, reason=None, **reopened)
    return connection.execute(change).rowcount, int(epochs)
