"""A driver's way to write: every method is one transaction that renews its lease, or is refused altogether."""

from collections.abc import Sequence

from sqlalchemy.engine import Engine

from runner.messages import Block
from runner.store import claims, writing
from runner.store.claims import OtherDriver


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
        with self._engine.begin() as connection:
            return claims.claim(connection, self.driver_id, trials)

    def try_again(self, trials: Sequence[int]) -> set[int]:
        """Begin the next attempt of trials whose worker was lost; returns those that this driver still holds."""
        with self._engine.begin() as connection:
            return claims.try_again(connection, self.driver_id, trials)

    def record(self, block: Block) -> set[int]:
        """Write a block; returns the trials in it that this driver no longer holds, of which nothing is written."""
        with self._engine.begin() as connection:
            return writing.record(connection, self.driver_id, block)

    def release(self) -> int:
        """Let everything that this driver holds wait again; returns how many trials."""
        with self._engine.begin() as connection:
            return claims.release(connection, self.driver_id)

    def others_at_work(self, sweep_id: int | None = None) -> list[OtherDriver]:
        """The other drivers that hold running trials, of one sweep or of any."""
        with self._engine.connect() as connection:
            return claims.others_at_work(connection, self.driver_id, sweep_id)

    def take_over(self, other: OtherDriver) -> int:
        """Put the trials of a dead driver back, unless it was heard of meanwhile; returns how many."""
        with self._engine.begin() as connection:
            return claims.take_over(connection, self.driver_id, other)

    def end(self) -> None:
        """This driver has ended; what it still holds waits again."""
        with self._engine.begin() as connection:
            claims.end_driver(connection, self.driver_id)
