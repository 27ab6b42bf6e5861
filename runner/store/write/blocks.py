"""Writing a block that a worker sent: epochs, ends of trials, saved states, kept networks and evidence."""

import dataclasses
from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from fitgap.runner.messages import Block, EpochRows, KeptNetwork, SavedState, TrialEnd, TrialEvidence
from fitgap.runner.store.database.blobs import packed, packed_counts, packed_errors
from fitgap.runner.store.database.clock import database_now
from fitgap.runner.store.database.values import finite, storable_text
from fitgap.runner.store.schema import tables
from fitgap.runner.store.write import claims
from fitgap.runner.store.write.epochs import insert_epochs
from sqlalchemy.engine import Connection


def record(connection: Connection, driver_id: int, block: Block, *, is_retry: bool = False) -> set[int]:
    """Write the content of a block; returns the trials in it that the driver no longer holds, which are skipped.

    The epochs of a repeated attempt replace those of the previous attempt. In a retry, the epochs of the block also
    replace existing ones, because the first write may have succeeded.
    """
    claims.renew(connection, driver_id)
    named = block.trials
    attempts = claims.held_trials(connection, driver_id, named)
    refused = named - attempts.keys()
    if refused:
        block = block.subset(attempts)
    repeated = [trial for trial, attempt in attempts.items() if is_retry or attempt > 1]
    if block.rows is not None and len(block.rows):
        if repeated:
            forget_epochs(connection, block.rows.subset(repeated))
        insert_epochs(connection, block.rows)
    if block.ended:
        end_trials(connection, block.ended, repeated)
    # After the ends, because these remove states: a state that arrives with an end must be kept.
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
    """Replace the saved states of trials and reset their failure counts: a trial that progresses is not to blame."""
    numbers = [each.trial_id for each in states]
    connection.execute(sa.delete(tables.state).where(tables.state.c.trial_id.in_(numbers)))
    rows = [{"trial_id": each.trial_id, "epoch": each.epoch, "content": packed(each.arrays)} for each in states]
    connection.execute(sa.insert(tables.state), rows)
    connection.execute(sa.update(tables.trial).where(tables.trial.c.id.in_(numbers)).values(worker_failures=0))


def end_trials(connection: Connection, ends: Sequence[TrialEnd], repeated: Sequence[int]) -> None:
    """Write how trials ended and remove their saved states, which are no longer needed."""
    rows = [trial_row(end) for end in ends]
    # One statement per set of columns, which is the same for all trials of a sweep except diverged ones.
    kinds = [(tuple(row), end.status.is_final) for row, end in zip(rows, ends, strict=True)]
    for kind in dict.fromkeys(kinds):
        connection.execute(end_trial(*kind), [row for row, own in zip(rows, kinds, strict=True) if own == kind])
    connection.execute(sa.delete(tables.state).where(tables.state.c.trial_id.in_([end.trial_id for end in ends])))
    for table, counted in (
        (tables.confusion, [confusion_row(end) for end in ends if end.confusion is not None]),
        (tables.class_count, [class_row(end) for end in ends if end.recognized is not None]),
    ):
        if counted:
            connection.execute(sa.insert(table), counted)
    for end in ends:
        if end.trial_id in repeated and end.epochs is not None:
            later = sa.and_(tables.epoch.c.trial_id == end.trial_id, tables.epoch.c.epoch > end.epochs)
            connection.execute(sa.delete(tables.epoch).where(later))


# The fields of an end that are columns of their own.
SUMMARY = [field.name for field in dataclasses.fields(TrialEnd) if field.name in tables.trial.c]
NEW = "new_"


@cache
def end_trial(parameters: tuple[str, ...], is_final: bool) -> sa.Update:
    """The UPDATE with these parameters of `trial_row`. Metrics without a parameter are NULL already.

    A trial that waits at a rung gets no end time, because it has not ended.
    """
    names = [name.removeprefix(NEW) for name in parameters if name.startswith(NEW)]
    values: dict[str, Any] = {name: sa.bindparam(f"{NEW}{name}") for name in names}
    same = tables.trial.c.id == sa.bindparam("number")
    return sa.update(tables.trial).where(same).values(ended=database_now() if is_final else None, **values)


def trial_row(end: TrialEnd) -> dict[str, Any]:
    """The parameters of `end_trial`."""
    row = {name: storable(getattr(end, name)) for name in SUMMARY}
    # Workers also measure metrics that have no column.
    row |= {name: finite(value) for name, value in end.metrics.items() if name in tables.METRICS}
    return {"number": end.trial_id, **{f"{NEW}{name}": value for name, value in row.items()}}


def storable(value: Any) -> Any:
    """A value of a trial's end in a form that both databases can store."""
    if isinstance(value, float):
        return finite(value)
    return storable_text(value) if type(value) is str else value


def confusion_row(end: TrialEnd) -> dict[str, Any]:
    """The row of a classifier's confusion matrix."""
    assert end.confusion is not None
    return {"trial_id": end.trial_id, "content": packed_counts(end.confusion)}


def class_row(end: TrialEnd) -> dict[str, Any]:
    """The row with the number of recognized examples of each class."""
    assert end.recognized is not None
    best = None if end.best_recognized is None else end.best_recognized.tolist()
    return {"trial_id": end.trial_id, "last": end.recognized.tolist(), "best": best}


def snapshot_row(kept: KeptNetwork) -> dict[str, Any]:
    """The row of a kept network."""
    content = packed({"parameters": kept.parameters})
    return {"trial_id": kept.trial_id, "epoch": kept.epoch, "content": content}


def evidence_row(found: TrialEvidence) -> dict[str, Any]:
    """The row of a trial's evidence."""
    return {
        "trial_id": found.trial_id,
        "statistics": dict(found.statistics),
        "content": packed_errors(found.errors),
        "honest": None if found.honest is None else packed_errors(found.honest),
    }
