"""The axes of a sweep in the database: for each, a column of the configurations and an entry in their settings."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from fitgap.runner.store.database.dialects import unindexed
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, sweep, trial
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

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
    "training_examples": configuration.c.training_examples,
    "label_noise": configuration.c.label_noise,
    "preprocess": result_keys.preprocess,
    "loss": configuration.c.loss,
}
# Axes whose alternatives are numbers.
NUMBERS = ("batch_size", "epochs", "training_examples", "label_noise")
# Axes whose key in query results differs from their name.
KEY = {"epochs": "planned_epochs"}
# Axes whose key in the settings of a configuration differs from their name.
SETTING = {"regularizer": "regularizers"}


def axes_of(connection: Connection, sweep_id: int) -> list[str]:
    """The axes with several alternatives, in the order of the sweep file."""
    specification = connection.execute(sa.select(sweep.c.specification).where(sweep.c.id == sweep_id)).scalar_one()
    axes: Mapping[str, Any] = specification.get("axes") or dict.fromkeys(COLUMNS, (None, None))
    planned = [name for name, alternatives in axes.items() if name in COLUMNS and len(alternatives) > 1]
    # In a search, a single alternative may be a range, and not all of several alternatives need be drawn.
    is_grid = not specification.get("search") and not specification.get("only")
    if is_grid and configuration_count(connection, sweep_id) <= math.prod(len(axes[name]) for name in planned):
        return planned
    # The configurations need not form a grid: some may have been added that are not in the sweep file.
    known = [name for name in axes if name in COLUMNS]
    found = (
        connection.execute(sa.select(*(has_several(COLUMNS[name], sweep_id) for name in known))).one() if known else []
    )
    return [name for name, several in zip(known, found, strict=True) if several]


def settings_along_axes(connection: Connection, number: int) -> dict[str, Any]:
    """The settings of a trial that vary in its sweep, by their keys in query results."""
    own = trial.c.id == number
    sweep_id = connection.execute(sa.select(trial.c.sweep_id).where(own)).scalar_one()
    columns = [COLUMNS[axis].label(KEY.get(axis, axis)) for axis in axes_of(connection, sweep_id)]
    query = sa.select(*columns).join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
    return dict(connection.execute(query.where(own)).mappings().one()) if columns else {}


def has_several(column: ColumnElement, sweep_id: int) -> ColumnElement[bool]:
    """Whether the configurations of a sweep differ in a column. The query stops at the first that differs."""
    own = sa.select(column).where(configuration.c.sweep_id == sweep_id, column.is_not(None))
    first = own.limit(1).scalar_subquery()
    return own.where(column != first).exists()


def configuration_count(connection: Connection, sweep_id: int) -> int:
    """The number of configurations of a sweep."""
    query = sa.select(sa.func.count()).where(configuration.c.sweep_id == sweep_id)
    return int(connection.execute(query).scalar_one())


def axes_of_sweeps(connection: Connection, sweeps: Sequence[int]) -> list[str]:
    """The axes in which the configurations of these sweeps differ."""
    if len(sweeps) == 1:
        return axes_of(connection, sweeps[0])
    distinct = [sa.func.count(sa.distinct(column)) for column in COLUMNS.values()]
    found = connection.execute(sa.select(*distinct).where(configuration.c.sweep_id.in_(sweeps))).one()
    return [name for name, size in zip(COLUMNS, found, strict=True) if size > 1]


def configurations_of(
    connection: Connection, sweeps: Sequence[int], columns: Sequence[ColumnElement], only: Sequence[int] | None = None
) -> Sequence[sa.Row[Any]]:
    """The id and these columns of the configurations of sweeps, or of those in `only`, in ascending order of id."""
    number = configuration.c.id
    query = sa.select(number, *columns).order_by(number)
    if only is not None:
        return connection.execute(query.where(number.in_(only))).all()
    # In table order; looking them up by an index would take twice as long.
    ends = sa.select(sa.func.min(number), sa.func.max(number)).where(configuration.c.sweep_id.in_(sweeps))
    lowest, highest = connection.execute(ends).one()
    query = query.where(number.between(lowest, highest), unindexed(configuration.c.sweep_id).in_(sweeps))
    return connection.execute(query).all()


def settings_of(connection: Connection, sweeps: Sequence[int], axis: str) -> dict[Any, Any]:
    """For each alternative of an axis, its entry in the settings of a configuration."""
    first = sa.select(sa.func.min(configuration.c.id)).where(configuration.c.sweep_id.in_(sweeps))
    query = sa.select(COLUMNS[axis], configuration.c.settings).where(
        configuration.c.id.in_(first.group_by(COLUMNS[axis]).scalar_subquery())
    )
    key = SETTING.get(axis, axis)
    return {alternative: settings.get(key) for alternative, settings in connection.execute(query)}


def is_search(connection: Connection, sweep_id: int) -> bool:
    """Whether the configurations of a sweep were drawn or proposed."""
    query = sa.select(sweep.c.specification).where(sweep.c.id == sweep_id)
    return bool(connection.execute(query).scalar_one().get("search"))


def parameters_by_alternative(
    connection: Connection, sweep_id: int, axis: str, sizes: Mapping[Any, int]
) -> dict[Any, dict[str, Any]]:
    """The values by which the alternatives of an axis can be ordered: the number itself, the parameters of a variant,
    or for an architecture the size of the network, taken from `sizes`.
    """
    if axis == "architecture":
        return {alternative: {"parameters": size} for alternative, size in sizes.items()}
    if axis in NUMBERS:
        return {alternative: {axis: alternative} for alternative in sizes}
    return {each: dict(parameters_of(settings)) for each, settings in settings_of(connection, [sweep_id], axis).items()}


def numbered(values: Iterable[Any]) -> tuple[np.ndarray, list[Any]]:
    """An index for each value, from 0 in order of first occurrence, and the distinct values by index."""
    values = list(values)
    names = list(dict.fromkeys(values))
    numbers = {name: number for number, name in enumerate(names)}
    return np.fromiter(map(numbers.__getitem__, values), int, len(values)), names


def combined(codes: Sequence[np.ndarray], size: int) -> np.ndarray:
    """One index, from 0, for each combination of codes."""
    whole = np.zeros(size, int)
    for each in codes:
        # Renumber in each step, so that the product of the sizes cannot overflow.
        whole = np.unique(whole * (int(each.max(initial=0)) + 1) + each, return_inverse=True)[1]
    return whole


@dataclass(frozen=True)
class Nesting:
    """The kinds of an axis's alternatives, and the parameters in which alternatives of the same kind differ."""

    kind: Mapping[Any, str]
    varied: Mapping[str, list[str]]


