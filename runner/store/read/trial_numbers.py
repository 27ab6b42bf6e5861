"""All trials of a sweep as arrays of numbers, and its configurations' settings; a chart may need a million trials."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.store.database.fetch_arrays import fetch_numbers
from fitgap.runner.store.read.trials import column, is_of_sweep
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# Settings that are the same for all trials of a configuration.
CONFIGURATION_SETTINGS = (*result_keys.SETTINGS, *result_keys.MORE_SETTINGS)
# Text columns, which are read as indices into these lists.
WORDS: dict[str, tuple[str, ...]] = {"status": tuple(Status), "verdict": tuple(Verdict)}
# A block is freed before the next is read, so only the result takes up memory.
TRIALS_AT_A_TIME = 100_000


def trial_numbers(connection: Connection, sweep_id: int, names: Sequence[str]) -> Iterator[dict[str, np.ndarray]]:
    """Columns of the trials of a sweep as doubles, in blocks in the order of their numbers; NULL is NaN.

    `configuration_number` is the number of the configuration in the database. This takes a quarter of the time of
    `trial_blocks` and creates no object for each value.
    """
    columns = [trial.c.configuration_id, *map(number, names)]
    keys = ["configuration_number", *names]
    own = is_of_sweep(connection, sweep_id)
    highest = connection.execute(sa.select(sa.func.max(trial.c.id))).scalar_one() or 0
    for start in range(1, highest + 1, TRIALS_AT_A_TIME):
        block = trial.c.id.between(start, start + TRIALS_AT_A_TIME - 1)
        query = sa.select(*columns).where(own, block).order_by(trial.c.id)
        found = fetch_numbers(connection, query)
        if len(found[0]):
            yield dict(zip(keys, found, strict=True))


def number(name: str) -> ColumnElement:
    """A column of trials as a number: for text, its index in the list of `WORDS`."""
    value = column(name, ())
    if name not in WORDS:
        return value
    places = {word: float(place) for place, word in enumerate(WORDS[name])}
    return sa.case(places, value=value).label(name)


def configuration_settings(connection: Connection, sweep_id: int, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Number, verdict, hash and settings of the configurations of a sweep, in the order of their numbers."""
    columns = [configuration.c.id, configuration.c.verdict, configuration.c.hash, *(column(name, ()) for name in names)]
    query = sa.select(*columns).where(configuration.c.sweep_id == sweep_id).order_by(configuration.c.id)
    return list(map(tuple, connection.execute(query)))
