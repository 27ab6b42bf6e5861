"""The axes of a sweep as the database has them: a column of its configurations each, and a part of their settings."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from runner.store.tables import configuration, sweep

COLUMNS: dict[str, ColumnElement] = {
    "architecture": configuration.c.architecture,
    "activation": configuration.c.activation,
    "regularizer": configuration.c.regularizer,
    "optimizer": configuration.c.optimizer,
    "schedule": configuration.c.schedule,
    "stopping": configuration.c.stopping,
    "initializer": configuration.c.initializer,
    "output_activation": configuration.c.output_activation,
    "batch_size": configuration.c.batch_size,
    "epochs": configuration.c.planned_epochs,
}
# Where an axis is not called alike in the settings of a configuration.
SETTING = {"regularizer": "regularizers"}


def axes_of(connection: Connection, sweep_id: int) -> list[str]:
    """The axes with several alternatives, in the order of the sweep file."""
    specification = connection.execute(sa.select(sweep.c.specification).where(sweep.c.id == sweep_id)).scalar_one()
    axes: Mapping[str, Any] = specification.get("axes") or dict.fromkeys(COLUMNS, (None, None))
    return [name for name, alternatives in axes.items() if name in COLUMNS and len(alternatives) > 1]


def settings_of(connection: Connection, sweep_id: int, axis: str) -> dict[Any, Any]:
    """What the settings of a configuration say of each alternative of an axis."""
    first = sa.select(sa.func.min(configuration.c.id)).where(configuration.c.sweep_id == sweep_id)
    query = sa.select(COLUMNS[axis], configuration.c.settings).where(
        configuration.c.id.in_(first.group_by(COLUMNS[axis]).scalar_subquery())
    )
    key = SETTING.get(axis, axis)
    return {alternative: settings.get(key) for alternative, settings in connection.execute(query)}


def numbered(values: Iterable[Any]) -> tuple[np.ndarray, list[Any]]:
    """A number for each value, equal ones alike, from 0 on in the order in which they come; and the values by number."""
    numbers: dict[Any, int] = {}
    places = [numbers.setdefault(value, len(numbers)) for value in values]
    return np.array(places, int), list(numbers)


def combined(codes: Sequence[np.ndarray], size: int) -> np.ndarray:
    """One number, from 0 on, for each combination of numbers: alike where all of them are."""
    whole = np.zeros(size, int)
    for each in codes:
        # Numbered anew each time, so that no product of many sizes overflows.
        whole = np.unique(whole * (int(each.max(initial=0)) + 1) + each, return_inverse=True)[1]
    return whole
