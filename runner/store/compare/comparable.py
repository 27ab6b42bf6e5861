"""Several sweeps in one comparison: which ones can be compared, and how configurations they share are counted."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.schema.tables import configuration, data_set, sweep, trial
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# Settings that must be equal, so that a repeat has the same split in all sweeps and errors mean the same.
DATA = (
    "validation",
    "test",
    "stratified",
    "resample",
    "preprocess",
    "target_scaling",
    "missing",
    "text",
    "class_weight",
)
TRAINING = ("loss", "outputs", "measure")
# Metrics that compare a trial with the reference of its own sweep.
OWN_REFERENCE = ("excess", "underfit", "overfit")


def require_comparable(connection: Connection, sweeps: Sequence[int], of: str) -> None:
    """Raise StoreError unless these sweeps have the same examples, splits and error."""
    if len(sweeps) < 2:
        return
    query = (
        sa.select(sweep, data_set.c.fingerprint, data_set.c.name.label("data_name"))
        .join_from(sweep, data_set)
        .where(sweep.c.id.in_(sweeps))
    )
    first, *others = connection.execute(query.order_by(sweep.c.id)).mappings().all()
    for other in others:
        for name, one, two in settings_side_by_side(dict(first), dict(other)):
            if one != two:
                rule = f"{first['name']} and {other['name']} cannot be compared, because their {name} differs"
                values = contents(dict(first), dict(other)) if name == "data" else f"{one} and {two}"
                raise StoreError(f"{rule} ({values}); compare sweeps of the same data, splits, seed and loss")
    if of in OWN_REFERENCE:
        rule = f"{of} compares trials with the reference of their own sweep, so it cannot be compared across sweeps"
        raise StoreError(f"{rule}; use another metric, such as --of e_v")


def contents(one: Row, two: Row) -> str:
    """The data of two sweeps by name, because fingerprints mean nothing to people."""
    first, second = one["data_name"], two["data_name"]
    return f"{first} and {second}" if first != second else f"the contents of {first} are not the same"


def settings_side_by_side(one: Row, two: Row) -> list[tuple[str, Any, Any]]:
    """The settings that must be the same, with their values in both sweeps."""
    first, second = one["specification"], two["specification"]
    pairs = [("data", one["fingerprint"], two["fingerprint"]), ("seed", first.get("seed"), second.get("seed"))]
    for section, keys in (("data", DATA), ("training", TRAINING)):
        pairs += [(key, within(first, section, key), within(second, section, key)) for key in keys]
    return pairs


def within(specification: Mapping[str, Any], section: str, key: str) -> Any:
    return (specification.get(section) or {}).get(key)


def without_duplicates(
    connection: Connection, sweeps: Sequence[int], keys: Collection[str], where: ColumnElement[bool] | None
) -> ColumnElement[bool] | None:
    """The condition `where`, extended so that a configuration in several sweeps counts only in the one where it has the
    most trials. If the groups are sweeps, it counts in each of them.
    """
    if len(sweeps) < 2 or "sweep" in keys:
        return where
    count = sa.select(sa.func.count()).where(trial.c.configuration_id == configuration.c.id).scalar_subquery()
    of_sweeps = configuration.c.sweep_id.in_(sweeps)
    several = sa.select(configuration.c.hash).where(of_sweeps).group_by(configuration.c.hash)
    several = several.having(sa.func.count() > 1)
    query = sa.select(configuration.c.id, configuration.c.hash).where(of_sweeps, configuration.c.hash.in_(several))
    seen: set[str] = set()
    dropped = []
    for number, name in connection.execute(query.order_by(count.desc(), configuration.c.id)):
        if name in seen:
            dropped.append(number)
        seen.add(name)
    if not dropped:
        return where
    condition = configuration.c.id.not_in(dropped)
    return condition if where is None else sa.and_(where, condition)
