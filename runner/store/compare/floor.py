"""The floor of a sweep: the errors of a constant prediction, and whether any configuration is clearly better."""

from dataclasses import dataclass

import sqlalchemy as sa
from fitgap.core.fit import Skill
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.schema.tables import split, sweep
from sqlalchemy.engine import Connection


@dataclass(frozen=True)
class SweepFloor:
    """Mean errors over repeats of the best constant prediction.

    `skill` tells whether the reference is better than it on the validation examples; None if unknown. Nothing in the
    sweep is clearly better than a constant unless it is `clear`.
    """

    e_t: float
    e_v: float
    skill: Skill | None

    @property
    def is_beaten(self) -> bool | None:
        """Whether a configuration is clearly better; None if unknown."""
        return None if self.skill is None else self.skill is Skill.CLEAR


def floor_of_sweep(connection: Connection, sweep_id: int) -> SweepFloor | None:
    """The floor of a sweep; None for sweeps of earlier versions, which did not store it."""
    query = (
        sa.select(mean(split.c.constant_e_t), mean(split.c.constant_e_v), sweep.c.skill)
        .join_from(split, sweep, sweep.c.id == split.c.sweep_id)
        .where(sweep.c.id == sweep_id)
        .group_by(sweep.c.id)
    )
    found = connection.execute(query).one_or_none()
    if found is None or None in found[:2]:
        return None
    e_t, e_v, skill = found
    return SweepFloor(e_t, e_v, Skill(skill) if skill else None)
