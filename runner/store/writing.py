"""Writing: a sweep with all its trials before the first one starts, then blocks of epochs while it runs."""

import dataclasses
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from runner.messages import Block, EpochRows, KeptNetwork, TrialEnd
from runner.status import Status
from runner.store import tables
from runner.store.database import finite

EPOCH_NUMBERS = [column.name for column in tables.epoch.columns if column.name not in ("trial_id", "epoch")]


@dataclass(frozen=True)
class SweepPlan:
    """Everything that is written of a sweep before it runs: rows as plain data."""

    name: str
    specification: dict[str, Any]
    data_set: dict[str, Any]
    splits: Sequence[dict[str, Any]]
    configurations: Sequence[dict[str, Any]]
    repeats: int
    program_version: str


def add_sweep(engine: Engine, plan: SweepPlan) -> tuple[int, str]:
    """Write a sweep and all its trials, pending, in one transaction; returns its number and name.

    Names are unique: where `digits` is taken, the sweep is called `digits-2`.
    """
    with engine.begin() as connection:
        name = free_name(connection, plan.name)
        sweep_id = insert(
            connection,
            tables.sweep,
            name=name,
            data_set_id=data_set_number(connection, plan.data_set),
            specification=plan.specification,
            created=time.time(),
            program_version=plan.program_version,
        )
        connection.execute(sa.insert(tables.split), [{"sweep_id": sweep_id, **row} for row in plan.splits])
        add_trials(connection, sweep_id, plan)
    return sweep_id, name


def add_trials(connection: Connection, sweep_id: int, plan: SweepPlan) -> None:
    """Every configuration with every repeat, in this order."""
    rows = [{"sweep_id": sweep_id, **row} for row in plan.configurations]
    connection.execute(sa.insert(tables.configuration), rows)
    known = sa.select(tables.configuration.c.id).where(tables.configuration.c.sweep_id == sweep_id)
    trial = {"sweep_id": sweep_id, "status": Status.PENDING, "attempt": 0}
    trials = [
        {**trial, "configuration_id": configuration_id, "repeat": repeat}
        for configuration_id in connection.execute(known.order_by(tables.configuration.c.id)).scalars()
        for repeat in range(1, plan.repeats + 1)
    ]
    connection.execute(sa.insert(tables.trial), trials)


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
    return found if found is not None else insert(connection, tables.data_set, **row)


def insert(connection: Connection, table: sa.Table, **row: Any) -> int:
    """Insert one row and return its number."""
    return connection.execute(sa.insert(table).values(**row).returning(table.c.id)).scalar_one()


def start_trials(engine: Engine, trials: Sequence[int]) -> set[int]:
    """Mark those of the trials that are pending as running, in their next attempt; returns which they are."""
    with engine.begin() as connection:
        pending = sa.select(tables.trial.c.id).where(
            tables.trial.c.id.in_(trials), tables.trial.c.status == Status.PENDING
        )
        gained = set(connection.execute(pending).scalars())
        change = sa.update(tables.trial).where(tables.trial.c.id.in_(gained))
        attempt = tables.trial.c.attempt + 1
        connection.execute(change.values(status=Status.RUNNING, attempt=attempt, started=time.time()))
    return gained


def record(engine: Engine, block: Block) -> None:
    """Write the rows of a block and the ends of trials in it, in one transaction."""
    with engine.begin() as connection:
        if block.rows is not None:
            connection.execute(sa.insert(tables.epoch), epoch_rows(block.rows))
        if block.ended:
            connection.execute(END_TRIAL, [trial_row(end) for end in block.ended])
        if block.kept:
            connection.execute(sa.insert(tables.snapshot), [snapshot_row(kept) for kept in block.kept])


def epoch_rows(rows: EpochRows) -> list[dict[str, Any]]:
    """Rows for the epoch table; numbers that are not finite become NULL."""
    names = ["trial_id", "epoch", *EPOCH_NUMBERS]
    columns = [rows.trial_id.tolist(), rows.epoch.tolist()]
    columns += [list(map(finite, getattr(rows, name).tolist())) for name in EPOCH_NUMBERS]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


END_TRIAL = (
    sa.update(tables.trial)
    .where(tables.trial.c.id == sa.bindparam("number"), tables.trial.c.status == Status.RUNNING)
    .values(
        ended=sa.bindparam("now"),
        **{field.name: sa.bindparam(f"new_{field.name}") for field in dataclasses.fields(TrialEnd)[1:]},
    )
)


def trial_row(end: TrialEnd) -> dict[str, Any]:
    """The parameters of END_TRIAL."""
    row = dataclasses.asdict(end)
    number = row.pop("trial_id")
    values = {f"new_{name}": finite(value) if isinstance(value, float) else value for name, value in row.items()}
    return {"number": number, "now": time.time(), **values}


def snapshot_row(kept: KeptNetwork) -> dict[str, Any]:
    """A kept network as its row."""
    content = io.BytesIO()
    np.savez_compressed(content, parameters=kept.parameters)
    return {"trial_id": kept.trial_id, "epoch": kept.epoch, "content": content.getvalue()}


def release_trials(engine: Engine, sweep_id: int) -> int:
    """Put the running trials of a sweep back to pending, without the epochs of the attempt; returns how many."""
    running = sa.and_(tables.trial.c.sweep_id == sweep_id, tables.trial.c.status == Status.RUNNING)
    with engine.begin() as connection:
        numbers = sa.select(tables.trial.c.id).where(running)
        connection.execute(sa.delete(tables.epoch).where(tables.epoch.c.trial_id.in_(numbers)))
        return connection.execute(sa.update(tables.trial).where(running).values(status=Status.PENDING)).rowcount
