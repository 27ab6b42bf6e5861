"""The proposals of a search in the order of the plan, and what came of them."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.schema.tables import configuration, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

OPEN = (Status.PENDING, Status.RUNNING)


@dataclass(frozen=True)
class ProposalCounts:
    """How many configurations a search has proposed, and how many from the first on have no trial left to train."""

    proposed: int
    settled: int


def proposal_counts(connection: Connection, sweep_id: int) -> ProposalCounts:
    """The counts of a sweep.

    Another driver may add a generation between the statements, on PostgreSQL also within a transaction. So the
    proposals are counted first, and newer ones do not count as settled.
    """
    columns = configuration.c
    proposed = sa.and_(columns.sweep_id == sweep_id, columns.proposal.is_not(None))
    number = sa.func.count()
    count, last = connection.execute(sa.select(number, sa.func.max(columns.id)).where(proposed)).one()
    if last is None:
        return ProposalCounts(0, 0)
    is_open = sa.and_(trial.c.sweep_id == sweep_id, trial.c.status.in_(OPEN), columns.id <= last)
    first = connection.execute(
        sa.select(sa.func.min(columns.id))
        .join_from(trial, configuration, trial.c.configuration_id == columns.id)
        .where(is_open, columns.proposal.is_not(None))
    ).scalar()
    if first is None:
        return ProposalCounts(count, count)
    return ProposalCounts(count, connection.execute(sa.select(number).where(proposed, columns.id < first)).scalar_one())


def proposal_rows(connection: Connection, sweep_id: int) -> list[Row]:
    """Every proposal: its point, hash and parameters, and the mean honest E_v of its trials.

    The mean is None unless all trials have completed. Where the honest estimate is unknown, it is the best E_v.
    """
    columns = configuration.c
    proposed = sa.and_(columns.sweep_id == sweep_id, columns.proposal.is_not(None))
    rows = connection.execute(
        sa.select(columns.id, columns.proposal, columns.hash, columns.parameters).where(proposed).order_by(columns.id)
    ).all()
    error = sa.case((trial.c.status == Status.COMPLETED, sa.func.coalesce(trial.c.honest_e_v, trial.c.best_e_v)))
    errors = defaultdict(list)
    for number, found in connection.execute(
        sa.select(trial.c.configuration_id, error).where(trial.c.sweep_id == sweep_id)
    ):
        errors[number].append(found)
    return [
        {
            "point": row.proposal,
            "hash": row.hash,
            "parameters": row.parameters,
            "error": mean_of(errors[row.id]),
        }
        for row in rows
    ]


def mean_of(errors: Sequence[float | None]) -> float | None:
    """The mean, which does not depend on the order; None if one is missing, or there are none."""
    known = [each for each in errors if each is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(errors) else None
