"""Measured values of a sweep's trials as arrays, for analyses of all trials at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import sqlalchemy as sa
from fitgap.runner.errors import StoreError, nearest
from fitgap.runner.store.database.dialects import unindexed
from fitgap.runner.store.database.fetch_arrays import fetch_numbers
from fitgap.runner.store.filter import class_names, computed_key, measure_of
from fitgap.runner.store.read.trials import mentions_configurations
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# The index of a verdict in the list of verdicts.
VERDICT_NUMBERS = {verdict: number for number, verdict in enumerate(result_keys.VERDICTS)}
VERDICT_NUMBER = sa.case(VERDICT_NUMBERS, value=trial.c.verdict)


def is_one_of(column: ColumnElement, numbers: Sequence[int]) -> ColumnElement[bool]:
    """Whether a column has one of these values. A single value is compared by `=`, which can use any index."""
    return column == numbers[0] if len(numbers) == 1 else column.in_(numbers)


@dataclass(frozen=True)
class TrialSelection:
    """The trials of these sweeps that meet a condition and belong to these configurations."""

    sweeps: Sequence[int]
    where: ColumnElement[bool] | None = None
    configurations: Sequence[int] | None = None

    def of(self, columns: Sequence[ColumnElement]) -> sa.Select:
        """A query for these columns, joined with the configurations only if the columns or condition may need it."""
        query = sa.select(*columns)
        if self.configurations is None:
            query = query.where(is_one_of(trial.c.sweep_id, self.sweeps))
        else:
            # Otherwise SQLite would scan all trials of the sweep.
            query = query.where(unindexed(trial.c.sweep_id).in_(self.sweeps))
            query = query.where(trial.c.configuration_id.in_(self.configurations))
        if self.where is None and not any(map(mentions_configurations, columns)):
            return query
        query = query.join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        return query if self.where is None else query.where(self.where)


@dataclass(frozen=True)
class Completed:
    """Completed trials: the id (n,), the configuration's id and the repeat of each, and its measured values by name."""

    trial: np.ndarray
    configuration: np.ndarray
    repeat: np.ndarray
    measured: dict[str, np.ndarray]

    def only(self, chosen: np.ndarray) -> Self:
        """The trials that `chosen` (n,) selects."""
        measured = {name: values[chosen] for name, values in self.measured.items()}
        return type(self)(self.trial[chosen], self.configuration[chosen], self.repeat[chosen], measured)


def completed_trials(connection: Connection, which: TrialSelection, names: Sequence[str]) -> Completed:
    """The completed trials with these measures; `verdict` as its index, NaN if unknown."""
    classes = class_names(connection, which.sweeps)
    columns = [VERDICT_NUMBER if name == "verdict" else measure(name, classes) for name in names]
    query = which.of([trial.c.id, trial.c.configuration_id, trial.c.repeat, *columns]).where(result_keys.is_completed)
    trials, number, repeat, *measured = fetch_numbers(connection, query)
    numbers = trials.astype(np.int64), number.astype(np.int64)
    return Completed(*numbers, repeat, dict(zip(names, measured, strict=True)))


def is_metric(name: str) -> bool:
    """Whether a name is a metric of trials, or the recall or error of a class."""
    return name in result_keys.METRIC or measure_of(name) is not None


def measure(name: str, classes: Sequence[str]) -> ColumnElement:
    """A measure of a trial: one of `result_keys.MEASURED`, or a computed one, such as `epochs_to(e_v < 0.15)`.

    `classes` are the names of the classes. Raises StoreError if there is no such measure, and FilterError if a computed
    one is invalid.
    """
    computed = computed_key(name, classes)
    if computed is not None:
        return computed
    measures = {**result_keys.MEASURED, **result_keys.MORE_MEASURED}
    if name not in measures:
        advice = result_keys.ONLY_TESTED if name in result_keys.TESTED else nearest(name, measures)
        raise StoreError(f"there is no measure {name!r}; {advice}")
    return measures[name]


# The ids of configurations (n,), and the number of trials of each (n,).
Counts = tuple[np.ndarray, np.ndarray]


def other_trials(connection: Connection, which: TrialSelection) -> Counts:
    """The configurations with trials that have not completed."""
    return counted(connection, which, ~result_keys.is_completed)


def trials_with(connection: Connection, which: TrialSelection, status: Status) -> Counts:
    """The configurations with trials that ended with this status."""
    return counted(connection, which, trial.c.status == status)


def pruned_count(connection: Connection, which: TrialSelection) -> int:
    """How many of the trials were pruned."""
    return int(trials_with(connection, which, Status.PRUNED)[1].sum())


def counted(connection: Connection, which: TrialSelection, condition: ColumnElement[bool]) -> Counts:
    query = which.of([trial.c.configuration_id, sa.func.count()]).where(condition)
    number, count = fetch_numbers(connection, query.group_by(trial.c.configuration_id))
    return number.astype(np.int64), count.astype(np.int64)
