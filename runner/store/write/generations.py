"""Writing of a generation: its configurations with all their trials, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fitgap.runner.store.schema.tables import configuration, split_variant, sweep
from fitgap.runner.store.write.sweeps import add_configurations, add_trials, add_variants
from sqlalchemy.engine import Connection


@dataclass(frozen=True)
class Generation:
    """New configurations of a search, in their order, and the variants of splits that they use.

    `known` is the number of earlier proposals; if the sweep has more by now, another driver was faster.
    """

    known: int
    configurations: Sequence[Mapping[str, Any]]
    variants: Sequence[Mapping[str, Any]] = ()


def add_generation(connection: Connection, sweep_id: int, generation: Generation) -> int:
    """Write a generation with pending trials; returns their number, 0 if the sweep has this generation already."""
    # Two drivers may have computed the same generation; the second one waits here and then finds it written.
    connection.execute(sa.select(sweep.c.id).where(sweep.c.id == sweep_id).with_for_update())
    proposed = sa.and_(configuration.c.sweep_id == sweep_id, configuration.c.proposal.is_not(None))
    count = connection.execute(sa.select(sa.func.count()).where(proposed)).scalar_one()
    if count != generation.known or not generation.configurations:
        return 0
    last = connection.execute(
        sa.select(sa.func.max(configuration.c.id)).where(configuration.c.sweep_id == sweep_id)
    ).scalar_one()
    existing = sa.select(split_variant.c.variant).where(split_variant.c.sweep_id == sweep_id).distinct()
    known = set(connection.execute(existing).scalars())
    add_variants(connection, sweep_id, [row for row in generation.variants if row["variant"] not in known])
    add_configurations(connection, sweep_id, generation.configurations)
    return add_trials(connection, sweep_id, configuration.c.id > last)
