"""The reference of a sweep: its best configuration, and the epoch at which it is best."""

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, split_variant, trial
from fitgap.runner.store.schema.variants import peers_or_all
from sqlalchemy.engine import Connection

# The group of peers that consists of all configurations that use all training examples unchanged.
ALL = ""


class At(StrEnum):
    """The epoch from which the errors of the reference are taken."""

    # Each half of the validation examples measures the epoch that the other half chose.
    CROSS_FIT = "cross_fit"
    # Few validation examples may choose an epoch that is worse than the last one.
    LAST = "last"
    # The epoch of the lowest E_v, which is too low an estimate; only if cross-fitted errors of some trials are unknown.
    BEST = "best"


@dataclass(frozen=True)
class Reference:
    """The id of a configuration, and the epoch at which it is best."""

    configuration: int
    at: At


def peer_groups(connection: Connection, sweep_id: int) -> list[str]:
    """The groups of configurations whose errors may be compared; a single one if all configurations use the same
    examples. The group with the most training examples and the least label noise comes first.
    """
    is_divided = sa.exists().where(split_variant.c.sweep_id == sweep_id)
    if not connection.execute(sa.select(is_divided)).scalar_one():
        return [ALL]
    most, least = sa.func.max(configuration.c.training_examples), sa.func.min(configuration.c.label_noise)
    query = sa.select(peers_or_all).where(configuration.c.sweep_id == sweep_id).group_by(peers_or_all)
    return list(connection.execute(query.order_by(most.desc(), least, sa.func.min(configuration.c.id))).scalars())


def reference_of_group(connection: Connection, sweep_id: int, peers: str | None) -> Reference | None:
    """The configuration with the lowest mean E_v over repeats, at its best epoch, of those whose repeats all completed.

    With `peers`, only configurations of this group are candidates. The best epoch is the cross-fitted one, or the last
    one if its mean is lower.
    """
    has_honest = sa.func.count(trial.c.id) == sa.func.count(trial.c.honest_e_v)
    query = (
        sa.select(
            trial.c.configuration_id.label("number"),
            *(mean(trial.c[name]).label(name) for name in ("honest_e_v", "best_e_v", "e_v")),
            sa.case((has_honest, 1), else_=0).label("has_honest"),
        )
        .where(trial.c.sweep_id == sweep_id)
        .group_by(trial.c.configuration_id)
        .having(sa.func.count(trial.c.id) == sa.func.count(sa.case((result_keys.is_completed, 1))))
    )
    if peers is not None:
        query = query.join(configuration, configuration.c.id == trial.c.configuration_id).where(peers_or_all == peers)
    candidates = query.cte()
    are_honest = sa.select(sa.func.min(candidates.c.has_honest)).scalar_subquery() == 1
    is_last = candidates.c.e_v < candidates.c.honest_e_v
    error = sa.case((~are_honest, candidates.c.best_e_v), (is_last, candidates.c.e_v), else_=candidates.c.honest_e_v)
    at = sa.case((~are_honest, At.BEST.value), (is_last, At.LAST.value), else_=At.CROSS_FIT.value)
    found = connection.execute(sa.select(candidates.c.number, at).order_by(error, candidates.c.number).limit(1)).first()
    return Reference(int(found[0]), At(found[1])) if found else None
