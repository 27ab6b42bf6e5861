"""Numbers of stored epoch rows, computed from the summaries of trials because counting the rows is slow."""

from collections import Counter

import sqlalchemy as sa
from fitgap.runner.recorded_epochs import Recording
from fitgap.runner.store.schema.tables import sweep, trial
from sqlalchemy.engine import Connection


def recorded_epochs(connection: Connection, trials: sa.ColumnElement[bool]) -> Counter[int]:
    """For each sweep id, the number of stored epochs of the ended trials that meet the condition `trials`."""
    ended = sa.and_(trials, trial.c.epochs.is_not(None))
    found = sa.select(trial.c.sweep_id, sa.func.sum(trial.c.epochs)).where(ended).group_by(trial.c.sweep_id)
    counts = Counter({sweep_id: int(epochs) for sweep_id, epochs in connection.execute(found)})
    for sweep_id, recording in sparse_recordings(connection, list(counts)).items():
        counts[sweep_id] = sparse_epochs(connection, sa.and_(ended, trial.c.sweep_id == sweep_id), recording)
    return counts


def sparse_recordings(connection: Connection, sweeps: list[int]) -> dict[int, Recording]:
    """The recordings of those sweeps that do not record every epoch."""
    found = connection.execute(sa.select(sweep.c.id, sweep.c.specification).where(sweep.c.id.in_(sweeps)))
    recordings = {number: recording_of(specification) for number, specification in found}
    return {number: each for number, each in recordings.items() if not each.is_complete}


def recording_of(specification: dict) -> Recording:
    """The recording of a stored sweep; earlier versions without this setting recorded every epoch."""
    return Recording.from_canonical(specification.get("training", {}).get("record", "all"))


def sparse_epochs(connection: Connection, trials: sa.ColumnElement[bool], recording: Recording) -> int:
    ends = trial.c.epochs, trial.c.best_epoch
    counted = sa.select(*ends, sa.func.count()).where(trials).group_by(*ends)
    return sum(count * recording.rows_of(last, best) for last, best, count in connection.execute(counted))
