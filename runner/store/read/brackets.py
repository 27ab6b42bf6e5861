"""Brackets of a sweep that prunes: consecutive configurations of the plan, compared with each other at rungs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from fitgap.runner.store.schema.tables import configuration, sweep, trial
from fitgap.runner.store.schema.variants import peers_or_all
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    from fitgap.runner.spec import PruningSettings

# Within a bracket, errors are compared only between configurations that agree in all of these.
COMPARED: dict[str, sa.ColumnElement] = {
    "planned_epochs": configuration.c.planned_epochs,
    "loss": configuration.c.loss,
    "peers": peers_or_all,
}


@dataclass(frozen=True)
class RungRule:
    """The rule by which a sweep prunes. In a search that learns, every `generation` configurations form a bracket."""

    settings: "PruningSettings"
    generation: int | None = None


@dataclass(frozen=True)
class Bracket:
    """A bracket with its rule. Its configurations have ids from `first` to below `end`; None means no upper limit."""

    settings: "PruningSettings"
    first: int
    end: int | None

    @property
    def has(self) -> sa.ColumnElement[bool]:
        """Whether a configuration belongs to the bracket."""
        begins = configuration.c.id >= self.first
        return begins if self.end is None else sa.and_(begins, configuration.c.id < self.end)


def stored_rule(connection: Connection, sweep_id: int) -> RungRule | None:
    """The rule by which a sweep prunes; None if it does not."""
    query = sa.select(sweep.c.specification).where(sweep.c.id == sweep_id)
    specification: dict[str, Any] = connection.execute(query).scalar_one()
    # Imported here, so that other queries do not load the code that reads sweep files.
    from fitgap.runner.spec import stored_pruning

    settings, search = stored_pruning(specification), specification.get("search") or {}
    return RungRule(settings, search.get("generation")) if settings else None


def brackets_of(connection: Connection, sweep_id: int) -> list[Bracket]:
    """The brackets for which a sweep has configurations so far; none if it does not prune."""
    rule = stored_rule(connection, sweep_id)
    if rule is None:
        return []
    firsts = first_ids(connection, sweep_id, rule)
    ends: Sequence[int | None] = [*firsts[1:], None]
    return [
        Bracket(rule.settings.in_bracket(0 if rule.generation else number), first, end)
        for number, (first, end) in enumerate(zip(firsts, ends, strict=False))
    ]


def first_ids(connection: Connection, sweep_id: int, rule: RungRule) -> list[int]:
    """The ids of the configurations with which the brackets begin."""
    columns = configuration.c
    of_sweep = columns.sweep_id == sweep_id
    placed = places(sweep_id)
    if rule.generation:
        begins = placed.c.place % rule.generation == 0
    else:
        facts = sa.select(sa.func.count(), sa.func.max(columns.planned_epochs), sa.func.min(columns.id)).where(of_sweep)
        count, epochs, first = connection.execute(facts).one()
        starts = rule.settings.bracket_starts(count, epochs) if count else []
        if len(starts) < 2:
            # No need to number a million configurations.
            return [first for _ in starts]
        begins = placed.c.place.in_(starts)
    return list(connection.execute(sa.select(placed.c.id).where(begins).order_by(placed.c.id)).scalars())


def places(sweep_id: int) -> sa.Subquery:
    """The place in the plan, from 0, of every configuration."""
    place = sa.func.row_number().over(order_by=configuration.c.id) - 1
    query = sa.select(configuration.c.id, place.label("place")).where(configuration.c.sweep_id == sweep_id)
    return query.subquery()


def has_rungs_ahead(connection: Connection, sweep_id: int) -> bool:
    """Whether a trial of a sweep has yet to reach or pass a rung."""
    is_open = sa.and_(trial.c.status.in_((Status.PENDING, Status.RUNNING)), trial.c.leg.is_not(None))
    return bool(connection.execute(sa.select(sa.exists().where(trial.c.sweep_id == sweep_id, is_open))).scalar_one())


def epochs_at_most(connection: Connection, sweep_id: int) -> int:
    """How many epochs the trials of a sweep that prunes train if every rung promotes as many as allowed."""
    rule = stored_rule(connection, sweep_id)
    assert rule is not None
    counts = sa.func.count(sa.distinct(configuration.c.id)), sa.func.count()
    query = sa.select(configuration.c.planned_epochs, *counts).group_by(*COMPARED.values())
    query = query.join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
    query = query.where(trial.c.sweep_id == sweep_id)
    if rule.generation:
        # There may be thousands of brackets, all with the same rule.
        placed = places(sweep_id)
        query = query.join(placed, placed.c.id == configuration.c.id).group_by(placed.c.place // rule.generation)
        found = [(rule.settings, *row) for row in connection.execute(query)]
    else:
        brackets = brackets_of(connection, sweep_id)
        found = [(each.settings, *row) for each in brackets for row in connection.execute(query.where(each.has))]
    total = sum(
        sum(each * length for each, length, _ in settings.legs(epochs, configurations)) * trials / configurations
        for settings, epochs, configurations, trials in found
    )
    return round(total)
