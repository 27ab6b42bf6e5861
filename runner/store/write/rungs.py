"""Rungs: when all configurations of a bracket have reached a rung, the best go on and the others are pruned.

In a bracket (see `store/read/brackets.py`), configurations with the same planned epochs, loss and training examples are
compared. Decisions depend on the errors at the rung and on the order of the plan, never on which trial arrives first.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from fitgap.runner.store.database.clock import database_now
from fitgap.runner.store.read.brackets import COMPARED, Bracket, brackets_of
from fitgap.runner.store.schema.rungs import has_reached
from fitgap.runner.store.schema.tables import configuration, sweep, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

OPEN = (Status.PENDING, Status.RUNNING)
# Trials per statement.
AT_A_TIME = 1_000


@dataclass(frozen=True)
class DueRung:
    """A rung that all trials of a group have reached, except those that ended earlier."""

    bracket: Bracket
    planned_epochs: int
    loss: str
    peers: str
    rung: int

    def of_group(self, sweep_id: int) -> sa.ColumnElement[bool]:
        """Whether a trial, joined with its configuration, belongs to the group."""
        same = (expression == getattr(self, name) for name, expression in COMPARED.items())
        return sa.and_(trial.c.sweep_id == sweep_id, self.bracket.has, *same)


@dataclass(frozen=True)
class Standing:
    """A configuration at a rung: its id, its mean error there, its trials, and which of them are waiting."""

    configuration: int
    error: float
    trials: Sequence[int]
    waiting: Sequence[int]


def decide_rungs(connection: Connection, sweep_id: int) -> bool:
    """Promote and prune at all rungs that are due; returns whether there was any."""
    # Two drivers may find the same rung due; the second one waits here and then finds it decided.
    connection.execute(sa.select(sweep.c.id).where(sweep.c.id == sweep_id).with_for_update())
    due = due_rungs(connection, sweep_id)
    for each in due:
        decide(connection, sweep_id, each)
    return bool(due)


def due_rungs(connection: Connection, sweep_id: int) -> list[DueRung]:
    """The rungs at which trials are waiting, with no other trial of their group still training to them."""
    is_open = sa.and_(trial.c.sweep_id == sweep_id, trial.c.status.in_(OPEN), trial.c.leg.is_not(None))
    number = trial.c.configuration_id
    low, high = connection.execute(sa.select(sa.func.min(number), sa.func.max(number)).where(is_open)).one()
    if low is None:
        return []
    brackets = brackets_of(connection, sweep_id)
    concerned = (each for each in brackets if each.first <= high and (each.end is None or low < each.end))
    return [due for bracket in concerned for due in due_in(connection, bracket, is_open)]


def due_in(connection: Connection, bracket: Bracket, is_open: sa.ColumnElement[bool]) -> list[DueRung]:
    """The due rungs of one bracket."""
    waits = sa.and_(trial.c.status == Status.PENDING, has_reached)
    waiting = sa.func.sum(sa.case((waits, 1), else_=0))
    query: sa.Select = (
        sa.select(*COMPARED.values(), trial.c.leg)
        .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .where(is_open, bracket.has)
        .group_by(*COMPARED.values(), trial.c.leg)
        .having(waiting == sa.func.count())
        .order_by(*COMPARED.values(), trial.c.leg)
    )
    return [DueRung(bracket, *row) for row in connection.execute(query)]


def decide(connection: Connection, sweep_id: int, due: DueRung) -> None:
    """Let the best configurations of a group go on, and prune the others."""
    rule = due.bracket.settings
    standings = standings_at(connection, sweep_id, due, rule.of)
    count, present, ahead = group_counts(connection, sweep_id, due)
    kept = rule.kept(due.rung, count, present)
    ranked = sorted(standings, key=lambda each: (each.error, each.configuration))
    # When retried trials arrive, other configurations have already passed the rung.
    promoted = [each for each in ranked[: max(0, kept - ahead)] if math.isfinite(each.error)]
    following = rule.next_rung(due.rung, due.planned_epochs)
    promote([number for each in promoted for number in each.trials], connection, following)
    of_all = f"of {present:,} after epoch {due.rung}, where the best {kept:,} went on"
    for rank, each in enumerate(ranked[len(promoted) :], start=len(promoted) + 1):
        prune(connection, each.waiting, rank + ahead, f"rank {rank + ahead:,} {of_all}")


def standings_at(connection: Connection, sweep_id: int, due: DueRung, of: str) -> list[Standing]:
    """The configurations at a rung. One with a trial that diverged, failed or was cancelled has an infinite error."""
    query = (
        sa.select(trial.c.configuration_id, trial.c.id, trial.c.status, trial.c[of])
        .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .where(due.of_group(sweep_id), trial.c.leg == due.rung, trial.c.status != Status.PRUNED)
        .order_by(trial.c.configuration_id, trial.c.id)
    )
    rows = defaultdict(list)
    for row in connection.execute(query):
        rows[row.configuration_id].append(row)
    return [
        Standing(
            number,
            mean_error(row[3] if row.status in (Status.PENDING, Status.COMPLETED) else None for row in group),
            [row.id for row in group],
            [row.id for row in group if row.status == Status.PENDING],
        )
        for number, group in rows.items()
    ]


def mean_error(errors: Iterable[float | None]) -> float:
    """The mean, which does not depend on the order; infinite if an error is missing."""
    found = list(errors)
    known = [each for each in found if each is not None]
    return math.fsum(known) / len(known) if len(known) == len(found) else math.inf


def group_counts(connection: Connection, sweep_id: int, due: DueRung) -> tuple[int, int, int]:
    """The number of configurations in the group, of those that come to this rung, and of those already past it."""
    number = trial.c.configuration_id
    comes_here = sa.or_(trial.c.leg.is_(None), trial.c.leg >= due.rung)
    has_gone_on = sa.or_(trial.c.leg.is_(None), trial.c.leg > due.rung)
    which = (number, sa.case((comes_here, number)), sa.case((has_gone_on, number)))
    query = sa.select(*(sa.func.count(sa.distinct(each)) for each in which))
    query = query.join_from(trial, configuration, number == configuration.c.id)
    row = connection.execute(query.where(due.of_group(sweep_id))).one()
    return row[0], row[1], row[2]


def promote(trials: Sequence[int], connection: Connection, following: int | None) -> None:
    """Let trials train to the next rung, or to their end. Those that have ended get the new rung as well."""
    for start in range(0, len(trials), AT_A_TIME):
        chosen = trial.c.id.in_(trials[start : start + AT_A_TIME])
        connection.execute(sa.update(trial).where(chosen).values(leg=following))


def prune(connection: Connection, trials: Sequence[int], rank: int, reason: str) -> None:
    """End trials at their rung; their epochs and states are kept."""
    if trials:
        chosen = sa.and_(trial.c.id.in_(trials), trial.c.status == Status.PENDING)
        values = {"status": Status.PRUNED, "rank": rank, "reason": reason, "ended": database_now()}
        connection.execute(sa.update(trial).where(chosen).values(**values))
