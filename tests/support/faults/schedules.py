"""Random sequences of events that can happen to drivers: a state machine over `support.faults.simulation`."""

import traceback

import pytest
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.write import claims
from fitgap.runner.trial_status import Status
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from support.faults.simulation import MOST_WORKER_FAILURES, Simulation

MOST_DRIVERS = 5
HOUR = 3600.0
DISTURBANCES = ("begin", "crash", "release", "leave", "give_up", "shift_clock", "cancel", "retry")


class Schedule(RuleBasedStateMachine):
    """The events that can happen to the drivers of a sweep in `store`, in any order."""

    store = None

    def __init__(self):
        super().__init__()
        self.simulation = Simulation(self.store)
        for _ in range(2):
            self.simulation.begin()

    def drivers(self, has=lambda who: True):
        """The drivers that have not crashed, including those that have been replaced."""
        return [each for each in self.simulation.drivers if not each.is_gone and has(each)]

    def one_of(self, data, choices):
        return data.draw(st.sampled_from(choices))

    def some_of(self, data, choices):
        return data.draw(st.sets(st.sampled_from(sorted(choices)), min_size=1))

    @precondition(lambda self: self.drivers() and self.simulation.waiting())
    @rule(data=st.data())
    def claim(self, data):
        self.simulation.claim(self.one_of(data, self.drivers()), self.some_of(data, self.simulation.rows))

    @precondition(lambda self: self.drivers(trains))
    @rule(data=st.data(), steps=st.integers(1, 3), saves=st.booleans())
    def train(self, data, steps, saves):
        who = self.one_of(data, self.drivers(trains))
        self.simulation.train(who, self.some_of(data, who.next_epochs), steps, saves)

    @precondition(lambda self: self.drivers(has_blocks))
    @rule(data=st.data())
    def deliver(self, data):
        """Deliver any waiting block, but the blocks of one trial in order."""
        who = self.one_of(data, self.drivers(has_blocks))
        who.last = who.outbox.pop(self.one_of(data, in_order(who.outbox)))
        self.simulation.deliver(who, who.last)

    @precondition(lambda self: self.drivers(trains))
    @rule(data=st.data(), steps=st.integers(1, 3))
    def train_and_deliver(self, data, steps):
        """The usual case."""
        who = self.one_of(data, self.drivers(trains))
        self.simulation.train(who, self.some_of(data, who.next_epochs), steps, saves=True)
        for content in who.outbox:
            self.simulation.deliver(who, content)
        who.outbox.clear()

    @precondition(lambda self: self.drivers(has_delivered))
    @rule(data=st.data(), again=st.booleans())
    def deliver_twice(self, data, again):
        """By mistake, or because the driver does not know whether the block was written."""
        who = self.one_of(data, self.drivers(has_delivered))
        self.simulation.deliver(who, who.last, again=again)

    @precondition(lambda self: self.drivers(trains))
    @rule(data=st.data())
    def lose_worker(self, data):
        who = self.one_of(data, self.drivers(trains))
        self.simulation.lose_worker(who, self.some_of(data, who.next_epochs))

    @precondition(lambda self: self.drivers(self.sees_others))
    @rule(data=st.data(), heard_of=st.booleans())
    def take_over(self, data, heard_of):
        who = self.one_of(data, self.drivers(self.sees_others))
        target = self.one_of(data, self.other_drivers_at_work(who))
        self.simulation.shift_clock(1.0)
        self.simulation.take_over(who, target, heard_of=heard_of and not target.is_gone)

    def other_drivers_at_work(self, who):
        return [each for each in self.simulation.drivers if each is not who and self.simulation.held(each)]

    def sees_others(self, who):
        return bool(self.other_drivers_at_work(who))

    @rule(data=st.data(), what=st.sampled_from(DISTURBANCES))
    def disturb(self, data, what):
        """One rule for all rare events, because Hypothesis chooses every rule with the same probability."""
        getattr(self, what)(data)

    def begin(self, data):
        if len(self.simulation.drivers) < MOST_DRIVERS:
            self.simulation.begin()

    def crash(self, data):
        if self.drivers():
            self.one_of(data, self.drivers()).is_gone = True

    def release(self, data):
        if self.drivers():
            self.simulation.release(self.one_of(data, self.drivers()))

    def leave(self, data):
        if self.drivers():
            self.simulation.leave(self.one_of(data, self.drivers()))

    def give_up(self, data):
        if self.drivers(trains):
            who = self.one_of(data, self.drivers(trains))
            self.simulation.give_up(who, self.one_of(data, sorted(who.next_epochs)))

    def shift_clock(self, data):
        self.simulation.shift_clock(self.one_of(data, [-HOUR, HOUR]))

    def cancel(self, data):
        self.simulation.cancel(self.some_of(data, self.simulation.rows))

    def retry(self, data):
        self.simulation.retry(self.some_of(data, [Status.FAILED, Status.CANCELLED, Status.DIVERGED]))

    @invariant()
    def the_database_holds_what_it_must(self):
        self.simulation.check()

    def teardown(self):
        self.simulation.finish()
        self.simulation.check()


def machine_over(store):
    """A state machine class for this store."""
    return type("ScheduleOverStore", (Schedule,), {"store": store})


def trains(who):
    return bool(who.next_epochs)


def has_blocks(who):
    return bool(who.outbox)


def has_delivered(who):
    return who.last is not None


def in_order(outbox):
    """The positions of the blocks that no earlier block with one of the same trials precedes."""
    found, before = [], set()
    for position, content in enumerate(outbox):
        own = {number for part in content for number, *_ in part}
        if not own & before:
            found.append(position)
        before |= own
    return found


def try_schedules(address, count):
    """Try N sequences of events on a database. If one breaks an invariant, its minimized form is raised."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    with pytest.MonkeyPatch.context() as patch, open_store_for_writing(address) as store:
        patch.setattr(claims, "MOST_WORKER_FAILURES", MOST_WORKER_FAILURES)
        run_state_machine_as_test(
            machine_over(store),
            settings=settings(max_examples=count, stateful_step_count=30, deadline=None, suppress_health_check=checks),
        )


def try_schedules_apart(address, count, complaint):
    """The same as the main function of a process; it writes its traceback to a file."""
    try:
        try_schedules(address, count)
    except BaseException:
        complaint.write_text(traceback.format_exc())
        raise
