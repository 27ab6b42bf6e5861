"""Queries for sweeps, trials and epochs, with plain rows as results."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from fitgap.runner.errors import StoreError, nearest
from fitgap.runner.store.database.blobs import unpacked_parameters
from fitgap.runner.store.read.trials import chosen_trials, joined
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import (
    configuration,
    data_set,
    driver,
    epoch,
    snapshot,
    split,
    split_variant,
    sweep,
    trial,
)
from fitgap.runner.store.schema.tags import tags_of_sweep, tags_of_trial
from fitgap.runner.store.schema.variants import SAME_SPLIT, SAME_VARIANT, of_variant
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

Row = dict[str, Any]
# Larger numbers cannot be row ids, and PostgreSQL rejects them.
LARGEST_NUMBER = 2**31 - 1
NUMBERS_AT_A_TIME = 10_000
# The maximum number of examples with limited inputs that are listed.
MOST_LIMITED = 30


def find_sweep(connection: Connection, name_or_number: str) -> Row:
    """The sweep with this name or number; StoreError if there is none."""
    number = int(name_or_number) if name_or_number.isdecimal() else None
    by = sweep.c.name == name_or_number if number is None else sweep.c.id == min(number, LARGEST_NUMBER)
    query = sa.select(sweep, data_set.c.fingerprint, data_set.c.target_kind).join_from(sweep, data_set).where(by)
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        names = connection.execute(sa.select(sweep.c.name).order_by(sweep.c.id.desc()).limit(20)).scalars().all()
        hint = nearest(name_or_number, names) if names else "there are none yet; `fitgap run` creates one"
        raise StoreError(f"there is no sweep {name_or_number!r}; {hint}")
    return dict(found)


def sweeps(connection: Connection) -> list[Row]:
    """All sweeps with their numbers of trials by status, oldest first."""
    # Counted from the index alone, before joining anything.
    in_status = sa.select(trial.c.sweep_id, trial.c.status, sa.func.count().label("trials"))
    counted = in_status.group_by(trial.c.sweep_id, trial.c.status).subquery()
    counts = {status.value: sa.case((counted.c.status == status, counted.c.trials), else_=0) for status in Status}
    query = (
        sa.select(
            sweep.c.id.label("sweep"),
            sweep.c.name,
            total(counted.c.trials).label("trials"),
            *(total(count).label(name) for name, count in counts.items()),
            sweep.c.created,
            tags_of_sweep.label("tags"),
            sweep.c.note,
        )
        .join_from(sweep, counted, counted.c.sweep_id == sweep.c.id, isouter=True)
        .group_by(sweep.c.id)
        .order_by(sweep.c.id)
    )
    return fetch(connection, query)


def total(count: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The sum of counts; 0 if there are none."""
    return sa.cast(sa.func.coalesce(sa.func.sum(count), 0), sa.BigInteger)


def show_trial(connection: Connection, number: int) -> Row:
    """Everything known about one trial: its row, settings, data and split; StoreError if there is none."""
    require_trials(connection, [number])
    more = (
        sa.select(
            sweep.c.name.label("sweep"),
            trial.c.attempt,
            trial.c.reason,
            trial.c.started,
            trial.c.ended,
            trial.c.learned,
            trial.c.worker_failures,
            # The name of `worker_failures` before schema 0004.
            trial.c.worker_failures.label("losses"),
            trial.c.excess,
            trial.c.honest_e_t,
            driver.c.environment,
            configuration.c.loss,
            configuration.c.settings,
            data_set.c.name.label("data"),
            data_set.c.fingerprint,
            data_set.c.input_names,
            split.c.validation_count,
            *map(of_variant, ("training_count", "constant_columns", "preprocessing", "constant_e_t", "constant_e_v")),
            sweep.c.test_result,
        )
        .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .join(sweep, sweep.c.id == trial.c.sweep_id)
        .join(data_set, data_set.c.id == sweep.c.data_set_id)
        .join(split, SAME_SPLIT)
        .join(split_variant, SAME_VARIANT, isouter=True)
        .join(driver, driver.c.id == trial.c.driver_id, isouter=True)
        .where(trial.c.id == number)
    )
    (row,) = fetch(connection, joined(result_keys.labelled(result_keys.TRIAL)).where(trial.c.id == number))
    (details,) = fetch(connection, more)
    names = details.pop("input_names")
    details["constant_columns"] = [names[column] for column in details["constant_columns"]]
    details |= limited_of([details.pop("preprocessing")])
    details |= tested(number, details.pop("test_result"))
    return {**row, **details}


def tested(number: int, result: Row | None) -> Row:
    """The test error and accuracy of a trial, if it is one of those that were tested."""
    if result is None or number not in result["trials"]:
        return dict.fromkeys(result_keys.TESTED)
    place = result["trials"].index(number)
    # Only sweeps with numeric targets have all of these, and earlier versions measured fewer.
    lists = {key: result.get(name) or [] for key, name in result_keys.TESTED.items()}
    return {key: values[place] if values else None for key, values in lists.items()}


def limited_of(preprocessings: Sequence[Any]) -> Row:
    """The inputs whose values these preprocessings limit, and the first examples with limited values."""
    # Sweeps of fitgap 0.1 have no limits.
    found = [each.get("limited", {}) for each in preprocessings if isinstance(each, dict)]
    examples = {example for limited in found for numbers in limited.values() for example in numbers}
    return {
        "limited_inputs": list(dict.fromkeys(name for limited in found for name in limited)),
        "limited_examples": sorted(examples)[:MOST_LIMITED],
    }


