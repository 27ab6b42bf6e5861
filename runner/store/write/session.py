"""A driver's way to write: every method is one transaction that renews its lease, or is refused altogether.

While the database cannot be used, the methods wait for it, except those of the heartbeat, which comes again anyway.
"""

from collections.abc import Sequence

from fitgap.runner.messages import Block
from fitgap.runner.store.database.retry import FINAL_RETRY_SECONDS, with_retries
from fitgap.runner.store.fit import refresh
from fitgap.runner.store.write import blocks, claims
from fitgap.runner.store.write.claims import OtherDriver
from sqlalchemy.engine import Engine


class DriverSession:
    """What a driver does in the database. Methods raise DriverFencedError once another driver has taken over."""

    def __init__(self, engine: Engine, driver_id: int):
        self._engine = engine
        self.driver_id = driver_id

    def renew(self) -> None:
        """Say that this driver lives."""
        with self._engine.begin() as connection:
            claims.renew(connection, self.driver_id)

    def claim(self, trials: Sequence[int]) -> set[int]:
        """Take those of the trials that wait; returns which they are."""
        return with_retries(self._engine, lambda connection, again: claims.claim(connection, self.driver_id, trials))

    def try_again(self, trials: Sequence[int], counts: bool = True) -> set[int]:
        """Begin the next attempt of trials whose worker was lost; returns those that this driver still holds.

        Where it does not count, the loss is not held against them.
        """
        return with_retries(
            self._engine, lambda connection, again: claims.try_again(connection, self.driver_id, trials, counts)
        )

    def record(self, block: Block) -> set[int]:
        """Write a block; returns the trials in it that this driver no longer holds, of which nothing is written."""
        return with_retries(
            self._engine, lambda connection, again: blocks.record(connection, self.driver_id, block, again=again)
        )

    def refresh_fit(self, sweep_id: int) -> None:
        """Bring the fit of a sweep's trials up to date."""
        refresh.refresh_fit(self._engine, sweep_id, lambda connection: claims.renew(connection, self.driver_id))

    def release(self) -> int:
        """Let everything that this driver holds wait again; returns how many trials."""
        return with_retries(self._engine, lambda connection, again: claims.release(connection, self.driver_id))

    def other_drivers_at_work(self, sweep_id: int | None = None) -> list[OtherDriver]:
        """The other drivers that hold running trials, of one sweep or of any."""
        return with_retries(
            self._engine, lambda connection, again: claims.other_drivers_at_work(connection, self.driver_id, sweep_id)
        )

    def take_over(self, other: OtherDriver) -> int:
        """Put the trials of a dead driver back, unless it was heard of meanwhile; returns how many."""
        with self._engine.begin() as connection:
            return claims.take_over(connection, self.driver_id, other)

    def end(self) -> None:
        """This driver has ended; what it still holds waits again."""
        with_retries(
            self._engine,
            lambda connection, again: claims.end_driver(connection, self.driver_id),
            patience=FINAL_RETRY_SECONDS,
        )
