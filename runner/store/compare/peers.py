"""Groups of peers: the configurations of a sweep that are judged relative to the same reference."""

import sqlalchemy as sa
from fitgap.runner.store.compare.floor import constant_errors
from fitgap.runner.store.compare.judged_configurations import reference_row
from fitgap.runner.store.fit.reference import peer_groups
from fitgap.runner.store.read.lookups import Row, fetch
from fitgap.runner.store.schema.tables import configuration, peer_reference
from fitgap.runner.store.schema.variants import peers_or_all
from sqlalchemy.engine import Connection

# What the configurations of a group have in common.
SHARED = ("training_examples", "label_noise", "loss")


def peer_group_rows(connection: Connection, sweep_id: int) -> list[Row]:
    """The groups of a sweep with their common settings, their reference and the errors of a constant prediction.

    The first group is that of the sweep's reference. Empty if all configurations are compared with each other.
    """
    groups = peer_groups(connection, sweep_id)
    if len(groups) < 2:
        return []
    shared = [sa.func.min(configuration.c[name]).label(name) for name in SHARED]
    query = sa.select(peers_or_all.label("peers"), *shared, sa.func.count().label("configurations"))
    query = query.where(configuration.c.sweep_id == sweep_id).group_by(peers_or_all)
    rows = {row.pop("peers"): row for row in fetch(connection, query)}
    references = fetch(connection, sa.select(peer_reference).where(peer_reference.c.sweep_id == sweep_id))
    found = {row["peers"]: row for row in references}
    constants = constant_errors(connection, sweep_id)
    return [
        {
            **rows[peers],
            "reference": reference_row(connection, *(of_peers.get(key) for key in ("reference_id", "reference_at"))),
            **dict(zip(("constant_e_t", "constant_e_v"), constants.get(peers, (None, None)), strict=True)),
            "skill": of_peers.get("skill"),
        }
        for peers in groups
        for of_peers in [found.get(peers, {})]
    ]
