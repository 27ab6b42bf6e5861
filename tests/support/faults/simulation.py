"""A sweep in the store next to a simple model of it: the actions that drivers may take, and their expected effects.

The model holds the expected row of every trial, and for every driver the trials that it believes it holds, which may be
wrong.
"""

from dataclasses import dataclass, field

import sqlalchemy as sa
from fitgap.runner.errors import DriverFencedError
from fitgap.runner.store.schema.tables import driver, epoch, state, trial
from fitgap.runner.store.write import blocks
from fitgap.runner.trial_status import Status

from support.databases.plain_plans import IDENTITY, plain_plan
from support.faults.made_up_blocks import block, number_of

TRIALS = 4
LAST_EPOCHS = (2, 3, 4, 3)
ENDS = (Status.COMPLETED, Status.COMPLETED, Status.DIVERGED, Status.COMPLETED)
# Low, so that a trial fails for good within a few steps.
MOST_WORKER_FAILURES = 3
# Built once: building a query takes longer than running it.
OF_SWEEP = trial.c.sweep_id == sa.bindparam("sweep")
TRIAL_ROWS = sa.select(trial.c.id, trial.c.status, trial.c.attempt, trial.c.worker_failures, trial.c.driver_id).where(
    OF_SWEEP
)
EPOCH_ROWS = sa.select(epoch.c.trial_id, epoch.c.epoch, epoch.c.e_v).join_from(epoch, trial).where(OF_SWEEP)
STATE_ROWS = sa.select(state.c.trial_id, state.c.epoch).join_from(state, trial).where(OF_SWEEP)


@dataclass
class Row:
    """The expected database row of a trial."""

    status: Status = Status.PENDING
    attempt: int = 0
    worker_failures: int = 0
    holder: int | None = None
    epochs: set[int] = field(default_factory=set)
    state: int | None = None


@dataclass
class Driver:
    """A driver: its session, whether it may still write, the trials it believes it is training, and its undelivered
    blocks.
    """

    session: object
    is_valid: bool = True
    is_gone: bool = False
    next_epochs: dict[int, int] = field(default_factory=dict)
    outbox: list = field(default_factory=list)
    last: object = None

    @property
    def number(self):
        return self.session.driver_id


