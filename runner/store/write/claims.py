"""Who trains what: drivers with leases, the trials they hold, and taking over from those that died.

A driver is a row with a lease, renewed by everything it writes. Whoever takes over marks that row as lost and puts its
trials back in one transaction; from then on the old driver's transactions find the mark and write nothing. The database
orders the two: by the lock on the row in PostgreSQL, by `BEGIN IMMEDIATE` in SQLite. All times are the database's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fitgap.runner.errors import DriverFencedError
from fitgap.runner.store.database.clock import database_now
from fitgap.runner.store.schema.tables import driver, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

# A driver that has not been heard of for so long may be replaced.
LEASE_SECONDS = 30.0
CLOCK_TOLERANCE_SECONDS = 1.0
# A trial whose driver died so often while it ran is taken for the cause.
MOST_WORKER_FAILURES = 10


@dataclass(frozen=True)
class DriverIdentity:
    """Which process a driver is, and what it computes with."""

    machine: str
    process: int
    process_started: str
    environment: Mapping[str, Any]


@dataclass(frozen=True)
class OtherDriver:
    """Another driver that holds running trials: where it runs, until when its lease lasts and what time it is now."""

    driver_id: int
    machine: str
    process: int
    process_started: str
    lease_until: float
    now: float

    @property
    def has_expired(self) -> bool:
        """Whether the lease has ended, or ends later than any could: then the clock was put back since it was given."""
        return not self.now <= self.lease_until <= self.now + LEASE_SECONDS + CLOCK_TOLERANCE_SECONDS


def begin_driver(connection: Connection, identity: DriverIdentity) -> int:
    """Write a new driver with a fresh lease; returns its number."""
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
    """Renew the lease, first of all in every transaction of a driver; DriverFencedError where it has been replaced."""
    still_valid = sa.and_(driver.c.id == driver_id, driver.c.lost.is_(None), driver.c.ended.is_(None))
    renewal = sa.update(driver).where(still_valid).values(lease_until=database_now() + LEASE_SECONDS)
    if not connection.execute(renewal).rowcount:
        raise DriverFencedError()


def end_driver(connection: Connection, driver_id: int) -> None:
    """The driver has ended by itself; what it still holds waits again."""
    release(connection, driver_id)
    still_valid = sa.and_(driver.c.id == driver_id, driver.c.lost.is_(None))
    connection.execute(sa.update(driver).where(still_valid).values(ended=database_now()))


def claim(connection: Connection, driver_id: int, trials: Sequence[int]) -> set[int]:
    """Take those of the trials that wait, in their next attempt; returns which they are.

    Those it holds already it took in a transaction whose end it was not told, since the connection was lost.
    """
    renew(connection, driver_id)
    free = sa.or_(trial.c.status == Status.PENDING, is_held_by(driver_id))
    waiting = sa.select(trial.c.id).where(trial.c.id.in_(trials), free)
    # Two drivers that reach for the same trials do not wait for each other (PostgreSQL; SQLite has one writer anyway).
    gained = set(connection.execute(waiting.with_for_update(skip_locked=True)).scalars())
    if gained:
        change = sa.update(trial).where(trial.c.id.in_(gained))
        values = {"status": Status.RUNNING, "driver_id": driver_id, "attempt": trial.c.attempt + 1}
        connection.execute(change.values(**values, started=database_now()))
    return gained


def held(connection: Connection, driver_id: int, trials: Iterable[int]) -> dict[int, int]:
    """Those of the trials that this driver may write to, with their attempt; nobody cancels them meanwhile."""
    query = sa.select(trial.c.id, trial.c.attempt).where(trial.c.id.in_(list(trials)), is_held_by(driver_id))
    return {number: attempt for number, attempt in connection.execute(query.with_for_update())}


def try_again(connection: Connection, driver_id: int, trials: Sequence[int], counts: bool = True) -> set[int]:
    """The worker of these trials was lost: they go on in their next attempt; returns those that this driver holds.

    What counts as a loss makes their packs smaller if they are packed once more.
    """
    renew(connection, driver_id)
    change = sa.update(trial).where(trial.c.id.in_(trials), is_held_by(driver_id))
    values = {"attempt": trial.c.attempt + 1, "worker_failures": trial.c.worker_failures + int(counts)}
    return set(connection.execute(change.values(**values).returning(trial.c.id)).scalars())


def release(connection: Connection, driver_id: int) -> int:
    """What the driver holds waits again; returns how many trials. Their epochs stay and are written over."""
    change = sa.update(trial).where(is_held_by(driver_id))
    return connection.execute(change.values(status=Status.PENDING, driver_id=None)).rowcount


def other_drivers_at_work(connection: Connection, driver_id: int, sweep_id: int | None = None) -> list[OtherDriver]:
    """The other drivers that hold running trials, of this sweep or of any."""
    running = trial.c.status == Status.RUNNING
    if sweep_id is not None:
        running = sa.and_(running, trial.c.sweep_id == sweep_id)
    return [each for each in drivers_of(connection, running) if each.driver_id != driver_id]


def drivers_of(connection: Connection, trials: sa.ColumnElement[bool]) -> list[OtherDriver]:
    """The drivers that hold, or have held last, one of these trials."""
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
    """Declare another driver lost and put its trials back, unless it was heard of since `other` was read.

    Returns how many trials wait again. One whose driver has died so often that it must be the cause fails instead.
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
