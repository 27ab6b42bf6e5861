"""Writing: a sweep with all its trials before the first one starts, then blocks of epochs while it runs."""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.messages import Block, EpochRows, KeptNetwork, SavedState, TrialEnd, TrialEvidence
from fitgap.runner.store.database.blobs import packed, packed_errors
from fitgap.runner.store.database.clock import database_now
from fitgap.runner.store.database.values import finite, storable_text
from fitgap.runner.store.schema import tables
from fitgap.runner.store.write import claims
from fitgap.runner.store.write.epochs import insert_epochs
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

ROWS_AT_A_TIME = 1_000


@dataclass(frozen=True)
class SweepPlan:
    """Everything that is written of a sweep before it runs: rows as plain data."""

    name: str
    specification: dict[str, Any]
    data_set: dict[str, Any]
    splits: Sequence[dict[str, Any]]
    configurations: Iterable[dict[str, Any]]
    program_version: str


def add_sweep(connection: Connection, plan: SweepPlan) -> tuple[int, str]:
    """Write a sweep and all its trials, pending; returns its number and name.

    Names are unique: where `digits` is taken, the sweep is called `digits-2`.
    """
    name = free_name(connection, plan.name)
    sweep_id = insert(
        connection,
        tables.sweep,
        name=name,
        data_set_id=data_set_number(connection, plan.data_set),
        specification=plan.specification,
        created=database_now(),
        program_version=plan.program_version,
    )
    connection.execute(sa.insert(tables.split), [{"sweep_id": sweep_id, **row} for row in plan.splits])
    add_configurations(connection, sweep_id, plan.configurations)
    add_trials(connection, sweep_id)
    return sweep_id, name


def add_configurations(connection: Connection, sweep_id: int, configurations: Iterable[Mapping[str, Any]]) -> None:
    """Write configurations some at a time: there may be a million."""
    rows = iter(configurations)
    while part := [{"sweep_id": sweep_id, **row} for row in itertools.islice(rows, ROWS_AT_A_TIME)]:
        connection.execute(sa.insert(tables.configuration), part)


def add_trials(connection: Connection, sweep_id: int, *which: sa.ColumnElement[bool]) -> int:
    """A pending trial for every configuration and split of a sweep, or for those of them; returns how many."""
    configuration, split, trial = tables.configuration, tables.split, tables.trial
    rows = (
        sa.select(
            configuration.c.sweep_id,
            configuration.c.id,
            split.c.repeat,
            sa.literal(Status.PENDING.value, sa.Text),
            sa.literal(0),
        )
        .join_from(configuration, split, configuration.c.sweep_id == split.c.sweep_id)
        .where(configuration.c.sweep_id == sweep_id, *which)
        .order_by(configuration.c.id, split.c.repeat)
    )
    names = ["sweep_id", "configuration_id", "repeat", "status", "attempt"]
    # Else PostgreSQL's driver is asked too late, and says -1.
    counting = connection.execution_options(preserve_rowcount=True)
    return counting.execute(sa.insert(trial).from_select(names, rows)).rowcount


def free_name(connection: Connection, wanted: str) -> str:
    """The wanted name, or the first of wanted-2, wanted-3, … that no sweep has."""
    similar = sa.select(tables.sweep.c.name).where(tables.sweep.c.name.startswith(wanted, autoescape=True))
    taken = set(connection.execute(similar).scalars())
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def data_set_number(connection: Connection, row: dict[str, Any]) -> int:
    """The number of the data set with this fingerprint, written if it is new."""
    known = sa.select(tables.data_set.c.id).where(tables.data_set.c.fingerprint == row["fingerprint"])
    found = connection.execute(known).scalar_one_or_none()
    if found is not None:
        return int(found)
    return insert(connection, tables.data_set, **{**row, "name": storable_text(row["name"])})


def insert(connection: Connection, table: sa.Table, **row: Any) -> int:
    """Insert one row and return its number."""
    return connection.execute(sa.insert(table).values(**row).returning(table.c.id)).scalar_one()


def record(connection: Connection, driver_id: int, block: Block, *, again: bool = False) -> set[int]:
    """Write what a block brings; returns the trials in it that the driver no longer holds, of which nothing is written.

    The epochs of a repeated attempt take the place of those that the one before had left; so do those of a block that
    is written `again`, since nobody knows whether it was the first time.
    """
    claims.renew(connection, driver_id)
    named = block.trials
    attempts = claims.held(connection, driver_id, named)
    refused = named - attempts.keys()
    if refused:
        block = block.subset(attempts)
    repeated = [trial for trial, attempt in attempts.items() if again or attempt > 1]
    if block.rows is not None and len(block.rows):
        if repeated:
            forget_epochs(connection, block.rows.subset(repeated))
        insert_epochs(connection, block.rows)
    if block.ended:
        end_trials(connection, block.ended, repeated)
    # After the ends, which remove states: one that comes with the end is to be kept.
    if block.states:
        save_states(connection, block.states)
    if block.evidence:
        connection.execute(sa.insert(tables.evidence), [evidence_row(each) for each in block.evidence])
    if block.kept:
        connection.execute(sa.insert(tables.snapshot), [snapshot_row(kept) for kept in block.kept])
    return refused


