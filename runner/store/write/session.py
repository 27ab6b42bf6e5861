"""Driver sessions: every method is one transaction, which renews the driver's lease or is rejected as a whole.

While the database is temporarily unavailable, the methods retry, except those of the heartbeat, which repeats anyway.
"""

from collections.abc import Sequence

from fitgap.runner.messages import Block
from fitgap.runner.store.database.retry import FINAL_RETRY_SECONDS, with_retries
from fitgap.runner.store.fit import refresh
from fitgap.runner.store.write import blocks, claims
from fitgap.runner.store.write.claims import OtherDriver
from fitgap.runner.store.write.generations import Generation, add_generation
from fitgap.runner.store.write.repeats import add_repeats
from fitgap.runner.store.write.rungs import decide_rungs
from sqlalchemy.engine import Connection, Engine

# The heartbeat repeats its work anyway.
ONCE = 0.0


class DriverSession:
    """The write access of a driver. Methods raise DriverFencedError once another driver has taken over."""

    def __init__(self, engine: Engine, driver_id: int):
        self._engine = engine
        self.driver_id = driver_id

    def renew(self) -> None:
        """Renew the lease of this driver."""
        with_retries(self._engine, lambda connection, is_retry: claims.renew(connection, self.driver_id), patience=ONCE)

    def claim(self, trials: Sequence[int]) -> set[int]:
        """Claim the pending ones among the trials; returns the claimed trials."""
        return with_retries(self._engine, lambda connection, is_retry: claims.claim(connection, self.driver_id, trials))

    def try_again(self, trials: Sequence[int], counts: bool = True) -> set[int]:
        """Start the next attempt of trials whose worker died; returns those that this driver still holds.

        `counts` says whether to count this as a failure of the trials.
        """
        return with_retries(
            self._engine, lambda connection, is_retry: claims.try_again(connection, self.driver_id, trials, counts)
        )

    def record(self, block: Block) -> set[int]:
        """Write a block; returns the trials in it that this driver no longer holds, which are skipped."""
        return with_retries(
            self._engine,
            lambda connection, is_retry: blocks.record(connection, self.driver_id, block, is_retry=is_retry),
        )

    def add_generation(self, sweep_id: int, generation: Generation) -> int:
        """Write a generation of a search, unless the sweep has it already; returns the number of new trials."""

        def write(connection: Connection, is_retry: bool) -> int:
            claims.renew(connection, self.driver_id)
            return add_generation(connection, sweep_id, generation)

        return with_retries(self._engine, write)

    def add_repeats(self, sweep_id: int, trials: Sequence[tuple[int, int]], known: int) -> int:
        """Write the trials of a round if the sweep still has `known` trials; returns the number written."""

        def write(connection: Connection, is_retry: bool) -> int:
            claims.renew(connection, self.driver_id)
            return add_repeats(connection, sweep_id, trials, known)

        return with_retries(self._engine, write)

    def decide_rungs(self, sweep_id: int) -> bool:
        """Promote and prune at all rungs of a sweep that are due; returns whether there was any."""

        def write(connection: Connection, is_retry: bool) -> bool:
            claims.renew(connection, self.driver_id)
            return decide_rungs(connection, sweep_id)

        return with_retries(self._engine, write)

    def refresh_fit(self, sweep_id: int) -> None:
        """Update the fit of a sweep's trials."""
        refresh.refresh_fit(self._engine, sweep_id, lambda connection: claims.renew(connection, self.driver_id))

    def release(self) -> int:
        """Reset all trials that this driver holds to pending; returns their number."""
        return with_retries(self._engine, lambda connection, is_retry: claims.release(connection, self.driver_id))

    def other_drivers_at_work(self, sweep_id: int | None = None) -> list[OtherDriver]:
        """The other drivers that hold running trials, of one sweep or of any sweep."""
        return with_retries(
            self._engine,
            lambda connection, is_retry: claims.other_drivers_at_work(connection, self.driver_id, sweep_id),
        )

    def take_over(self, other: OtherDriver) -> int:
        """Reset the trials of a dead driver to pending, unless it has renewed its lease; returns their number."""
        return with_retries(
            self._engine,
            lambda connection, is_retry: claims.take_over(connection, self.driver_id, other),
            patience=ONCE,
        )

    def end(self) -> None:
        """Mark this driver as ended and reset the trials that it still holds to pending."""
        with_retries(
            self._engine,
            lambda connection, is_retry: claims.end_driver(connection, self.driver_id),
            patience=FINAL_RETRY_SECONDS,
        )