class Simulation:
    """A new sweep in a store, with its model. Every action checks its own result; `check` compares all rows."""

    def __init__(self, store):
        self.store = store
        self.sweep, _ = store.add_sweep(plain_plan(TRIALS))
        numbers = sorted(row["trial"] for row in store.trials(self.sweep))
        self.rows = {number: Row() for number in numbers}
        self.last_epoch = dict(zip(numbers, LAST_EPOCHS, strict=True))
        self.end = dict(zip(numbers, ENDS, strict=True))
        self.drivers = []
        self.ended_by = {}

    def begin(self):
        self.drivers.append(Driver(self.store.begin_driver(IDENTITY)))
        return self.drivers[-1]

    def held(self, who):
        return {number for number, row in self.rows.items() if row.holder == who.number and row.status == "running"}

    def waiting(self):
        return {number for number, row in self.rows.items() if row.status == "pending"}

    def may_write(self, who, call):
        """The result of the call. If the driver has been replaced or has ended, checks that the call is refused and
        returns None.
        """
        if who.is_valid:
            return call()
        try:
            call()
        except DriverFencedError:
            return None
        raise AssertionError("a driver that has been replaced was not refused")

    def claim(self, who, trials):
        # A driver that still has undelivered blocks of a trial restarts it only through `lose_worker`, which keeps the
        # blocks in order.
        trials = trials - {number for content in who.outbox for part in content for number, *_ in part}
        gained = self.may_write(who, lambda: who.session.claim(sorted(trials)))
        if gained is None:
            return
        # This includes trials that it already holds: it may have claimed them without getting the answer.
        assert gained == trials & (self.waiting() | self.held(who))
        for number in gained:
            row = self.rows[number]
            row.status, row.holder, row.attempt = Status.RUNNING, who.number, row.attempt + 1
            who.next_epochs[number] = (row.state or 0) + 1
        who.last = None

    def train(self, who, trials, steps, saves):
        """Train the next epochs of trials that the driver believes it holds, and put them into its outbox."""
        pairs, ends, states = [], [], []
        for number in sorted(trials):
            for _ in range(steps):
                position = who.next_epochs[number]
                pairs.append((number, position))
                who.next_epochs[number] += 1
                if position == self.last_epoch[number]:
                    ends.append((number, self.end[number], position))
                    del who.next_epochs[number]
                    break
            else:
                states += [(number, who.next_epochs[number] - 1)] if saves else []
        who.outbox.append((pairs, ends, states))

    def give_up(self, who, number):
        """Report a trial as failed because it lost too many workers."""
        who.next_epochs.pop(number)
        who.outbox.append(([], [(number, Status.FAILED, None)], []))

    def deliver(self, who, content, *, again=False):
        """Write a block; only the trials that the driver holds are written. `again` means that it may have been written
        before.
        """
        pairs, ends, states = content
        spoken_of = {number for number, *_ in (*pairs, *ends, *states)}
        if who.is_valid and not again and self._is_twice(who, pairs):
            self._refuse(who, content)
            return
        refused = self.may_write(who, lambda: self._record(who, block(pairs, ends, states), again))
        if refused is None:
            return
        mine = self.held(who)
        assert refused == spoken_of - mine
        for number in refused:
            who.next_epochs.pop(number, None)
        self._take_in(mine, again, *content)

    def _record(self, who, written, again):
        if not again:
            return who.session.record(written)
        # This is what the session does when it does not know whether a transaction was committed.
        with self.store._engine.begin() as connection:
            return blocks.record(connection, who.number, written, is_retry=True)

    def _is_twice(self, who, pairs):
        """Whether the block contains an epoch that this attempt has already written."""
        mine = self.held(who)
        return any(
            number in mine and self.rows[number].attempt == 1 and position in self.rows[number].epochs
            for number, position in pairs
        )

    def _refuse(self, who, content):
        try:
            who.session.record(block(*content))
        except sa.exc.IntegrityError:
            return
        raise AssertionError("an epoch was written twice")

    def _take_in(self, mine, again, pairs, ends, states):
        for number, position in pairs:
            if number in mine:
                self.rows[number].epochs.add(position)
        for number, position in states:
            if number in mine:
                self.rows[number].state, self.rows[number].worker_failures = position, 0
        for number, status, last in ends:
            if number in mine:
                row = self.rows[number]
                row.status, row.state = status, None
                if last is not None and (again or row.attempt > 1):
                    row.epochs = {position for position in row.epochs if position <= last}

    def lose_worker(self, who, trials):
        """A worker died: its trials resume from their saved states in a new attempt."""
        gained = self.may_write(who, lambda: who.session.try_again(sorted(trials)))
        if gained is None:
            return
        assert gained == trials & self.held(who)
        for number in trials:
            who.next_epochs.pop(number)
        for number in gained:
            row = self.rows[number]
            row.attempt, row.worker_failures = row.attempt + 1, row.worker_failures + 1
            who.next_epochs[number] = (row.state or 0) + 1

    def release(self, who):
        mine = self.held(who)
        assert who.session.release() == len(mine)
        self._put_back(mine)
        who.next_epochs.clear()

    def leave(self, who):
        """The driver ends normally; the blocks still in its outbox are too late."""
        self._put_back(self.held(who))
        who.session.end()
        who.is_valid = False
        who.next_epochs.clear()

    def _put_back(self, trials):
        for number in trials:
            self.rows[number].status, self.rows[number].holder = Status.PENDING, None

    def shift_clock(self, seconds):
        """The clock of the database jumps forward, so that all leases end earlier by this many seconds (later if
        negative).
        """
        with self.store._engine.begin() as connection:
            connection.execute(sa.update(driver).values(lease_until=driver.c.lease_until - seconds))

    def take_over(self, who, target, *, heard_of):
        """A driver declares another driver lost that it has seen at work. With `heard_of`, the other one has renewed
        its lease since.
        """
        seen = {each.driver_id: each for each in who.session.other_drivers_at_work(self.sweep)}
        assert set(seen) == {each.number for each in self.drivers if each is not who and self.held(each)}
        if target.number not in seen:
            return
        if heard_of and target.is_valid:
            target.session.renew()
        freed = self.may_write(who, lambda: who.session.take_over(seen[target.number]))
        if freed is None:
            return
        if heard_of:
            assert freed == 0
            return
        self._declare_lost(target, freed)

    def _declare_lost(self, target, freed):
        target.is_valid = False
        mine = self.held(target)
        for number in mine:
            row = self.rows[number]
            row.worker_failures += 1
            if row.worker_failures >= MOST_WORKER_FAILURES:
                row.status = Status.FAILED
            else:
                self._put_back([number])
        assert freed == sum(self.rows[number].status == "pending" for number in mine)

    def cancel(self, trials):
        chosen = {number for number in trials if not self.rows[number].status.is_final}
        assert self.store.cancel_trials(self.sweep, sorted(trials)) == len(chosen)
        for number in chosen:
            self.rows[number].status = Status.CANCELLED

    def retry(self, statuses):
        chosen = [number for number, row in self.rows.items() if row.status in statuses]
        assert self.store.retry_trials(self.sweep, sorted(statuses)) == len(chosen)
        for number in chosen:
            row = self.rows[number]
            row.worker_failures = 0
            self._put_back([number])

    def finish(self):
        """A last driver takes over from all others and trains everything that is left."""
        last = self.begin()
        self.shift_clock(1000.0)
        for each in self.drivers[:-1]:
            self.take_over(last, each, heard_of=False)
        self.claim(last, set(self.rows))
        if last.next_epochs:
            self.train(last, set(last.next_epochs), max(LAST_EPOCHS), saves=False)
            self.deliver(last, last.outbox.pop())
        last.session.end()
        assert all(row.status.is_final for row in self.rows.values())
        for number, row in self.rows.items():
            if row.status in (Status.COMPLETED, Status.DIVERGED):
                assert row.epochs == set(range(1, self.last_epoch[number] + 1))

    def check(self):
        """Check that the database matches the model exactly."""
        with self.store._engine.connect() as connection:
            queries = (TRIAL_ROWS, EPOCH_ROWS, STATE_ROWS)
            trials, epochs, states = (connection.execute(query, {"sweep": self.sweep}).all() for query in queries)
        assert {row[0]: tuple(row[1:]) for row in trials} == {
            number: (row.status, row.attempt, row.worker_failures, row.holder) for number, row in self.rows.items()
        }
        expected = {(number, each) for number, row in self.rows.items() for each in row.epochs}
        assert {(number, each) for number, each, _ in epochs} == expected
        assert all(e_v == number_of(number, each) for number, each, e_v in epochs)
        assert dict(map(tuple, states)) == {number: row.state for number, row in self.rows.items() if row.state}
