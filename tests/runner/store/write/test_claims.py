"""Claims: a trial belongs to one driver at a time, a driver that was replaced writes nothing, and nothing is lost."""

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
from fitgap.runner.errors import DriverFencedError
from fitgap.runner.messages import Block, SavedState, TrialEnd
from fitgap.runner.store.schema.tables import driver as driver_table
from fitgap.runner.store.schema.tables import state as state_table
from fitgap.runner.store.write import claims
from fitgap.runner.trial_status import Status


@pytest.fixture
def trials(store, make_plan):
    """The numbers of four pending trials."""
    sweep_id, _ = store.add_sweep(make_plan(2, 2))
    return [row["trial"] for row in store.trials(sweep_id)]


@pytest.fixture
def other(store, identity):
    """A second driver, on another machine."""
    return store.begin_driver(replace(identity, machine="elsewhere"))


@pytest.fixture
def write(store):
    """`write(statement)`: change the database behind the drivers' backs."""

    def run(statement):
        with store._engine.begin() as connection:
            return connection.execute(statement)

    return run


def seen_by(session, number):
    """Another driver as a driver sees it."""
    return next(each for each in session.other_drivers_at_work() if each.driver_id == number)


def expire(write, session, seconds=1.0):
    lease = claims.database_now() - seconds
    write(sa.update(driver_table).where(driver_table.c.id == session.driver_id).values(lease_until=lease))


def status_of(store, trial):
    return store.show(trial)["status"]


def test_what_one_driver_holds_another_cannot_claim(trials, driver, other):
    assert driver.claim(trials[:2]) == set(trials[:2])
    assert other.claim(trials) == set(trials[2:])
    assert driver.claim(trials[2:]) == set()


def test_a_claim_raises_the_attempt_and_sets_the_lease_by_the_databases_clock(trials, driver, store, ask):
    driver.claim(trials[:1])
    assert (store.show(trials[0])["status"], store.show(trials[0])["attempt"]) == ("running", 1)
    ((began, lease),) = ask("SELECT began, lease_until FROM driver")
    assert claims.LEASE_SECONDS <= lease - began < claims.LEASE_SECONDS + 60


def test_only_the_holder_ends_a_trial(trials, driver, other, store, make_rows):
    driver.claim(trials[:1])
    block = Block(make_rows(trials[:1], [1]), (TrialEnd(trials[0], Status.COMPLETED, e_v=1.0),))
    assert other.record(block) == set(trials[:1])
    assert status_of(store, trials[0]) == "running" and store.epochs(trials[:1]) == []
    assert driver.record(block) == set()
    assert status_of(store, trials[0]) == "completed" and len(store.epochs(trials[:1])) == 1


def test_of_a_block_only_what_the_driver_holds_is_written(trials, driver, other, store, make_rows):
    mine, theirs, nobodys = trials[:3]
    driver.claim([mine])
    other.claim([theirs])
    ends = tuple(TrialEnd(trial, Status.COMPLETED) for trial in trials[:3])
    states = tuple(SavedState(trial, 1, {"array": np.ones(2)}) for trial in trials[:3])
    block = Block(make_rows([nobodys, mine, theirs], [1, 1, 1]), ends, states=states)
    assert driver.record(block) == {theirs, nobodys}
    assert [status_of(store, trial) for trial in (mine, theirs, nobodys)] == ["completed", "running", "pending"]
    assert [row["trial"] for row in store.epochs([mine, theirs, nobodys])] == [mine]
    assert set(store.states([mine, theirs, nobodys])) == {mine}


def test_who_was_replaced_writes_nothing_and_says_why(trials, driver, other, store, make_rows, write):
    driver.claim(trials)
    expire(write, driver)
    assert other.take_over(seen_by(other, driver.driver_id)) == len(trials)
    block = Block(make_rows(trials[:1], [1]), (TrialEnd(trials[0], Status.COMPLETED),))
    for act in (
        lambda: driver.record(block),
        lambda: driver.claim(trials),
        lambda: driver.try_again(trials),
        driver.renew,
    ):
        with pytest.raises(DriverFencedError, match="another one has taken over"):
            act()
    assert driver.release() == 0
    driver.end()
    assert {status_of(store, trial) for trial in trials} == {"pending"} and store.epochs(trials) == []
    assert other.claim(trials) == set(trials)


def test_who_was_heard_of_meanwhile_is_not_replaced(trials, driver, other, write):
    driver.claim(trials)
    expire(write, driver)
    seen = seen_by(other, driver.driver_id)
    driver.renew()
    assert other.take_over(seen) == 0
    driver.renew()
    assert other.claim(trials) == set()


def test_two_that_take_over_at_once_do_it_once(trials, driver, other, store, identity, write):
    third = store.begin_driver(identity)
    driver.claim(trials)
    expire(write, driver)
    seen = seen_by(other, driver.driver_id)
    assert [third.take_over(seen), other.take_over(seen)] == [len(trials), 0]


@pytest.mark.parametrize(("shift", "expired"), [(-1.0, True), (10.0, False), (3600.0, True)])
def test_a_lease_is_valid_only_inside_its_length(shift, expired, trials, driver, other, write):
    """A lease that would end in an hour was granted before the clock was set back."""
    driver.claim(trials)
    expire(write, driver, -shift)
    assert seen_by(other, driver.driver_id).has_expired is expired


