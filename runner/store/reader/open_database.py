"""An open database: read-only connections to it, with handling of damaged rows and lost connections."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self, TypeVar

from fitgap.runner.store.admin.damage import damage_reported, remember
from fitgap.runner.store.database.retry import with_retries
from fitgap.runner.store.database.sqlite import ONLY_READS, reading, rights_of, unchanged
from sqlalchemy.engine import Connection, Engine

Answer = TypeVar("Answer")


class OpenDatabase:
    """An open database."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    @property
    def rights(self) -> int:
        """The maximum permissions of new files with results: users who may not read the database may not read them."""
        return rights_of(self._engine)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A read-only connection that does not block writers. Errors caused by a damaged row name the row."""
        remember(self._engine)
        with damage_reported(self._engine), reading(self._engine) as connection:
            yield connection

    def _with_retries(self, query: Callable[[Connection], Answer]) -> Answer:
        """The result of a query by a running driver, which retries while the database is unavailable."""
        engine = self._engine.execution_options(**{ONLY_READS: True})
        return with_retries(engine, lambda connection, is_retry: unchanged(connection, query))
