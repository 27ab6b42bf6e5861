"""Settings of a search as labels of groups: numbers drawn from ranges become intervals between quantiles."""

from collections.abc import Collection, Sequence
from typing import Any

from fitgap.runner.store.compare.axis_columns import COLUMNS, KEY, is_search, nesting_of, parameters_by_alternative
from fitgap.runner.store.compare.quantile_groups import quantile_groups
from sqlalchemy.engine import Connection

# Axes whose alternatives are numbers or widths of layers, not named variants with parameters.
WITHOUT_KINDS = ("architecture", "batch_size", "epochs", "training_examples", "label_noise", "preprocess")
AXIS_OF_KEY = {key: axis for axis, key in KEY.items()}


def has_ranges(connection: Connection, sweeps: Sequence[int], keys: Collection[str]) -> bool:
    """Whether grouping by these keys may need quantiles: in a search, unless each configuration is a group."""
    return len(sweeps) == 1 and "configuration" not in keys and is_search(connection, sweeps[0])


def drawn_groups(
    connection: Connection, sweep_id: int, axis: str, drawn: Sequence[Any], sizes: Sequence[int], used: Sequence[int]
) -> dict[Any, Any]:
    """The group of each alternative of an axis.

    For each configuration, `drawn` holds its alternative and `sizes` its number of parameters. The quantiles are those
    of the configurations at the positions `used`.
    """
    known = parameters_by_alternative(connection, sweep_id, axis, dict(zip(drawn, sizes, strict=True)))
    kind = {} if axis in WITHOUT_KINDS else nesting_of(connection, sweep_id, axis).kind
    return quantile_groups([drawn[each] for each in used], known, kind)


def grouped_settings(
    connection: Connection, sweep_id: int, key: str, values: Sequence[Any], sizes: Sequence[int]
) -> list[Any]:
    """The values of a key, one for each configuration, with numbers drawn from a range replaced by intervals."""
    axis = AXIS_OF_KEY.get(key, key)
    if axis in COLUMNS:
        groups = drawn_groups(connection, sweep_id, axis, values, sizes, range(len(values)))
    elif all(isinstance(each, int | float) for each in values if each is not None):
        numbers = [each for each in values if each is not None]
        groups = quantile_groups(numbers, {each: {"": each} for each in numbers}, {})
    else:
        return list(values)
    return [groups.get(each, each) for each in values]
