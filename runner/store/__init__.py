"""The store: what is remembered of sweeps, trials and epochs, in a SQL database.

The only package that opens a connection to the database.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from sqlalchemy.engine import Engine

from runner.messages import Block
from runner.store import queries, writing
from runner.store.database import connect, database_url
from runner.store.queries import Row
from runner.store.schema import check_version, upgrade
from runner.store.writing import SweepPlan

__all__ = ["Row", "Store", "SweepPlan", "open_store", "open_store_for_writing"]


class Store:
    """An open database. Methods that ask return plain rows; those that write are the driver's."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    def sweep(self, name_or_number: str | int) -> Row:
        with self._engine.connect() as connection:
            return queries.find_sweep(connection, str(name_or_number))

    def sweeps(self) -> list[Row]:
        with self._engine.connect() as connection:
            return queries.sweeps(connection)

    def trials(self, sweep: str | int, *, sort: str = "trial", limit: int | None = None) -> list[Row]:
        with self._engine.connect() as connection:
            sweep_id = queries.find_sweep(connection, str(sweep))["id"]
            return queries.trials(connection, sweep_id, sort=sort, limit=limit)

    def show(self, trial: int) -> Row:
        with self._engine.connect() as connection:
            return queries.show_trial(connection, trial)

    def epochs(self, trials: Sequence[int]) -> list[Row]:
        with self._engine.connect() as connection:
            return queries.epochs(connection, trials)

    def sweep_epochs(self, sweep: str | int) -> list[Row]:
        with self._engine.connect() as connection:
            return queries.sweep_epochs(connection, queries.find_sweep(connection, str(sweep))["id"])

    def compare(self, sweep: str | int, by: Sequence[str], *, limit: int | None = None) -> list[Row]:
        with self._engine.connect() as connection:
            return queries.compare(connection, queries.find_sweep(connection, str(sweep))["id"], by, limit=limit)

    def configurations(self, sweep_id: int) -> list[Row]:
        with self._engine.connect() as connection:
            return queries.configurations(connection, sweep_id)

    def kept_parameters(self, trial: int, epoch: int) -> np.ndarray | None:
        with self._engine.connect() as connection:
            return queries.kept_parameters(connection, trial, epoch)

    def preprocessing(self, trial: int) -> dict[str, list[float | None]]:
        with self._engine.connect() as connection:
            return queries.preprocessing(connection, trial)

    def pending_trials(self, sweep_id: int) -> list[Row]:
        with self._engine.connect() as connection:
            return queries.pending_trials(connection, sweep_id)

    def add_sweep(self, plan: SweepPlan) -> tuple[int, str]:
        return writing.add_sweep(self._engine, plan)

    def start_trials(self, trials: Sequence[int]) -> set[int]:
        return writing.start_trials(self._engine, trials)

    def record(self, block: Block) -> None:
        writing.record(self._engine, block)

    def release_trials(self, sweep_id: int) -> int:
        return writing.release_trials(self._engine, sweep_id)


def open_store(database: str | None = None) -> Store:
    """The store in `database`, for asking: an SQLite file or address; else from FITGAP_DB; else `fitgap.db` here.

    Raises StoreError where there is none, or where its schema is not this program's.
    """
    engine = connect(database_url(database), read_only=True)
    check_version(engine)
    return Store(engine)


def open_store_for_writing(database: str | None = None) -> Store:
    """The same for the driver: made on first use, its tables brought up to date."""
    engine = connect(database_url(database), read_only=False)
    upgrade(engine)
    return Store(engine)
