"""What was measured of the trials of a sweep, as arrays: for answers that take all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from fitgap.runner.store.database.fetch_arrays import fetch_numbers
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, trial
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# The number of each verdict in their list.
VERDICT_NUMBER = sa.case(
    {verdict: number for number, verdict in enumerate(result_keys.VERDICTS)}, value=trial.c.verdict
)


@dataclass(frozen=True)
class Which:
    """Which trials of which sweep are meant: those that a condition leaves, and those of some configurations."""

    sweep_id: int
    where: ColumnElement[bool] | None = None
    configurations: Sequence[int] | None = None

    def of(self, columns: Sequence[ColumnElement]) -> sa.Select:
        """These columns of the trials; joined with their configurations only where the condition may ask about them."""
        query = sa.select(*columns).where(trial.c.sweep_id == self.sweep_id)
        if self.configurations is not None:
            query = query.where(trial.c.configuration_id.in_(self.configurations))
        if self.where is None:
            return query
        return query.join_from(trial, configuration, trial.c.configuration_id == configuration.c.id).where(self.where)


@dataclass(frozen=True)
class Completed:
    """Completed trials: the number of the configuration of each (n,), its repeat, and what was measured of it."""

    configuration: np.ndarray
    repeat: np.ndarray
    measured: dict[str, np.ndarray]


def completed_trials(connection: Connection, which: Which, names: Sequence[str]) -> Completed:
    """The completed ones, measured as `rows.MEASURED` says; `verdict` is its number. NaN is what is not known."""
    columns = [VERDICT_NUMBER if name == "verdict" else result_keys.MEASURED[name] for name in names]
    query = which.of([trial.c.configuration_id, trial.c.repeat, *columns]).where(result_keys.is_completed)
    number, repeat, *measured = fetch_numbers(connection, query)
    return Completed(number.astype(np.int64), repeat, dict(zip(names, measured, strict=True)))


def other_trials(connection: Connection, which: Which) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of configurations with trials that have not completed, and how many each has."""
    query = which.of([trial.c.configuration_id, sa.func.count()]).where(~result_keys.is_completed)
    number, count = fetch_numbers(connection, query.group_by(trial.c.configuration_id))
    return number.astype(np.int64), count.astype(np.int64)
