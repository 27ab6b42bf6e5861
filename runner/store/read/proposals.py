"""The proposals of a search in the order of the plan, and their results."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from fitgap.runner.store.read.brackets import stored_rule
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.read.rounds import repeat_rounds
from fitgap.runner.store.schema.tables import configuration, sweep, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

OPEN = (Status.PENDING, Status.RUNNING)


@dataclass(frozen=True)
class ProposalCounts:
    """How many configurations a search has proposed, and how many before the first with a trial left to train."""

    proposed: int
    settled: int


def proposal_counts(connection: Connection, sweep_id: int) -> ProposalCounts:
    """The counts of a sweep.

    Another driver may add a generation between the statements, on PostgreSQL even within a transaction. So the
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


def proposals_to_come(connection: Connection, sweep_id: int) -> int:
    """How many configurations a search that learns has not proposed so far; 0 for all other sweeps.

    The number remains positive for a search that ended early because it found no new configurations to propose.
    """
    specification = connection.execute(sa.select(sweep.c.specification).where(sweep.c.id == sweep_id)).scalar_one()
    search = specification.get("search") or {}
    if "generation" not in search:
        return 0
    rule = repeat_rounds(connection, sweep_id)
    # Without rounds, all configurations have the same repeats, one for each fold.
    most = connection.execute(sa.select(sa.func.max(trial.c.repeat)).where(trial.c.sweep_id == sweep_id)).scalar()
    each = rule.least if rule else most or 1
    return max(0, int(search["trials"]) // each - proposal_counts(connection, sweep_id).proposed)


@dataclass(frozen=True)
class Outcome:
    """The result of a trial: status, honest E_v, rung (if it was pruned) and error there, number, best epoch, and the
    E_t that belongs to the honest E_v.
    """

    status: str
    honest: float | None
    rung: int | None
    at_rung: float | None
    trial: int
    best_epoch: int | None
    e_t: float | None


def proposal_rows(connection: Connection, sweep_id: int) -> list[Row]:
    """Every proposal: its point, hash and parameters, and its result.

    `error` is the mean honest E_v of its trials, None unless all have completed; if the honest E_v of a trial is
    unknown, its best E_v counts. If a proposal was pruned, `rung` is the epoch, and `error` the mean by which it was
    ranked. `e_t` and `best_epoch` are further means of a completed proposal, `trial` is its first trial, and
    `has_diverged` says whether one of its trials diverged.
    """
    columns = configuration.c
    proposed = sa.and_(columns.sweep_id == sweep_id, columns.proposal.is_not(None))
    rows = connection.execute(
        sa.select(columns.id, columns.proposal, columns.hash, columns.parameters).where(proposed).order_by(columns.id)
    ).all()
    outcomes = outcomes_of(connection, sweep_id)
    return [
        {"point": row.proposal, "hash": row.hash, "parameters": row.parameters, **result_of(outcomes[row.id])}
        for row in rows
    ]


def outcomes_of(connection: Connection, sweep_id: int) -> Mapping[int, Sequence[Outcome]]:
    """The outcomes of the trials of every configuration, except repeats that rounds added after the search."""
    rule, rounds = stored_rule(connection, sweep_id), repeat_rounds(connection, sweep_id)
    honest = sa.func.coalesce(trial.c.honest_e_v, trial.c.best_e_v)
    e_t = sa.case((trial.c.honest_e_v.is_not(None), trial.c.honest_e_t), else_=trial.c.best_e_t)
    at_rung = trial.c[rule.settings.of] if rule else sa.null()
    others = trial.c.id, trial.c.best_epoch, e_t
    query = sa.select(trial.c.configuration_id, trial.c.status, honest, trial.c.leg, at_rung, *others)
    query = query.where(trial.c.sweep_id == sweep_id)
    if rounds:
        query = query.where(trial.c.repeat <= rounds.least)
    found = defaultdict(list)
    for number, *outcome in connection.execute(query):
        found[number].append(Outcome(*outcome))
    return found


def result_of(outcomes: Sequence[Outcome]) -> Row:
    """The result of a proposal whose trials had these outcomes."""
    return {
        **error_of(outcomes),
        "e_t": mean_of([each.e_t for each in outcomes]),
        "best_epoch": mean_of([each.best_epoch for each in outcomes]),
        "trial": min((each.trial for each in outcomes), default=None),
        "has_diverged": any(each.status == Status.DIVERGED for each in outcomes),
    }


def error_of(outcomes: Sequence[Outcome]) -> Row:
    """The error and the rung of `result_of`."""
    pruned = [each.rung for each in outcomes if each.status == Status.PRUNED]
    if not pruned:
        errors = [each.honest if each.status == Status.COMPLETED else None for each in outcomes]
        return {"error": mean_of(errors), "rung": None}
    # A repeat ended by its stopping rule counts with its last error, as it does at the rung.
    errors = [each.at_rung if each.status in (Status.PRUNED, Status.COMPLETED) else None for each in outcomes]
    error = mean_of(errors)
    return {"error": error, "rung": None if error is None else pruned[0]}


def mean_of(errors: Sequence[float | None]) -> float | None:
    """The mean, which does not depend on the order; None if one is missing, or there are none."""
    known = [each for each in errors if each is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(errors) else None
