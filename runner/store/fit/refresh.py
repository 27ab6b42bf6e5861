"""Refresh of the fit of trials and configurations: read errors, judge them with `core.fit_verdicts`, write atomically.

Errors are read and judged without blocking writers. Then one transaction writes the results. If `sweep.fitted` shows
that another process has written meanwhile, the work is repeated. So readers never see a mixture of fits relative to
different references, and a killed process leaves the old state. If the reference has not changed, many new trials are
written in several transactions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import sqlalchemy as sa
from fitgap.core.fit_differences import Errors
from fitgap.core.fit_verdicts import RULE, Skill
from fitgap.runner.store.database.clock import database_now
from fitgap.runner.store.database.postgresql import GATHER_STATISTICS
from fitgap.runner.store.database.retry import with_retries
from fitgap.runner.store.database.sqlite import ONLY_READS
from fitgap.runner.store.fit.outcomes import is_to_be_marked, mark_outcomes
from fitgap.runner.store.fit.reference import ALL, Reference, peer_groups, reference_of_group
from fitgap.runner.store.fit.sample_errors import ErrorsOfTrials
from fitgap.runner.store.fit.spool import FitSpool
from fitgap.runner.store.fit.yardstick import Yardstick, yardstick_of
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.schema.tables import configuration, fit_columns, peer_reference, sweep, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection, Engine

FIT_NAMES = tuple(column.name for column in fit_columns())
BeforeWriting = Callable[[Connection], None]
# Trials whose errors are held in memory together, about ten kilobytes each.
TRIALS_AT_A_TIME = 125
# Trials per transaction, during which other writers wait. With a new reference, one transaction writes all trials.
MOST_TRIALS_IN_A_PART = 100_000
# After this many changes, PostgreSQL's outdated statistics lead to slow plans until it updates them after about a
# minute, so we update them.
TRIALS_THAT_CHANGE_PLANS = 1_000


@dataclass
class Judged:
    """The results for a sweep: its references, and the fits of trials and configurations by id.

    `before` is the sweep's row as it was read. `references` holds the columns about the reference of every group of
    peers. `afresh` means that all earlier fits are invalid. If the results are only a part, `last` is the highest
    configuration id in it, and there may be more.
    """

    before: Row
    references: Mapping[str, Row]
    afresh: bool
    trials: FitSpool
    configurations: FitSpool
    last: int | None = None


def refresh_fit(engine: Engine, sweep_id: int, first: BeforeWriting | None = None) -> None:
    """Update the fit of a sweep. Every writing transaction begins with `first`, which may raise to abort it."""
    done: int | None = 0
    while done is not None:
        done = refresh_part(engine, sweep_id, done, first)


def refresh_part(engine: Engine, sweep_id: int, done: int, first: BeforeWriting | None) -> int | None:
    """Judge and write the part after configuration `done`; returns its last configuration, None if all are done."""
    with FitSpool() as trials, FitSpool() as configurations:
        with engine.connect().execution_options(**{ONLY_READS: True}) as connection:
            judged = judge(connection, sweep_id, done, trials, configurations)
            if judged is None:
                return None
            is_current = not (judged.afresh or len(trials) or is_to_be_marked(connection, sweep_id))
        if is_current:
            return judged.last
        is_written = with_retries(engine, partial(write_after, first, judged))
        return judged.last if is_written else done


def write_after(first: BeforeWriting | None, judged: Judged, connection: Connection, is_retry: bool) -> bool:
    """Call `first` and write the results; returns False if another process has written meanwhile."""
    if first is not None:
        first(connection)
    return write(connection, judged)


def refresh_outdated(engine: Engine) -> None:
    """Update the fit of all sweeps whose fit was computed by an older rule, or never."""
    ended = (Status.COMPLETED, Status.DIVERGED)
    has_ended = sa.exists().where(trial.c.sweep_id == sweep.c.id, trial.c.status.in_(ended))
    outdated = sa.select(sweep.c.id).where(sa.func.coalesce(sweep.c.fit_rule, 0) < RULE, has_ended)
    with engine.connect().execution_options(**{ONLY_READS: True}) as connection:
        numbers = connection.execute(outdated.order_by(sweep.c.id)).scalars().all()
    for number in numbers:
        refresh_fit(engine, number)


def forget_fit(connection: Connection, sweep_id: int) -> None:
    """Invalidate the fit of a sweep, because trials were removed, or changed after they ended."""
    values: dict[str, None] = {"reference_id": None, "fitted": None, "fit_rule": None}
    connection.execute(sa.update(sweep).where(sweep.c.id == sweep_id).values(**values))


def judge(
    connection: Connection, sweep_id: int, done: int, trials: FitSpool, configurations: FitSpool
) -> Judged | None:
    """Compute the missing fits of a sweep after configuration `done`; None if the sweep no longer exists."""
    row = connection.execute(sa.select(sweep).where(sweep.c.id == sweep_id)).mappings().one_or_none()
    if row is None:
        return None
    errors, groups = ErrorsOfTrials(connection, dict(row)), peer_groups(connection, sweep_id)
    yardsticks, references = {}, {}
    for peers in groups:
        reference = reference_of_group(connection, sweep_id, peers if len(groups) > 1 else None)
        if reference:
            yardsticks[peers] = yardstick_of(errors, reference, peers)
        references[peers] = recorded(reference, yardsticks[peers].skill if reference else None)
    afresh = (references != known_references(connection, dict(row), groups)) or row["fit_rule"] != RULE
    judged = Judged(dict(row), references, afresh, trials, configurations)
    if yardsticks:
        add_fits(judged, errors, yardsticks, done)
    return judged


def recorded(reference: Reference | None, skill: Skill | None) -> Row:
    """The columns about a reference."""
    configuration_id, at = (reference.configuration, reference.at.value) if reference else (None, None)
    return {"reference_id": configuration_id, "reference_at": at, "skill": skill and skill.value}


def known_references(connection: Connection, of_sweep: Row, groups: Sequence[str]) -> dict[str, Row]:
    """The stored columns about the reference of every group of peers; for the first group, those of the sweep."""
    names = recorded(None, None)
    query = sa.select(peer_reference).where(peer_reference.c.sweep_id == of_sweep["id"])
    stored = {row["peers"]: {name: row[name] for name in names} for row in connection.execute(query).mappings()}
    return stored | {groups[0]: {name: of_sweep[name] for name in names}}


def add_fits(judged: Judged, errors: ErrorsOfTrials, yardsticks: Mapping[str, Yardstick], done: int) -> None:
    """Judge the configurations with unjudged trials, each within its group of peers."""
    repeats = max(1, len(errors.counts))
    most = max(1, MOST_TRIALS_IN_A_PART // repeats)
    chosen = configurations_to_judge(errors.connection, judged, done, most)
    at_a_time = max(1, TRIALS_AT_A_TIME // repeats)
    for start in range(0, len(chosen), at_a_time):
        numbers = chosen[start : start + at_a_time].tolist()
        peers = errors.peers_of(numbers)
        for number, group in errors.of_configurations(numbers).items():
            yardstick = yardsticks.get(peers.get(number, ALL)) if peers else next(iter(yardsticks.values()))
            if yardstick is not None:
                add_fits_of(judged, yardstick, number, group)


def add_fits_of(judged: Judged, yardstick: Yardstick, number: int, group: Sequence[tuple[int, int, Errors]]) -> None:
    """Judge one configuration and its trials, given by id, repeat and errors."""
    found = [(each, yardstick.fit([(repeat, own)])) for each, repeat, own in group]
    for each, fit in found:
        if fit is not None:
            judged.trials.add(each, fit)
    of_all = yardstick.fit([(repeat, own) for _, repeat, own in group])
    if of_all is not None:
        judged.configurations.add(number, of_all)


def configurations_to_judge(connection: Connection, judged: Judged, done: int, most: int) -> np.ndarray:
    """The ids (n,) of configurations with completed trials: all, or the next after `done` with unjudged trials."""
    chosen = sa.and_(trial.c.sweep_id == judged.before["id"], trial.c.status == Status.COMPLETED)
    query = sa.select(trial.c.configuration_id).where(chosen).distinct().order_by(trial.c.configuration_id)
    if not judged.afresh:
        query = query.where(trial.c.verdict.is_(None), trial.c.configuration_id > done).limit(most)
    found = np.fromiter(connection.execute(query, execution_options={"yield_per": 10_000}).scalars(), np.int32)
    if not judged.afresh and len(found) == most:
        judged.last = int(found[-1])
    return found


def write(connection: Connection, judged: Judged) -> bool:
    """Write the results; returns False, without writing, if another process has written since they were read."""
    if not mark_fitted(connection, judged):
        return False
    if judged.afresh:
        for table in (trial, configuration):
            nothing: dict[str, None] = dict.fromkeys(FIT_NAMES)
            known = sa.and_(table.c.sweep_id == judged.before["id"], table.c.verdict.is_not(None))
            connection.execute(sa.update(table).where(known).values(nothing))
    # A trial that was reset to pending meanwhile gets no fit.
    write_fits(connection, trial, judged.trials, trial.c.status == Status.COMPLETED)
    write_fits(connection, configuration, judged.configurations, sa.true())
    mark_outcomes(connection, judged.before["id"])
    if len(judged.trials) >= TRIALS_THAT_CHANGE_PLANS and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(GATHER_STATISTICS)
    return True


def mark_fitted(connection: Connection, judged: Judged) -> bool:
    """Record time, reference and rule of the fit; returns False if another process has done so since it was read."""
    unchanged = sa.and_(
        sweep.c.id == judged.before["id"],
        sweep.c.fitted.is_not_distinct_from(judged.before["fitted"]),
        sweep.c.fit_rule.is_not_distinct_from(judged.before["fit_rule"]),
    )
    values = {**next(iter(judged.references.values())), "fit_rule": RULE, "fitted": database_now()}
    is_marked = bool(connection.execute(sa.update(sweep).where(unchanged).values(**values)).rowcount)
    if is_marked and judged.afresh:
        write_references(connection, judged)
    return is_marked


def write_references(connection: Connection, judged: Judged) -> None:
    """Replace the references of the groups of peers; the reference of a single group is stored only with the sweep."""
    number = judged.before["id"]
    connection.execute(sa.delete(peer_reference).where(peer_reference.c.sweep_id == number))
    if len(judged.references) > 1:
        rows = [{"sweep_id": number, "peers": peers, **row} for peers, row in judged.references.items()]
        connection.execute(sa.insert(peer_reference), rows)


def write_fits(connection: Connection, table: sa.Table, fits: FitSpool, condition: sa.ColumnElement[bool]) -> None:
    """Write fits into the rows with their ids if the rows meet the condition."""
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in FIT_NAMES}
    change = sa.update(table).where(table.c.id == sa.bindparam("number"), condition).values(**values)
    for rows in fits.parts():
        connection.execute(change, rows)
