"""Which configurations are alike in everything but some settings, so that their trials can be paired."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from runner.store.axes import COLUMNS, axes_of, combined, numbered, settings_of
from runner.store.tables import configuration

# The axes that decide a setting of another name; one that is named `axis.parameter` decides that parameter alone.
AXIS_OF = {
    "layers": "architecture",
    "parameters": "architecture",
    "planned_epochs": "epochs",
    "learning_rate": "optimizer.rate",
}
Groups = Mapping[tuple[Any, ...], int]


@dataclass(frozen=True)
class Members:
    """Configurations by their numbers, upwards: the group of each (-1: none), a number for its other settings, and its
    verdict."""

    number: np.ndarray
    group: np.ndarray
    others: np.ndarray
    verdict: list[str | None]


def members_of(
    connection: Connection,
    sweep_id: int,
    keys: Mapping[str, ColumnElement],
    groups: Groups,
    only: Sequence[int] | None = None,
) -> Members:
    """The configurations of a sweep, or some of them, grouped by the values of `keys`."""
    others = other_axes(axes_of(connection, sweep_id), keys)
    query = (
        sa.select(configuration.c.id, configuration.c.verdict, *keys.values(), *(COLUMNS[axis] for axis in others))
        .where(configuration.c.sweep_id == sweep_id)
        .order_by(configuration.c.id)
    )
    if only is not None:
        query = query.where(configuration.c.id.in_(only))
    rows = connection.execute(query).all()
    number, verdict, *columns = zip(*rows, strict=True)
    codes = [
        numbered(column if not left_out else map(without(connection, sweep_id, axis, left_out).get, column))[0]
        for (axis, left_out), column in zip(others.items(), columns[len(keys) :], strict=True)
    ]
    return Members(
        number=np.array(number),
        group=np.array([groups.get(values, -1) for values in zip(*columns[: len(keys)], strict=True)]),
        others=combined(codes, len(rows)),
        verdict=list(verdict),
    )


def other_axes(axes: Sequence[str], keys: Collection[str]) -> dict[str, set[str]]:
    """The axes that the keys leave open, each with those of its parameters that they do not."""
    if "configuration" in keys:
        return {}
    decided = [AXIS_OF.get(key, key).split(".") for key in keys]
    whole = {axis for axis, *rest in decided if not rest or rest[-1] == "name"}
    return {axis: {rest[-1] for name, *rest in decided if name == axis} for axis in axes if axis not in whole}


def without(connection: Connection, sweep_id: int, axis: str, parameters: Collection[str]) -> dict[Any, str]:
    """What each alternative of an axis is but for some parameters, as text."""
    alternatives = settings_of(connection, sweep_id, axis)
    return {
        alternative: json.dumps(left_out(settings, parameters), sort_keys=True)
        for alternative, settings in alternatives.items()
    }


def left_out(settings: Any, parameters: Collection[str]) -> Any:
    """Settings, however deep they nest, without some parameters."""
    if isinstance(settings, list):
        return [left_out(each, parameters) for each in settings]
    if isinstance(settings, dict):
        return {key: left_out(value, parameters) for key, value in settings.items() if key not in parameters}
    return settings
