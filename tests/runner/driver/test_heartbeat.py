"""The heartbeat: leases are renewed, dead drivers are found, and no living driver is taken for dead."""

import threading
import time
from dataclasses import replace

import pytest
from fitgap.runner.driver import heartbeat
from fitgap.runner.driver.heartbeat import CONFIRM_RUNNING_SECONDS, CONFIRM_SECONDS, Heartbeat, Watch, beat
from fitgap.runner.errors import StoreError
from fitgap.runner.store import OtherDriver, open_store_for_writing
from fitgap.runner.store.write import claims
from fitgap.runner.system.machine_record import machine_identity, process_started

LIVING = process_started(1)


@pytest.fixture
def clock(monkeypatch):
    """This process's own clock, which shows `clock.now`."""

    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

    held = Clock()
    monkeypatch.setattr(heartbeat, "time", held)
    return held


def driver_on(machine, *, process=1, started=LIVING, lease=10.0, now=0.0):
    return OtherDriver(7, machine, process, str(started), lease, now)


def test_on_the_same_machine_the_process_tells(clock):
    """A driver is dead, despite its valid lease, if its process is gone or another one has its process id."""
    here = machine_identity()
    assert Watch().is_dead(driver_on(here, started="another time"))
    assert not Watch().is_dead(driver_on(here))


def test_elsewhere_a_valid_lease_is_life_whatever_the_process_number_says(clock):
    assert not Watch().is_dead(driver_on("elsewhere", started="another time"))


def test_an_expired_lease_is_death_only_when_it_stays_so(clock):
    watch = Watch()
    expired = driver_on("elsewhere", lease=10.0, now=11.0)
    assert not watch.is_dead(expired)
    clock.now = CONFIRM_SECONDS / 2
    assert not watch.is_dead(expired)
    clock.now = CONFIRM_SECONDS
    assert watch.is_dead(replace(expired, now=14.0))


def test_a_process_that_runs_here_is_dead_only_when_it_has_not_renewed_for_minutes(clock):
    """It may be waiting for the processor, the disk or a lock, and its sweep ends when another driver takes over."""
    watch, expired = Watch(), driver_on(machine_identity(), lease=10.0, now=11.0)
    for second in (0.0, CONFIRM_SECONDS, CONFIRM_RUNNING_SECONDS - 1):
        clock.now = second
        assert not watch.is_dead(expired)
    clock.now = CONFIRM_RUNNING_SECONDS
    assert watch.is_dead(expired)


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_a_jump_of_the_databases_clock_kills_nobody_who_renews(jump, clock):
    """The driver renews its lease every two seconds by the current clock; the jump comes between two renewals."""
    watch, database_time, lease = Watch(), 1000.0, 1030.0
    for second in range(60):
        clock.now = float(second)
        database_time += 1.0 + (jump if second == 31 else 0.0)
        if second % 2 == 0:
            lease = database_time + claims.LEASE_SECONDS
        assert not watch.is_dead(driver_on("elsewhere", lease=lease, now=database_time)), second


@pytest.mark.parametrize("jump", [-3600.0, 0.0, 3600.0])
def test_the_dead_are_found_soon_whatever_the_clock_does(jump, clock):
    """Within the length of a lease plus five seconds, by a monotonic clock."""
    watch, lease = Watch(), 1000.0 + claims.LEASE_SECONDS
    found = next(
        second
        for second in range(200)
        if watch.is_dead(driver_on("elsewhere", lease=lease, now=1000.0 + second + (jump if second > 5 else 0.0)))
        or setattr(clock, "now", second + 1.0)
    )
    assert found <= claims.LEASE_SECONDS + 5


def test_a_beat_renews_and_takes_over(store, driver, identity, make_plan, ask):
    store.add_sweep(make_plan(1, 2))
    gone = store.begin_driver(replace(identity, process_started="before this one"))
    gone.claim([1, 2])
    before = ask(f"SELECT lease_until FROM driver WHERE id = {driver.driver_id}")
    time.sleep(0.01)
    beat(driver, Watch())
    assert ask(f"SELECT lease_until FROM driver WHERE id = {driver.driver_id}") > before
    assert driver.claim([1, 2]) == {1, 2}


def test_it_beats_until_it_is_left_and_survives_a_database_that_is_away(monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.001)
    beats, enough = [], threading.Event()

    def fail_often(session, watch):
        beats.append(session)
        if len(beats) > 5:
            enough.set()
        raise StoreError("away")

    monkeypatch.setattr(heartbeat, "beat", fail_often)
    with Heartbeat("session"):
        assert enough.wait(10)
    count = len(beats)
    time.sleep(0.05)
    assert len(beats) == count and set(beats) == {"session"}


@pytest.mark.parametrize("write", ["renew", "take_over"])
def test_a_connection_that_another_thread_keeps_is_a_database_that_is_away(write, tmp_path, identity):
    """With SQLite, the driver's loop may hold the only connection for longer than a beat while it waits for a lock."""
    words = (driver_on("elsewhere"),) if write == "take_over" else ()
    with open_store_for_writing(str(tmp_path / "own.db")) as store:
        driver = store.begin_driver(identity)
        driver._engine.pool._timeout = 0.05
        with driver._engine.connect(), pytest.raises(StoreError, match="still used by another part of this program"):
            getattr(driver, write)(*words)
        getattr(driver, write)(*words)


def test_one_that_was_replaced_stops_beating(store, driver, monkeypatch):
    """The driver's own next write reports why."""
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.001)
    driver.end()
    with Heartbeat(driver) as beating:
        beating._thread.join(10)
        assert not beating._thread.is_alive()
