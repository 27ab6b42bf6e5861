"""Measured values of a sweep's trials as arrays, for analyses of all trials at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from fitgap.runner.store.database.fetch_arrays import fetch_numbers
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# The index of a verdict in the list of verdicts.
VERDICT_NUMBERS = {verdict: number for number, verdict in enumerate(result_keys.VERDICTS)}
VERDICT_NUMBER = sa.case(VERDICT_NUMBERS, value=trial.c.verdict)


@dataclass(frozen=True)
class TrialSelection:
    """The trials of a sweep that meet a condition and belong to some configurations."""

    sweep_id: int
    where: ColumnElement[bool] | None = None
    configurations: Sequence[int] | None = None

    def of(self, columns: Sequence[ColumnElement]) -> sa.Select:
        """A query for these columns; joined with the configurations only if there is a condition that may need them."""
        query = sa.select(*columns).where(trial.c.sweep_id == self.sweep_id)
        if self.configurations is not None:
            query = query.where(trial.c.configuration_id.in_(self.configurations))
        if self.where is None:
            return query
        return query.join_from(trial, configuration, trial.c.configuration_id == configuration.c.id).where(self.where)


@dataclass(frozen=True)
class Completed:
    """Completed trials: the configuration id (n,) and repeat of each, and its measured values by name."""

    configuration: np.ndarray
    repeat: np.ndarray
    measured: dict[str, np.ndarray]


def completed_trials(connection: Connection, which: TrialSelection, names: Sequence[str]) -> Completed:
    """The completed trials with these measures of `result_keys.MEASURED`; `verdict` by its index, NaN if unknown."""
    columns = [VERDICT_NUMBER if name == "verdict" else result_keys.MEASURED[name] for name in names]
    query = which.of([trial.c.configuration_id, trial.c.repeat, *columns]).where(result_keys.is_completed)
    number, repeat, *measured = fetch_numbers(connection, query)
    return Completed(number.astype(np.int64), repeat, dict(zip(names, measured, strict=True)))


# The ids of configurations (n,), and the number of trials of each (n,).
Counts = tuple[np.ndarray, np.ndarray]


def other_trials(connection: Connection, which: TrialSelection) -> Counts:
    """The configurations with trials that have not completed."""
    return counted(connection, which, ~result_keys.is_completed)


def diverged_trials(connection: Connection, which: TrialSelection) -> Counts:
    """The configurations with trials that diverged."""
    return counted(connection, which, trial.c.status == Status.DIVERGED)


def counted(connection: Connection, which: TrialSelection, condition: ColumnElement[bool]) -> Counts:
    query = which.of([trial.c.configuration_id, sa.func.count()]).where(condition)
    number, count = fetch_numbers(connection, query.group_by(trial.c.configuration_id))
    return number.astype(np.int64), count.astype(np.int64)
