"""What limits the verdicts of a sweep: the errors of a constant prediction, and few validation examples."""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from fitgap.core.fit_verdicts import Skill
from fitgap.core.small_samples import SmallSample, small_sample
from fitgap.runner.store.database.dialects import mean
from fitgap.runner.store.fit.reference import ALL, peer_groups
from fitgap.runner.store.read.lookups import Row, find_sweep
from fitgap.runner.store.read.trials import chosen_trials
from fitgap.runner.store.schema.tables import (
    configuration,
    data_set,
    peer_reference,
    split,
    split_variant,
    sweep,
    trial,
)
from fitgap.runner.store.schema.variants import SAME_SPLIT, SAME_VARIANT, of_variant
from sqlalchemy.engine import Connection

# From best to worst.
SKILLS = (Skill.CLEAR, Skill.UNCERTAIN, Skill.NONE)


@dataclass(frozen=True)
class SweepFloor:
    """Mean errors over repeats of the best constant prediction, for the training examples, labels and loss of the
    sweep's reference.

    `reference_skill` is whether the reference is better than that prediction on the validation examples; None if
    unknown. `skill` is the best skill of all references, if the sweep has several. Unless it is `clear`, nothing in the
    sweep is clearly better than a constant.
    """

    e_t: float
    e_v: float
    reference_skill: Skill | None
    skill: Skill | None

    @property
    def is_beaten(self) -> bool | None:
        """Whether some configuration is clearly better than a constant; None if unknown."""
        return None if self.skill is None else self.skill is Skill.CLEAR


def floor_of_sweep(connection: Connection, sweep_id: int) -> SweepFloor | None:
    """The floor of a sweep; None for sweeps of earlier versions, which did not store it."""
    groups = peer_groups(connection, sweep_id)
    errors = constant_errors(connection, sweep_id).get(groups[0]) if groups else None
    if errors is None:
        return None
    known = sa.select(sweep.c.skill).where(sweep.c.id == sweep_id)
    of_reference = connection.execute(known).scalar_one()
    others = connection.execute(
        sa.select(peer_reference.c.skill).where(peer_reference.c.sweep_id == sweep_id)
    ).scalars()
    skills = {of_reference, *others}
    best = next((each for each in SKILLS if each in skills), None)
    return SweepFloor(*errors, Skill(of_reference) if of_reference else None, best)


def constant_errors(connection: Connection, sweep_id: int) -> dict[str, tuple[float, float]]:
    """Mean E_t and E_v over repeats of the best constant prediction, for every group of peers that has them stored."""
    errors = [mean(split.c[name]) for name in ("constant_e_t", "constant_e_v")]
    of_variants = [mean(split_variant.c[name]) for name in ("constant_e_t", "constant_e_v")]
    whole = sa.select(sa.literal(ALL, sa.Text), *errors).where(split.c.sweep_id == sweep_id)
    others = sa.select(split_variant.c.variant, *of_variants).where(split_variant.c.sweep_id == sweep_id)
    rows = [*connection.execute(whole), *connection.execute(others.group_by(split_variant.c.variant))]
    return {peers: (e_t, e_v) for peers, e_t, e_v in rows if e_t is not None and e_v is not None}


def beside_constants(connection: Connection, sweep_name: str, where: str) -> list[Row]:
    """The errors of the trials of a sweep that match a filter, next to those of a constant prediction."""
    chosen = chosen_trials(connection, find_sweep(connection, sweep_name)["id"], where, [trial.c.id])
    query = (
        sa.select(trial.c.repeat, trial.c.e_t, trial.c.e_v, *map(of_variant, ("constant_e_t", "constant_e_v")))
        .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .join(split, SAME_SPLIT)
        .join(split_variant, SAME_VARIANT, isouter=True)
        .where(trial.c.id.in_(chosen))
        .order_by(trial.c.id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def small_sample_of(connection: Connection, sweep_id: int) -> SmallSample | None:
    """The counts of validation examples, in total and by class, that are too small in some repeat; None if none are.

    The classes of sweeps of earlier versions are unknown.
    """
    columns = split.c.training_count, split.c.validation_count, split.c.validation_classes
    rows = connection.execute(sa.select(*columns).where(split.c.sweep_id == sweep_id)).all()
    of_data = sa.select(data_set.c.class_names, data_set.c.example_count)
    of_data = of_data.join_from(sweep, data_set, data_set.c.id == sweep.c.data_set_id)
    names, examples = connection.execute(of_data.where(sweep.c.id == sweep_id)).one()
    # A truth table is validated on its training examples, which are all possible examples.
    if any(row.training_count + row.validation_count > examples for row in rows):
        return None
    known = [row.validation_classes for row in rows if row.validation_classes]
    fewest = np.array(known, int).min(axis=0).tolist() if known else []
    return small_sample(min(row.validation_count for row in rows), dict(zip(names, fewest, strict=False)))
