"""Which configurations are alike in everything but some settings, so that their trials can be paired."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fitgap.runner.store.compare.axis_columns import (
    COLUMNS,
    axes_of,
    combined,
    configurations_of,
    numbered,
    settings_of,
)
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# The axes that decide a setting of another name; one that is named `axis.parameter` decides that parameter alone.
AXIS_OF = {
    "layers": "architecture",
    "parameters": "architecture",
    "planned_epochs": "epochs",
    "learning_rate": "optimizer.rate",
}


@dataclass(frozen=True)
class Members:
    """Configurations by their numbers, upwards: the group of each, a number for its other settings, and that of its
    verdict (the number of verdicts where it has none).

    `settings` are those that make each group.
    """

    number: np.ndarray
    group: np.ndarray
    others: np.ndarray
    verdict: np.ndarray
    settings: list[dict[str, Any]]

    def places(self, numbers: np.ndarray) -> np.ndarray:
        """Where the configurations with these numbers stand."""
        return np.searchsorted(self.number, numbers)


def members_of(
    connection: Connection,
    sweep_id: int,
    keys: Mapping[str, ColumnElement],
    only: Sequence[int] | None = None,
) -> Members:
    """The configurations of a sweep, or some of them, grouped by the values of `keys`."""
    others = other_axes(axes_of(connection, sweep_id), keys)
    found = configurations_of(
        connection, sweep_id, [configuration.c.verdict, *keys.values(), *(COLUMNS[axis] for axis in others)], only
    )
    number, verdict, *columns = zip(*found, strict=True) if found else [()] * (2 + len(keys) + len(others))
    group, values = numbered(zip(*columns[: len(keys)], strict=True))
    codes = [
        numbered(column if not left_out else map(without(connection, sweep_id, axis, left_out).get, column))[0]
        for (axis, left_out), column in zip(others.items(), columns[len(keys) :], strict=True)
    ]
    settings = [dict(zip(keys, each, strict=True)) for each in values]
    return Members(np.array(number, np.int64), group, combined(codes, len(found)), verdict_numbers(verdict), settings)


def verdict_numbers(verdicts: Sequence[str | None]) -> np.ndarray:
    """The number of each verdict in their list; beyond its end where there is none."""
    numbers: dict[str | None, int] = {verdict: number for number, verdict in enumerate(result_keys.VERDICTS)}
    numbers[None] = len(numbers)
    return np.fromiter(map(numbers.__getitem__, verdicts), int, len(verdicts))


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
