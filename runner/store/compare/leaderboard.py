"""The leaderboard of a sweep: its best configurations, compared."""

from collections.abc import Sequence

import sqlalchemy as sa
from fitgap.runner.store.compare.axis_columns import axes_of
from fitgap.runner.store.compare.groups import GroupComparison, compare, more_is_better
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.read.rounds import repeat_rounds
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, trial
from sqlalchemy.engine import Connection

# The measure to sort by, if it is known.
HONEST = "honest_e_v"


def leaders(connection: Connection, sweep_id: int, limit: int, measure: str) -> list[int]:
    """The ids of the best configurations by the mean of a measure; those with incomplete trials come last.

    With rounds of repeats, configurations with more repeats come first: the others got no more because they were worse
    in the repeats that all have. The database does the sorting, so a million trials need no memory here.
    """
    completed = sa.func.count(sa.case((result_keys.is_completed, 1)))
    value = mean(sa.case((result_keys.is_completed, trial.c[measure])))
    best = -value if more_is_better(measure) else value
    query = (
        sa.select(trial.c.configuration_id)
        .where(trial.c.sweep_id == sweep_id)
        .group_by(trial.c.configuration_id)
        .order_by(
            completed < sa.func.count(trial.c.id),
            *([-completed] if repeat_rounds(connection, sweep_id) else []),
            best.is_(None),
            best,
            trial.c.configuration_id,
        )
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def leaderboard(connection: Connection, sweep_id: int, by: Sequence[str], limit: int) -> list[Row]:
    """The best configurations, with the settings `by`. Errors of different losses cannot be compared, so if there are
    several, the best are those with the highest accuracy.
    """
    if "loss" in axes_of(connection, sweep_id):
        measure = "accuracy_v"
    else:
        measure = HONEST if all_honest(connection, sweep_id) else "best_e_v"
    best = leaders(connection, sweep_id, limit, measure)
    groups = compare(connection, [sweep_id], GroupComparison([*by, "configuration"], of=measure, only=best))
    if not repeat_rounds(connection, sweep_id):
        return groups
    known = sa.select(configuration.c.id, configuration.c.hash).where(configuration.c.id.in_(best))
    place = {name: best.index(number) for number, name in connection.execute(known)}
    return sorted(groups, key=lambda group: place[group["configuration"]])


def all_honest(connection: Connection, sweep_id: int) -> bool:
    """Whether the honest E_v of all completed trials of a sweep is known, so that it can be compared."""
    unknown = sa.exists().where(trial.c.sweep_id == sweep_id, result_keys.is_completed, trial.c.honest_e_v.is_(None))
    return not connection.execute(sa.select(unknown)).scalar_one()
