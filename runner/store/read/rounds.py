"""Rounds of repeats in the store: the results that decide them, and the progress of a sweep in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa
from fitgap.runner.analysis.rounds import Outcome, Results, Rounds, Standing
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.schema.tables import configuration, sweep, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    from fitgap.runner.spec import RepeatRounds

OUTCOMES = {
    Status.PENDING: Outcome.OPEN,
    Status.RUNNING: Outcome.OPEN,
    Status.COMPLETED: Outcome.COMPLETED,
    Status.DIVERGED: Outcome.DIVERGED,
}


@dataclass(frozen=True)
class RoundsSoFar:
    """The progress of a sweep in its rounds. `missing` lists the trials of the next round, as configuration ids and
    repeats; `known` is the number of trials from which the progress was computed.
    """

    rule: "RepeatRounds"
    standing: Standing
    missing: Sequence[tuple[int, int]]
    known: int


def repeat_rounds(connection: Connection, sweep_id: int) -> "RepeatRounds | None":
    """The rounds in the specification of a sweep; None if all its configurations have the same repeats."""
    query = sa.select(sweep.c.specification).where(sweep.c.id == sweep_id)
    specification = connection.execute(query).scalar_one()
    if not isinstance(specification.get("repeats"), dict):
        return None
    # Imported here, so that other queries do not load the code that reads sweep files.
    from fitgap.runner.spec import stored_rounds

    return stored_rounds(specification)


def rounds_so_far(connection: Connection, sweep_id: int) -> RoundsSoFar | None:
    """The progress of a sweep in its rounds; None if it has none, or if trials are pending or running."""
    is_open = sa.exists().where(trial.c.sweep_id == sweep_id, trial.c.status.in_((Status.PENDING, Status.RUNNING)))
    found = None if connection.execute(sa.select(is_open)).scalar_one() else ranked(connection, sweep_id)
    if found is None:
        return None
    rule, standing, ids, known = found
    return RoundsSoFar(rule, standing, [(ids[place], repeat) for place, repeat in standing.missing], known)


def rounds_answer(connection: Connection, sweep_id: int) -> Row | None:
    """What the rounds of a sweep have shown so far; None if it has no rounds, or no result yet.

    `best` is the hash of the configuration that looks best so far, `within_reach` holds the hashes of all that could be
    the best, starting with this one.
    """
    found = ranked(connection, sweep_id)
    if found is None or not found[1].within_reach:
        return None
    rule, standing, ids, _ = found
    near = [ids[place] for place in standing.within_reach]
    of_sweep = sa.select(configuration.c.id, configuration.c.hash).where(configuration.c.sweep_id == sweep_id)
    hashes = {number: each for number, each in connection.execute(of_sweep)}
    return {
        "best": hashes[near[0]],
        "within_reach": [hashes[number] for number in near],
        "contenders": standing.contenders,
        "repeats": standing.repeats,
        "confidence": rule.until,
        "not_compared": standing.lost,
        "is_over": standing.is_over and not is_searching(connection, sweep_id, rule),
    }


def is_searching(connection: Connection, sweep_id: int, rule: "RepeatRounds") -> bool:
    """Whether a search that learns has yet to propose configurations before the rounds begin."""
    specification = connection.execute(sa.select(sweep.c.specification).where(sweep.c.id == sweep_id)).scalar_one()
    # Imported here, so that other queries do not load the code that reads sweep files.
    from fitgap.runner.spec.generation_sizes import stored_generation_sizes

    sizes = stored_generation_sizes(specification)
    if sizes is None:
        return False
    proposed = sa.and_(configuration.c.sweep_id == sweep_id, configuration.c.proposal.is_not(None))
    count = connection.execute(sa.select(sa.func.count()).where(proposed)).scalar_one()
    if count >= specification["search"]["trials"] // rule.least or not sizes.is_begin(count):
        return False
    has_begun = sa.exists().where(trial.c.sweep_id == sweep_id, trial.c.repeat > rule.least)
    return not connection.execute(sa.select(has_begun)).scalar_one()


def ranked(connection: Connection, sweep_id: int) -> "tuple[RepeatRounds, Standing, list[int], int] | None":
    """The rule of a sweep with rounds, its standing, the ids of its configurations and the number of its trials."""
    rule = repeat_rounds(connection, sweep_id)
    if rule is None:
        return None
    ids, results, known = results_of(connection, sweep_id, rule.most)
    return rule, Rounds(rule.least, rule.most, rule.until).standing(results), ids, known


def results_of(connection: Connection, sweep_id: int, most: int) -> tuple[list[int], Results, int]:
    """The ids of the configurations that have trials, in the order of the plan, their results, and the number of
    trials.
    """
    columns = trial.c.configuration_id, trial.c.repeat, trial.c.status, trial.c.honest_e_v, trial.c.best_e_v
    rows = connection.execute(sa.select(*columns).where(trial.c.sweep_id == sweep_id).order_by(columns[0])).all()
    place = {number: index for index, number in enumerate(dict.fromkeys(row[0] for row in rows))}
    outcomes = np.full((len(place), most), int(Outcome.ABSENT))
    honest, lowest = np.full((2, len(place), most), np.nan)
    for number, repeat, status, *errors in rows:
        if repeat <= most:
            at = place[number], repeat - 1
            outcomes[at] = OUTCOMES.get(Status(status), Outcome.LOST)
            if status == Status.COMPLETED:
                honest[at], lowest[at] = (np.nan if each is None else each for each in errors)
    return list(place), Results(outcomes, honest, lowest), len(rows)