def forget_epochs(connection: Connection, rows: EpochRows) -> None:
    """Remove the epochs that these rows replace."""
    if not len(rows):
        return
    table = tables.epoch
    same = sa.and_(table.c.trial_id == sa.bindparam("trial"), table.c.epoch == sa.bindparam("number"))
    pairs = zip(rows.trial_id.tolist(), rows.epoch.tolist(), strict=True)
    connection.execute(sa.delete(table).where(same), [{"trial": trial, "number": number} for trial, number in pairs])


def save_states(connection: Connection, states: Sequence[SavedState]) -> None:
    """Keep how far trials have come, instead of what was kept before. Whoever gets on is not what kills its driver."""
    numbers = [each.trial_id for each in states]
    connection.execute(sa.delete(tables.state).where(tables.state.c.trial_id.in_(numbers)))
    rows = [{"trial_id": each.trial_id, "epoch": each.epoch, "content": packed(each.arrays)} for each in states]
    connection.execute(sa.insert(tables.state), rows)
    connection.execute(sa.update(tables.trial).where(tables.trial.c.id.in_(numbers)).values(worker_failures=0))


def end_trials(connection: Connection, ends: Sequence[TrialEnd], repeated: Sequence[int]) -> None:
    """Write how trials ended; the states to go on from are no longer needed."""
    connection.execute(END_TRIAL, [trial_row(end) for end in ends])
    connection.execute(sa.delete(tables.state).where(tables.state.c.trial_id.in_([end.trial_id for end in ends])))
    for end in ends:
        if end.trial_id in repeated and end.epochs is not None:
            later = sa.and_(tables.epoch.c.trial_id == end.trial_id, tables.epoch.c.epoch > end.epochs)
            connection.execute(sa.delete(tables.epoch).where(later))


END_TRIAL = (
    sa.update(tables.trial)
    .where(tables.trial.c.id == sa.bindparam("number"))
    .values(
        ended=database_now(),
        **{field.name: sa.bindparam(f"new_{field.name}") for field in dataclasses.fields(TrialEnd)[1:]},
    )
)


def trial_row(end: TrialEnd) -> dict[str, Any]:
    """The parameters of END_TRIAL."""
    row = {name: storable(value) for name, value in vars(end).items()}
    return {"number": row.pop("trial_id"), **{f"new_{name}": value for name, value in row.items()}}


def storable(value: Any) -> Any:
    """A value of a trial's end as both databases can hold it."""
    if isinstance(value, float):
        return finite(value)
    return storable_text(value) if type(value) is str else value


def snapshot_row(kept: KeptNetwork) -> dict[str, Any]:
    """A kept network as its row."""
    content = packed({"parameters": kept.parameters})
    return {"trial_id": kept.trial_id, "epoch": kept.epoch, "content": content}


def evidence_row(found: TrialEvidence) -> dict[str, Any]:
    """The evidence of a trial as its row."""
    content = packed_errors(found.errors)
    return {"trial_id": found.trial_id, "statistics": dict(found.statistics), "content": content}


def cancel_trials(connection: Connection, sweep_id: int, trials: Sequence[int] | None) -> int:
    """Cancel what waits or runs in a sweep, or those of these trials that do; returns how many trials."""
    table = tables.trial
    of_sweep = sa.select(table.c.id).where(table.c.sweep_id == sweep_id, table.c.id.in_(trials or ()))
    unknown = sorted(set(trials or ()) - set(connection.execute(of_sweep).scalars()))
    if unknown:
        raise StoreError(f"the sweep has no trial {unknown[0]}; `fitgap trials` lists those that it has")
    open_ = sa.and_(table.c.sweep_id == sweep_id, table.c.status.in_([Status.PENDING, Status.RUNNING]))
    chosen = open_ if trials is None else sa.and_(open_, table.c.id.in_(trials))
    values = {"status": Status.CANCELLED, "reason": "cancelled by the user", "ended": database_now()}
    return connection.execute(sa.update(table).where(chosen).values(**values)).rowcount


def retry_trials(connection: Connection, sweep_id: int, statuses: Sequence[Status]) -> int:
    """Let the trials of a sweep that ended so wait again, as if they had never been tried; returns how many.

    Their epochs are written over. Those that failed or were cancelled go on from their saved state; that of a diverged
    one is no place to go on from.
    """
    table = tables.trial
    chosen = sa.and_(table.c.sweep_id == sweep_id, table.c.status.in_(statuses))
    numbers = sa.select(table.c.id).where(chosen)
    for kept in (tables.snapshot, tables.evidence):
        connection.execute(sa.delete(kept).where(kept.c.trial_id.in_(numbers)))
    diverged = numbers.where(table.c.status == Status.DIVERGED)
    connection.execute(sa.delete(tables.state).where(tables.state.c.trial_id.in_(diverged)))
    known = [*(field.name for field in dataclasses.fields(TrialEnd)), *(each.name for each in tables.fit_columns())]
    summary = {name: sa.null() for name in known if name in table.c}
    values = {**summary, "status": Status.PENDING, "worker_failures": 0, "driver_id": None, "ended": None}
    return connection.execute(sa.update(table).where(chosen).values(**values)).rowcount
