"""Transactions that are tried again while the database cannot be used: locked by others, or its server restarts."""

import time
from collections.abc import Callable
from typing import TypeVar

from fitgap.runner.store.database.errors import TemporaryStoreError
from sqlalchemy.engine import Connection, Engine

PATIENCE_SECONDS = 60.0
# For a driver's last word: without it, its lease ends by itself.
LAST_PATIENCE_SECONDS = 5.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0

Result = TypeVar("Result")


def patiently(
    engine: Engine,
    transaction: Callable[[Connection, bool], Result],
    *,
    patience: float = PATIENCE_SECONDS,
) -> Result:
    """The result of a transaction, which is tried again with growing pauses for about a minute.

    The connection may be lost just after the database has committed, so the transaction may find its own work done: the
    second argument tells it that this is not its first try. Raises TemporaryStoreError where the database does not come
    back, and StoreError at once for what does not pass by itself.
    """
    deadline = time.monotonic() + patience
    pause, again = FIRST_PAUSE_SECONDS, False
    while True:
        try:
            with engine.begin() as connection:
                return transaction(connection, again)
        except TemporaryStoreError:
            if time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        pause, again = min(2 * pause, LONGEST_PAUSE_SECONDS), True