def test_drivers_that_hold_nothing_are_not_seen(trials, driver, other, store, make_plan):
    assert other.other_drivers_at_work() == []
    driver.claim(trials[:1])
    sweep_id = store.sweep("plan")["id"]
    elsewhere, _ = store.add_sweep(make_plan(1, 1))
    assert [each.driver_id for each in other.other_drivers_at_work()] == [driver.driver_id]
    assert [each.driver_id for each in other.other_drivers_at_work(sweep_id)] == [driver.driver_id]
    assert other.other_drivers_at_work(elsewhere) == []
    driver.record(Block(None, (TrialEnd(trials[0], Status.COMPLETED),)))
    assert other.other_drivers_at_work() == []


def test_ending_lets_go_of_everything(trials, driver, other):
    driver.claim(trials)
    driver.end()
    assert other.claim(trials) == set(trials)
    with pytest.raises(DriverFencedError):
        driver.renew()


def test_a_repeated_attempt_writes_over_what_the_one_before_left(trials, driver, store, make_rows):
    """If it ends earlier, as it may on another machine, the later epochs are deleted."""
    trial = trials[0]
    driver.claim([trial])
    driver.record(Block(make_rows([trial] * 4, [1, 2, 3, 4]), ()))
    driver.release()
    driver.claim([trial])
    driver.record(Block(make_rows([trial] * 2, [1, 2], e_v=[0.25, 0.25]), ()))
    assert [(row["epoch"], row["e_v"]) for row in store.epochs([trial])] == [(1, 0.25), (2, 0.25), (3, 0.5), (4, 0.5)]
    driver.record(Block(make_rows([trial], [3], e_v=[0.25]), (TrialEnd(trial, Status.COMPLETED, epochs=3),)))
    assert [(row["epoch"], row["e_v"]) for row in store.epochs([trial])] == [(1, 0.25), (2, 0.25), (3, 0.25)]


def test_a_trial_has_one_state_the_last_and_none_when_it_has_ended(trials, driver, store, ask):
    trial = trials[0]
    driver.claim([trial])
    for epoch in (3, 5):
        arrays = {"parameters": np.arange(epoch, dtype=np.float32), "steps": np.asarray(epoch)}
        driver.record(Block(None, (), states=(SavedState(trial, epoch, arrays),)))
        (kept,) = store.states(trials).values()
        assert (kept.trial_id, kept.epoch) == (trial, epoch)
        assert kept.arrays["parameters"].dtype == np.float32
        assert kept.arrays["parameters"].tolist() == list(range(epoch))
    driver.release()
    assert [group["epoch"] for group in store.pending_groups(store.sweep("plan")["id"])] == [0, 5]
    driver.claim([trial])
    driver.record(Block(None, (TrialEnd(trial, Status.COMPLETED, epochs=9),)))
    assert ask("SELECT count(*) FROM state") == [(0,)]


def test_a_state_that_comes_with_the_end_is_kept(trials, driver, store):
    trial = trials[0]
    driver.claim([trial])
    state = SavedState(trial, 9, {"parameters": np.ones(3)})
    driver.record(Block(None, (TrialEnd(trial, Status.COMPLETED, epochs=9),), states=(state,)))
    assert store.states([trial])[trial].epoch == 9


def test_losses_are_counted_until_a_state_shows_that_the_trial_gets_on(trials, driver, other, store, write):
    trial = trials[0]
    driver.claim([trial])
    assert driver.try_again([trial, trials[1]]) == {trial}
    assert (store.show(trial)["worker_failures"], store.show(trial)["attempt"]) == (1, 2)
    expire(write, driver)
    other.take_over(seen_by(other, driver.driver_id))
    assert store.show(trial)["worker_failures"] == 2
    other.claim([trial])
    other.record(Block(None, (), states=(SavedState(trial, 1, {}),)))
    assert store.show(trial)["worker_failures"] == 0


def test_a_trial_whose_drivers_die_again_and_again_fails_in_the_end(trials, store, identity, write):
    trial = trials[0]
    watching = store.begin_driver(identity)
    for death in range(claims.MOST_WORKER_FAILURES):
        assert status_of(store, trial) == "pending", death
        dying = store.begin_driver(identity)
        dying.claim([trial])
        expire(write, dying)
        watching.take_over(seen_by(watching, dying.driver_id))
    shown = store.show(trial)
    assert (shown["status"], shown["worker_failures"]) == ("failed", claims.MOST_WORKER_FAILURES)
    assert f"died {claims.MOST_WORKER_FAILURES} times" in shown["reason"]


def test_a_row_of_state_goes_with_its_trial(trials, driver, write, ask):
    driver.claim(trials[:1])
    driver.record(Block(None, (), states=(SavedState(trials[0], 1, {}),)))
    assert ask("SELECT count(*) FROM state") == [(1,)]
    write(sa.delete(state_table.metadata.tables["sweep"]))
    assert ask("SELECT count(*) FROM state") == [(0,)]
