"""Keeping the fit of trials and configurations up to date: read, judged by `core.diagnosis`, written all at once.

The numbers are read and judged without keeping anybody from writing. Then one transaction writes them, unless somebody
else has done so meanwhile: `sweep.fitted` tells, and it is done anew. So readers see the fit beside one reference or
beside the next, never a mixture; and whoever dies on the way leaves what there was. Beside the same reference as
before, very many new trials are written in several parts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import sqlalchemy as sa
from fitgap.core.fit import RULE, fit_of_configuration, fit_of_trial
from fitgap.runner.store.database.clock import database_now
from fitgap.runner.store.database.postgresql import GATHER_STATISTICS
from fitgap.runner.store.database.retry import with_retries
from fitgap.runner.store.database.sqlite import ONLY_READS
from fitgap.runner.store.fit.sample_errors import ErrorsOfTrials
from fitgap.runner.store.fit.spool import FitSpool
from fitgap.runner.store.read.lookups import Row, reference_configuration
from fitgap.runner.store.schema.tables import configuration, fit_columns, sweep, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection, Engine

FIT_NAMES = tuple(column.name for column in fit_columns())
First = Callable[[Connection], None]
# Their errors are in memory together: some ten kilobytes for every trial.
TRIALS_AT_A_TIME = 125
# Their fits are written in one transaction, for which other writers wait; beside a new reference all are.
MOST_TRIALS_IN_A_PART = 100_000
# After so many, what the server knows of the tables would make it choose slow ways to answer, until it looks by itself
# about a minute later.
TRIALS_THAT_CHANGE_PLANS = 1_000


@dataclass
class Judged:
    """What was found out about a sweep: its reference, and the fits of trials and configurations by their numbers.

    `before` is what the sweep's row said then. With `afresh` nothing of what was written earlier holds any more. Where
    it is a part, `last` is the highest number of a configuration in it, and there may be more beyond.
    """

    before: Row
    reference: int | None
    afresh: bool
    trials: FitSpool
    configurations: FitSpool
    last: int | None = None


def refresh_fit(engine: Engine, sweep_id: int, first: First | None = None) -> None:
    """Bring the fit of a sweep up to date. A writing transaction begins with `first`, which may refuse it."""
    done: int | None = 0
    while done is not None:
        done = refresh_part(engine, sweep_id, done, first)


def refresh_part(engine: Engine, sweep_id: int, done: int, first: First | None) -> int | None:
    """Judge and write what is beyond the configuration `done`; returns how far it is done now, None for to the end."""
    with FitSpool() as trials, FitSpool() as configurations:
        with engine.connect().execution_options(**{ONLY_READS: True}) as connection:
            judged = judge(connection, sweep_id, done, trials, configurations)
        if judged is None:
            return None
        if not (judged.afresh or len(trials)):
            return judged.last
        is_written = with_retries(engine, partial(write_after, first, judged))
        return judged.last if is_written else done


def write_after(first: First | None, judged: Judged, connection: Connection, again: bool) -> bool:
    """Write what was found out after `first`; False where somebody else has done so meanwhile."""
    if first is not None:
        first(connection)
    return write(connection, judged)


def refresh_outdated(engine: Engine) -> None:
    """Bring the fit of those sweeps up to date that was found out by an older rule, or never."""
    has_completed = sa.exists().where(trial.c.sweep_id == sweep.c.id, trial.c.status == Status.COMPLETED)
    outdated = sa.select(sweep.c.id).where(sa.func.coalesce(sweep.c.fit_rule, 0) < RULE, has_completed)
    with engine.connect().execution_options(**{ONLY_READS: True}) as connection:
        numbers = connection.execute(outdated.order_by(sweep.c.id)).scalars().all()
    for number in numbers:
        refresh_fit(engine, number)


def forget_fit(connection: Connection, sweep_id: int) -> None:
    """Nothing that is known of the fit of a sweep holds any more: trials were removed, or changed after their end."""
    values: dict[str, None] = {"reference_id": None, "fitted": None, "fit_rule": None}
    connection.execute(sa.update(sweep).where(sweep.c.id == sweep_id).values(**values))


def judge(
    connection: Connection, sweep_id: int, done: int, trials: FitSpool, configurations: FitSpool
) -> Judged | None:
    """Find the fits of what is not known yet of a sweep, beyond the configuration `done`; None where it is gone."""
    row = connection.execute(sa.select(sweep).where(sweep.c.id == sweep_id)).mappings().one_or_none()
    if row is None:
        return None
    reference = connection.execute(reference_configuration(sweep_id)).scalar_one_or_none()
    is_changed = (row["reference_id"], row["fit_rule"]) != (reference, RULE)
    judged = Judged(dict(row), reference, is_changed, trials, configurations)
    if reference is not None:
        add_fits(connection, judged, reference, done)
    return judged


def add_fits(connection: Connection, judged: Judged, reference: int, done: int) -> None:
    """Judge the configurations that have trials to be judged."""
    errors = ErrorsOfTrials(connection, judged.before)
    repeats = max(1, len(errors.counts))
    chosen = configurations_to_judge(connection, judged, done, most=max(1, MOST_TRIALS_IN_A_PART // repeats))
    beside = errors.of_reference(reference) if len(chosen) else {}
    at_a_time = max(1, TRIALS_AT_A_TIME // repeats)
    for start in range(0, len(chosen), at_a_time):
        rows = errors.of_configurations(chosen[start : start + at_a_time].tolist())
        for number, group in rows.items():
            pairs = [(own, beside[repeat]) for _, repeat, own in group if repeat in beside]
            for each, repeat, own in group:
                if repeat in beside:
                    judged.trials.add(each, fit_of_trial(own, beside[repeat]))
            if pairs:
                judged.configurations.add(number, fit_of_configuration(pairs))


def configurations_to_judge(connection: Connection, judged: Judged, done: int, most: int) -> np.ndarray:
    """Those with completed trials (n,): all of them, or some beyond `done` of which a trial has no verdict yet."""
    chosen = sa.and_(trial.c.sweep_id == judged.before["id"], trial.c.status == Status.COMPLETED)
    query = sa.select(trial.c.configuration_id).where(chosen).distinct().order_by(trial.c.configuration_id)
    if not judged.afresh:
        query = query.where(trial.c.verdict.is_(None), trial.c.configuration_id > done).limit(most)
    found = np.fromiter(connection.execute(query, execution_options={"yield_per": 10_000}).scalars(), np.int32)
    if not judged.afresh and len(found) == most:
        judged.last = int(found[-1])
    return found


def write(connection: Connection, judged: Judged) -> bool:
    """Write what was found out; False, with nothing written, where somebody else has done so since it was read."""
    if not mark_fitted(connection, judged):
        return False
    if judged.afresh:
        for table in (trial, configuration):
            nothing: dict[str, None] = dict.fromkeys(FIT_NAMES)
            known = sa.and_(table.c.sweep_id == judged.before["id"], table.c.verdict.is_not(None))
            connection.execute(sa.update(table).where(known).values(nothing))
    # One that was put back to be trained again meanwhile has no fit.
    write_fits(connection, trial, judged.trials, trial.c.status == Status.COMPLETED)
    write_fits(connection, configuration, judged.configurations, sa.true())
    if len(judged.trials) >= TRIALS_THAT_CHANGE_PLANS and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(GATHER_STATISTICS)
    return True


def mark_fitted(connection: Connection, judged: Judged) -> bool:
    """Write when the fit of the sweep was found out, and beside what; False where it was somebody else's turn."""
    unchanged = sa.and_(
        sweep.c.id == judged.before["id"],
        sweep.c.fitted.is_not_distinct_from(judged.before["fitted"]),
        sweep.c.fit_rule.is_not_distinct_from(judged.before["fit_rule"]),
    )
    values = {"reference_id": judged.reference, "fitted": database_now(), "fit_rule": RULE}
    return bool(connection.execute(sa.update(sweep).where(unchanged).values(**values)).rowcount)


def write_fits(connection: Connection, table: sa.Table, fits: FitSpool, condition: sa.ColumnElement[bool]) -> None:
    """Write fits into the rows with these numbers that meet a condition."""
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in FIT_NAMES}
    change = sa.update(table).where(table.c.id == sa.bindparam("number"), condition).values(**values)
    for rows in fits.parts():
        connection.execute(change, rows)
