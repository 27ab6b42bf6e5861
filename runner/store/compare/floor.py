"""The floor of a sweep: the errors of a constant prediction, and whether any configuration is clearly better."""

from dataclasses import dataclass

import sqlalchemy as sa
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.schema.tables import split, sweep
from sqlalchemy.engine import Connection


@dataclass(frozen=True)
class SweepFloor:
    """Mean errors over repeats of the best constant prediction.

    `is_beaten` tells whether the reference is clearly better than it on the validation examples; None if unknown.
    """

    e_t: float
    e_v: float
    is_beaten: bool | None


def floor_of_sweep(connection: Connection, sweep_id: int) -> SweepFloor | None:
    """The floor of a sweep; None for sweeps of earlier versions, which did not store it."""
    query = (
        sa.select(mean(split.c.constant_e_t), mean(split.c.constant_e_v), sweep.c.beats_constant)
        .join_from(split, sweep, sweep.c.id == split.c.sweep_id)
        .where(sweep.c.id == sweep_id)
        .group_by(sweep.c.id)
    )
    found = connection.execute(query).one_or_none()
    return None if found is None or None in found[:2] else SweepFloor(*found)
