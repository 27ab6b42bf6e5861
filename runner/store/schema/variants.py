"""Data variants in queries: how a trial's configuration uses the split of its repeat, and its group of peers."""

import sqlalchemy as sa
from fitgap.runner.store.schema.tables import configuration, peer_reference, split, split_variant, sweep, trial
from sqlalchemy.sql.elements import ColumnElement

# The group of peers of a configuration; "" for those that use all training examples unchanged.
peers_or_all = sa.func.coalesce(configuration.c.peers, "")
SAME_SPLIT = sa.and_(split.c.sweep_id == trial.c.sweep_id, split.c.repeat == trial.c.repeat)
# For outer joins.
SAME_VARIANT = sa.and_(
    split_variant.c.sweep_id == trial.c.sweep_id,
    split_variant.c.repeat == trial.c.repeat,
    split_variant.c.variant == configuration.c.variant,
)
SAME_PEERS = sa.and_(peer_reference.c.sweep_id == trial.c.sweep_id, peer_reference.c.peers == peers_or_all)
# The configuration that a trial is compared with: the reference of its peers, or that of the whole sweep.
reference_id = sa.case(
    (peer_reference.c.sweep_id.is_not(None), peer_reference.c.reference_id), else_=sweep.c.reference_id
)


def of_variant(name: str) -> ColumnElement:
    """A column of the split, as it applies to a trial's configuration; the table of variants must be outer-joined."""
    return sa.func.coalesce(split_variant.c[name], split.c[name]).label(name)
