"""The leaderboard of a sweep: its best configurations, compared."""

from collections.abc import Sequence

import sqlalchemy as sa
from fitgap.runner.store.compare.groups import GroupComparison, compare
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import trial
from sqlalchemy.engine import Connection


def leaders(connection: Connection, sweep_id: int, limit: int) -> list[int]:
    """The ids of the best configurations by their mean best E_v; those with incomplete trials come last.

    The database does all the work, so a million trials need no memory here.
    """
    completed = sa.func.count(sa.case((result_keys.is_completed, 1)))
    best = mean(sa.case((result_keys.is_completed, trial.c.best_e_v)))
    query = (
        sa.select(trial.c.configuration_id)
        .where(trial.c.sweep_id == sweep_id)
        .group_by(trial.c.configuration_id)
        .order_by(completed < sa.func.count(trial.c.id), best.is_(None), best, trial.c.configuration_id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def leaderboard(connection: Connection, sweep_id: int, by: Sequence[str], limit: int) -> list[Row]:
    """The best configurations, with the settings `by`."""
    question = GroupComparison([*by, "configuration"], only=leaders(connection, sweep_id, limit))
    return compare(connection, sweep_id, question)
