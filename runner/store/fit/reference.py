"""The reference of a sweep: its best configuration, and the epoch at which it is best."""

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import trial
from sqlalchemy.engine import Connection


class At(StrEnum):
    """The epoch from which the errors of the reference are taken."""

    # Each half of the validation examples measures the epoch that the other half chose.
    CROSS_FIT = "cross_fit"
    # With few validation examples, they may choose a worse epoch than the last one.
    LAST = "last"
    # The lowest E_v, which is too low an estimate; only if the cross-fitted errors of some trials are unknown.
    BEST = "best"


@dataclass(frozen=True)
class Reference:
    """The id of a configuration, and the epoch at which it is best."""

    configuration: int
    at: At


def reference_of_sweep(connection: Connection, sweep_id: int) -> Reference | None:
    """The configuration with the lowest mean E_v over repeats, at its best epoch, of those whose repeats all completed.

    The best epoch is the cross-fitted one, or the last one if that has a lower mean.
    """
    has_honest = sa.func.count(trial.c.id) == sa.func.count(trial.c.honest_e_v)
    candidates = (
        sa.select(
            trial.c.configuration_id.label("number"),
            *(mean(trial.c[name]).label(name) for name in ("honest_e_v", "best_e_v", "e_v")),
            sa.case((has_honest, 1), else_=0).label("has_honest"),
        )
        .where(trial.c.sweep_id == sweep_id)
        .group_by(trial.c.configuration_id)
        .having(sa.func.count(trial.c.id) == sa.func.count(sa.case((result_keys.is_completed, 1))))
        .cte()
    )
    are_honest = sa.select(sa.func.min(candidates.c.has_honest)).scalar_subquery() == 1
    is_last = candidates.c.e_v < candidates.c.honest_e_v
    error = sa.case((~are_honest, candidates.c.best_e_v), (is_last, candidates.c.e_v), else_=candidates.c.honest_e_v)
    at = sa.case((~are_honest, At.BEST.value), (is_last, At.LAST.value), else_=At.CROSS_FIT.value)
    found = connection.execute(sa.select(candidates.c.number, at).order_by(error, candidates.c.number).limit(1)).first()
    return Reference(int(found[0]), At(found[1])) if found else None
