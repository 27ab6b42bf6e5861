"""Matching of configurations that differ only in the grouped settings, so that their trials can be paired."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fitgap.runner.store.compare.axis_columns import (
    COLUMNS,
    axes_of_sweeps,
    combined,
    configurations_of,
    numbered,
    settings_of,
)
from fitgap.runner.store.compare.drawn_settings import grouped_settings, has_ranges
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# Keys that are determined by an axis with another name, or by one of its parameters (`axis.parameter`).
AXIS_OF = {
    "layers": "architecture",
    "parameters": "architecture",
    "planned_epochs": "epochs",
    "learning_rate": "optimizer.rate",
}


@dataclass(frozen=True)
class Members:
    """Configurations in ascending order of id (`number`).

    For each, `group` is the index of its group, `others` an index of its other settings, and `verdict` the index of its
    verdict (the number of verdicts if it has none). `settings` holds the settings that define each group; `is_grouped`
    says whether some of them are intervals of numbers that were drawn from a range.
    """

    number: np.ndarray
    group: np.ndarray
    others: np.ndarray
    verdict: np.ndarray
    settings: list[dict[str, Any]]
    is_grouped: bool = False

    def places(self, numbers: np.ndarray) -> np.ndarray:
        """The positions of the configurations with these ids."""
        return np.searchsorted(self.number, numbers)


def members_of(
    connection: Connection,
    sweeps: Sequence[int],
    keys: Mapping[str, ColumnElement],
    only: Sequence[int] | None = None,
) -> Members:
    """The configurations of these sweeps, or those in `only`, grouped by the values of `keys`.

    Numbers drawn from a range, which are hardly ever equal, are grouped by quantiles.
    """
    others = other_axes(axes_of_sweeps(connection, sweeps), keys)
    always = [configuration.c.verdict, configuration.c.parameters]
    found = configurations_of(connection, sweeps, [*always, *keys.values(), *(COLUMNS[axis] for axis in others)], only)
    number, verdict, sizes, *columns = zip(*found, strict=True) if found else [()] * (3 + len(keys) + len(others))
    named: list[Sequence[Any]] = list(columns[: len(keys)])
    if has_ranges(connection, sweeps, keys):
        pairs = zip(keys, named, strict=True)
        named = [grouped_settings(connection, sweeps[0], key, values, sizes) for key, values in pairs]
    is_grouped = any(list(one) != list(other) for one, other in zip(named, columns, strict=False))
    group, values = numbered(zip(*named, strict=True))
    codes = [
        numbered(column if not left_out else map(without(connection, sweeps, axis, left_out).get, column))[0]
        for (axis, left_out), column in zip(others.items(), columns[len(keys) :], strict=True)
    ]
    settings = [dict(zip(keys, each, strict=True)) for each in values]
    numbers = np.array(number, np.int64)
    return Members(numbers, group, combined(codes, len(found)), verdict_numbers(verdict), settings, is_grouped)


def verdict_numbers(verdicts: Sequence[str | None]) -> np.ndarray:
    """The index of each verdict in the list of verdicts; the length of the list if there is none."""
    numbers: dict[str | None, int] = {verdict: number for number, verdict in enumerate(result_keys.VERDICTS)}
    numbers[None] = len(numbers)
    return np.fromiter(map(numbers.__getitem__, verdicts), int, len(verdicts))


def other_axes(axes: Sequence[str], keys: Collection[str]) -> dict[str, set[str]]:
    """The axes that the keys do not fully determine, each with the parameters that the keys do determine."""
    if "configuration" in keys:
        return {}
    decided = [AXIS_OF.get(key, key).split(".") for key in keys]
    whole = {axis for axis, *rest in decided if not rest or rest[-1] == "name"}
    return {axis: {rest[-1] for name, *rest in decided if name == axis} for axis in axes if axis not in whole}


def without(connection: Connection, sweeps: Sequence[int], axis: str, parameters: Collection[str]) -> dict[Any, str]:
    """The settings of each alternative of an axis without some parameters, as text."""
    alternatives = settings_of(connection, sweeps, axis)
    return {
        alternative: json.dumps(left_out(settings, parameters), sort_keys=True)
        for alternative, settings in alternatives.items()
    }


def left_out(settings: Any, parameters: Collection[str]) -> Any:
    """Settings, also nested ones, without some parameters."""
    if isinstance(settings, list):
        if settings and all(isinstance(each, int) for each in settings):
            return layers_left(settings, parameters)
        return [left_out(each, parameters) for each in settings]
    if isinstance(settings, dict):
        return {key: left_out(value, parameters) for key, value in settings.items() if key not in parameters}
    return settings


def layers_left(widths: Sequence[int], parameters: Collection[str]) -> list[int]:
    """An architecture without its width (its depth remains), its depth (its widths remain) or both (nothing)."""
    if "width" in parameters:
        return [] if "depth" in parameters else [len(widths)]
    return sorted(set(widths)) if "depth" in parameters else list(widths)
