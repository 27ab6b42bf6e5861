"""Retry of transactions while the database is temporarily unavailable: locked, or its server is restarting."""

import time
from collections.abc import Callable
from typing import TypeVar

from fitgap.runner.store.database.errors import TemporaryStoreError
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

RETRY_SECONDS = 60.0
# For a driver's final transaction. If it fails, the driver's lease simply expires.
FINAL_RETRY_SECONDS = 5.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0

Result = TypeVar("Result")


def with_retries(
    engine: Engine,
    transaction: Callable[[Connection, bool], Result],
    *,
    patience: float = RETRY_SECONDS,
) -> Result:
    """The result of a transaction, which is retried with growing pauses for `patience` seconds.

    The connection may be lost just after the database has committed, so a retry may find its work already done. The
    second argument of `transaction` is true for a retry. Raises TemporaryStoreError if the database does not recover in
    time, and StoreError at once for a failure that is not temporary.
    """
    deadline = time.monotonic() + patience
    pause, is_retry = FIRST_PAUSE_SECONDS, False
    while True:
        try:
            with engine.begin() as connection:
                return transaction(connection, is_retry)
        except PoolTimeoutError:
            # Another thread of this process has held the connection all this time, such as while waiting for a lock.
            if time.monotonic() + pause > deadline:
                raise TemporaryStoreError(
                    "the connection to the database is still used by another part of this program, which waits for the "
                    "database; try again when the database answers"
                ) from None
        except TemporaryStoreError:
            if time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        pause, is_retry = min(2 * pause, LONGEST_PAUSE_SECONDS), True
