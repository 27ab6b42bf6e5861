"""What limits the verdicts of a sweep: the errors of a constant prediction, and few validation examples."""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from fitgap.core.fit import Skill
from fitgap.core.small_samples import SmallSample, small_sample
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.schema.tables import data_set, split, sweep
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


def small_sample_of(connection: Connection, sweep_id: int) -> SmallSample | None:
    """What is small about the validation examples of a sweep, in the repeat with the fewest; None if nothing is.

    The classes of sweeps of earlier versions are unknown.
    """
    columns = split.c.training_count, split.c.validation_count, split.c.validation_classes
    rows = connection.execute(sa.select(*columns).where(split.c.sweep_id == sweep_id)).all()
    of_data = sa.select(data_set.c.class_names, data_set.c.example_count)
    of_data = of_data.join_from(sweep, data_set, data_set.c.id == sweep.c.data_set_id)
    names, examples = connection.execute(of_data.where(sweep.c.id == sweep_id)).one()
    # A truth table is validated on the examples that it is trained on, which are all there are.
    if any(row.training_count + row.validation_count > examples for row in rows):
        return None
    known = [row.validation_classes for row in rows if row.validation_classes]
    fewest = np.array(known, int).min(axis=0).tolist() if known else []
    return small_sample(min(row.validation_count for row in rows), dict(zip(names, fewest, strict=False)))
