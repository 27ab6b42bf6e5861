"""Claims: drivers with leases, the trials that they hold, and takeover of the trials of dead drivers.

A driver is a row with a lease, which it renews whenever it writes. A takeover marks the row as lost and resets its
trials to pending in one transaction. From then on the old driver's transactions find the mark and write nothing. The
database serializes the two, by row locks in PostgreSQL and `BEGIN IMMEDIATE` in SQLite. All times are the database's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fitgap.runner.errors import DriverFencedError
from fitgap.runner.store.database.clock import database_now
from fitgap.runner.store.schema.rungs import may_train
from fitgap.runner.store.schema.tables import driver, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

# A driver that has not renewed its lease for this long may be replaced.
LEASE_SECONDS = 30.0
CLOCK_TOLERANCE_SECONDS = 1.0
# A trial whose driver died this often while training it is assumed to be the cause.
MOST_WORKER_FAILURES = 10


@dataclass(frozen=True)
class DriverIdentity:
    """The process of a driver and its environment."""

    machine: str
    process: int
    process_started: str
    environment: Mapping[str, Any]


@dataclass(frozen=True)
class OtherDriver:
    """Another driver: its machine and process, the end of its lease, and the current time."""

    driver_id: int
    machine: str
    process: int
    process_started: str
    lease_until: float
    now: float

    @property
    def has_expired(self) -> bool:
        """Whether the lease has expired, or ends impossibly late, which means that the clock was set back."""
        return not self.now <= self.lease_until <= self.now + LEASE_SECONDS + CLOCK_TOLERANCE_SECONDS


def begin_driver(connection: Connection, identity: DriverIdentity) -> int:
    """Insert a new driver with a fresh lease; returns its id."""
    row = sa.insert(driver).values(
        machine=identity.machine,
        process=identity.process,
        process_started=identity.process_started,
        environment=dict(identity.environment),
        began=database_now(),
        lease_until=database_now() + LEASE_SECONDS,
    )
    return connection.execute(row.returning(driver.c.id)).scalar_one()


def renew(connection: Connection, driver_id: int) -> None:
    """Renew the lease; must come first in every transaction of a driver. DriverFencedError if it has been replaced."""
    still_valid = sa.and_(driver.c.id == driver_id, driver.c.lost.is_(None), driver.c.ended.is_(None))
    renewal = sa.update(driver).where(still_valid).values(lease_until=database_now() + LEASE_SECONDS)
    if not connection.execute(renewal).rowcount:
        raise DriverFencedError()


def end_driver(connection: Connection, driver_id: int) -> None:
    """Mark the driver as ended and reset the trials that it still holds to pending."""
    release(connection, driver_id)
    still_valid = sa.and_(driver.c.id == driver_id, driver.c.lost.is_(None))
    connection.execute(sa.update(driver).where(still_valid).values(ended=database_now()))


def claim(connection: Connection, driver_id: int, trials: Sequence[int]) -> set[int]:
    """Claim the pending ones among the trials and start their next attempt; returns the claimed trials.

    Trials that the driver holds already count as claimed: the connection may have been lost right after an earlier
    transaction had claimed them.
    """
    renew(connection, driver_id)
    # Another driver may have trained a trial to its rung since it was planned.
    free = sa.or_(sa.and_(trial.c.status == Status.PENDING, may_train), is_held_by(driver_id))
    waiting = sa.select(trial.c.id).where(trial.c.id.in_(trials), free)
    # Two drivers that claim the same trials do not wait for each other (PostgreSQL; SQLite has only one writer).
    gained = set(connection.execute(waiting.with_for_update(skip_locked=True)).scalars())
    if gained:
        change = sa.update(trial).where(trial.c.id.in_(gained))
        values = {"status": Status.RUNNING, "driver_id": driver_id, "attempt": trial.c.attempt + 1}
        connection.execute(change.values(**values, started=database_now()))
    return gained


def held_trials(connection: Connection, driver_id: int, trials: Iterable[int]) -> dict[int, int]:
    """The trials that this driver still holds, with their attempts. They are locked against cancellation."""
    query = sa.select(trial.c.id, trial.c.attempt).where(trial.c.id.in_(list(trials)), is_held_by(driver_id))
    return {number: attempt for number, attempt in connection.execute(query.with_for_update())}


def try_again(connection: Connection, driver_id: int, trials: Sequence[int], counts: bool = True) -> set[int]:
    """Start the next attempt of trials whose worker died; returns those that this driver still holds.

    With `counts` the failure is counted, which makes packs smaller when the trials are packed again.
    """
    renew(connection, driver_id)
    change = sa.update(trial).where(trial.c.id.in_(trials), is_held_by(driver_id))
    values = {"attempt": trial.c.attempt + 1, "worker_failures": trial.c.worker_failures + int(counts)}
    return set(connection.execute(change.values(**values).returning(trial.c.id)).scalars())


def release(connection: Connection, driver_id: int) -> int:
    """Reset the trials that the driver holds to pending; returns their number. Their epochs will be overwritten."""
    change = sa.update(trial).where(is_held_by(driver_id))
    return connection.execute(change.values(status=Status.PENDING, driver_id=None)).rowcount


def other_drivers_at_work(connection: Connection, driver_id: int, sweep_id: int | None = None) -> list[OtherDriver]:
    """The other drivers that hold running trials, of this sweep or of any sweep."""
    running = trial.c.status == Status.RUNNING
    if sweep_id is not None:
        running = sa.and_(running, trial.c.sweep_id == sweep_id)
    return [each for each in drivers_of(connection, running) if each.driver_id != driver_id]


def drivers_of(connection: Connection, trials: sa.ColumnElement[bool]) -> list[OtherDriver]:
    """The drivers that hold one of these trials or were the last to hold it."""
    query = (
        sa.select(
            driver.c.id,
            driver.c.machine,
            driver.c.process,
            driver.c.process_started,
            driver.c.lease_until,
            database_now().label("now"),
        )
        .where(sa.exists().where(trial.c.driver_id == driver.c.id, trials))
        .order_by(driver.c.id)
    )
    return [OtherDriver(*row) for row in connection.execute(query)]


def take_over(connection: Connection, driver_id: int, other: OtherDriver) -> int:
    """Mark another driver as lost and reset its trials to pending, unless it has renewed its lease since `other`.

    Returns the number of pending trials. A trial whose drivers have died too often is marked as failed instead.
    """
    renew(connection, driver_id)
    unheard = sa.and_(driver.c.id == other.driver_id, driver.c.lease_until == other.lease_until)
    mark = sa.update(driver).where(unheard, driver.c.lost.is_(None), driver.c.ended.is_(None))
    if not connection.execute(mark.values(lost=database_now())).rowcount:
        return 0
    its_own = is_held_by(other.driver_id)
    suspect = sa.update(trial).where(its_own, trial.c.worker_failures + 1 >= MOST_WORKER_FAILURES)
    reason = f"its driver died {MOST_WORKER_FAILURES} times while training it"
    worker_failures = trial.c.worker_failures + 1
    connection.execute(
        suspect.values(status=Status.FAILED, reason=reason, worker_failures=worker_failures, ended=database_now())
    )
    rest = sa.update(trial).where(its_own)
    return connection.execute(
        rest.values(status=Status.PENDING, driver_id=None, worker_failures=worker_failures)
    ).rowcount


def is_held_by(driver_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(trial.c.driver_id == driver_id, trial.c.status == Status.RUNNING)