def nesting_of(connection: Connection, sweep_id: int, axis: str) -> Nesting:
    """The alternatives of an axis by kind, such as `adam` for an optimizer or `l1+dropout` for a regularizer."""
    alternatives = settings_of(connection, [sweep_id], axis)
    kind = {alternative: kind_of(settings) for alternative, settings in alternatives.items()}
    varied = {}
    for each in set(kind.values()):
        parameters = [dict(parameters_of(alternatives[name])) for name in alternatives if kind[name] == each]
        varied[each] = [key for key in parameters[0] if len({one.get(key) for one in parameters}) > 1]
    return Nesting(kind, varied)


def kind_of(settings: Any) -> str:
    """The names in the settings of an alternative, joined as in shorthand; "" if there are none."""
    if isinstance(settings, dict):
        return str(settings.get("name"))
    if isinstance(settings, list):
        is_layers = any(isinstance(each, list) for each in settings)
        return ("/" if is_layers else "+").join(map(kind_of, settings)) or "none"
    return ""


def parameters_of(settings: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every parameter in the settings of an alternative, with the variant's name as prefix if there are several."""
    if isinstance(settings, dict):
        for key, value in settings.items():
            yield f"{path}{key}", str(value)
    elif isinstance(settings, list):
        for each in settings:
            name = f"{kind_of(each)}." if len(settings) > 1 else ""
            yield from parameters_of(each, f"{path}{name}")