def limited_inputs(connection: Connection, sweep_id: int) -> Row:
    """The inputs and examples of `limited_of` over all repeats of a sweep."""
    query = sa.select(split.c.preprocessing).where(split.c.sweep_id == sweep_id).order_by(split.c.repeat)
    return limited_of(list(connection.execute(query).scalars()))


def data_content(connection: Connection, name_or_number: str) -> bytes | None:
    """The stored content of the data set of a sweep; None if its data came from a file or a named set."""
    query = sa.select(data_set.c.content).join_from(sweep, data_set, data_set.c.id == sweep.c.data_set_id)
    found = connection.execute(query.where(sweep.c.id == find_sweep(connection, name_or_number)["id"])).scalar_one()
    return None if found is None else bytes(found)


def require_trials(connection: Connection, numbers: Sequence[int]) -> None:
    """Raise StoreError if one of the trials does not exist."""
    possible = [number for number in numbers if number <= LARGEST_NUMBER]
    known: set[int] = set()
    # A statement accepts at most a few tens of thousands of parameters.
    for start in range(0, len(possible), NUMBERS_AT_A_TIME):
        part = possible[start : start + NUMBERS_AT_A_TIME]
        known.update(connection.execute(sa.select(trial.c.id).where(trial.c.id.in_(part))).scalars())
    missing = [number for number in numbers if number not in known]
    if missing:
        highest = connection.execute(sa.select(sa.func.max(trial.c.id))).scalar_one()
        rest = f"the highest number is {highest}" if highest else "there are none yet; `fitgap run` creates some"
        raise StoreError(f"there is no trial {missing[0]}; {rest}")


def epochs(connection: Connection, trial_ids: Sequence[int]) -> list[Row]:
    """The epochs of these trials, in order; StoreError if one of them does not exist."""
    require_trials(connection, trial_ids)
    query = sa.select(*result_keys.labelled(result_keys.EPOCH)).where(epoch.c.trial_id.in_(trial_ids))
    return fetch(connection, query.order_by(epoch.c.trial_id, epoch.c.epoch))


def trial_numbers(connection: Connection, what: str | Sequence[int], where: str | None = None) -> np.ndarray:
    """The sorted ids (n,) of the trials of a sweep that match the filter `where`, or of the given trials.

    Raises StoreError if the sweep or a trial does not exist.
    """
    if not isinstance(what, str):
        require_trials(connection, what)
        return np.unique(np.array(what, np.int64))
    query = chosen_trials(connection, find_sweep(connection, what)["id"], where, [trial.c.id], [trial.c.id])
    return np.fromiter(connection.execute(query).scalars(), np.int64)


def sweep_epochs(connection: Connection, sweep_id: int) -> list[Row]:
    """The epochs of all trials of a sweep, in order."""
    members = sa.select(trial.c.id).where(trial.c.sweep_id == sweep_id)
    query = sa.select(*result_keys.labelled(result_keys.EPOCH)).where(epoch.c.trial_id.in_(members))
    return fetch(connection, query.order_by(epoch.c.trial_id, epoch.c.epoch))


def kept_parameters(connection: Connection, number: int, epoch_number: int) -> np.ndarray | None:
    """The parameters (P,) of a trial that were kept after an epoch; None if they were not kept."""
    query = sa.select(snapshot.c.content).where(snapshot.c.trial_id == number, snapshot.c.epoch == epoch_number)
    content = connection.execute(query).scalar_one_or_none()
    if content is None:
        return None
    return unpacked_parameters(content)


def draw_fingerprints(connection: Connection, sweep_id: int) -> dict[int, str]:
    """The fingerprints of the examples of those repeats whose examples differ from the data set."""
    query = sa.select(split.c.repeat, split.c.fingerprint).where(split.c.sweep_id == sweep_id)
    return {repeat: found for repeat, found in connection.execute(query.where(split.c.fingerprint.is_not(None)))}


def preprocessing(connection: Connection, number: int) -> dict[str, Any]:
    """The filling, limiting and scaling learned from the training examples of a trial."""
    query = sa.select(of_variant("preprocessing")).join_from(trial, split, SAME_SPLIT).join(configuration)
    query = query.join(split_variant, SAME_VARIANT, isouter=True).where(trial.c.id == number)
    found: dict[str, Any] = connection.execute(query).scalar_one()
    return found


def ended_trials(connection: Connection, sweep_id: int) -> list[Row]:
    """Everything known about the ended trials of a sweep, except their settings and curves."""
    known = {
        column.name: column for column in trial.columns if column.name not in ("id", "configuration_id", "learned")
    }
    columns = {
        **known,
        "trial": trial.c.id,
        "configuration": configuration.c.hash,
        "layers": configuration.c.layers,
        "parameters": configuration.c.parameters,
        "gap": result_keys.gap,
        "tags": tags_of_trial,
    }
    query = (
        sa.select(*result_keys.labelled(columns))
        .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .where(trial.c.sweep_id == sweep_id, trial.c.ended.is_not(None))
        .where(trial.c.status.in_([status for status in Status if status.is_final]))
    )
    return fetch(connection, query.order_by(trial.c.id))


def configurations(connection: Connection, sweep_id: int) -> list[Row]:
    """Id, hash and settings of the configurations of a sweep."""
    query = sa.select(configuration.c.id, configuration.c.hash, configuration.c.settings).where(
        configuration.c.sweep_id == sweep_id
    )
    return fetch(connection, query.order_by(configuration.c.id))


def configuration_verdicts(connection: Connection, sweep_id: int) -> list[Row]:
    """Hash and verdict of the configurations of a sweep."""
    query = sa.select(configuration.c.hash.label("configuration"), configuration.c.verdict)
    return fetch(connection, query.where(configuration.c.sweep_id == sweep_id))


def fetch(connection: Connection, query: sa.Select) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]
