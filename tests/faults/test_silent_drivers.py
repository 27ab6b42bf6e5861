"""Drivers that send no sign of life, dead or only stalled: others take over, and stalled ones that wake up write
nothing.
"""

import os
import signal
import time

import pytest
from support.faults.children import child, outcome
from support.faults.evidence import Evidence
from support.faults.victims import FENCED, Victim, run
from support.sampling import on_sqlite_per_commit

LEASE, BEAT, CONFIRM = 1.0, 0.1, 0.2
# The machine that a driver claims to run on. Process IDs from ELSEWHERE mean nothing here.
HERE, ELSEWHERE = "here", "elsewhere"
TIMES = {"lease": LEASE, "beat": BEAT, "confirm": CONFIRM}
STALLED_LEASES = 3
PATIENCE_SECONDS = 30.0


def wait_until_stopped(process):
    """Wait until a process has stopped itself."""
    end = time.monotonic() + PATIENCE_SECONDS
    while state_of(process.pid) != "T":
        assert time.monotonic() < end and process.is_alive(), "it did not stop itself"
        time.sleep(0.01)


def state_of(process):
    with open(f"/proc/{process}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def everything(address):
    """Everything that a driver could have written."""
    found = Evidence(address)
    return found.rows, found.history


@on_sqlite_per_commit
def test_a_driver_that_dies_before_its_first_beat_is_replaced_when_its_lease_has_ended(new_victim, undisturbed_export):
    """The driver was on another machine, so only its lease counts: it is replaced within five seconds after the lease
    has ended, not before.
    """
    silent = {**TIMES, "beat": 1000.0}
    killed = new_victim(kill_at=("claim after commit", 1), machine=ELSEWHERE, **silent)
    assert outcome(run, killed) == -signal.SIGKILL
    (holder,) = Evidence(killed.address).held
    heir = new_victim(again=killed, machine=HERE, **TIMES)
    assert outcome(run, heir) == 0, heir.complaint
    found = Evidence(heir.address)
    (dead,) = [row for row in found.rows["driver"] if row.id == holder]
    assert 0 < dead.lost - dead.lease_until < 5
    found.check_whole()
    assert found.export == undisturbed_export


@on_sqlite_per_commit
def test_a_driver_that_dies_on_this_machine_is_replaced_before_its_lease_has_ended(new_victim):
    killed = new_victim(kill_at=("claim after commit", 1), lease=1000.0)
    assert outcome(run, killed) == -signal.SIGKILL
    heir = new_victim(again=killed, lease=1000.0)
    assert outcome(run, heir) == 0, heir.complaint
    Evidence(heir.address).check_whole()


@on_sqlite_per_commit
def test_a_driver_that_stalled_and_wakes_up_writes_nothing_and_leaves(new_victim, undisturbed_export):
    """Stopped for three leases and until another driver has taken over and finished; then it wakes up."""
    stalled = new_victim(stall_after=5, machine=ELSEWHERE, **TIMES)
    with child(run, stalled) as process:
        wait_until_stopped(process)
        end = time.monotonic() + STALLED_LEASES * LEASE
        heir = new_victim(again=stalled, machine=HERE, **TIMES)
        assert outcome(run, heir) == 0, heir.complaint
        time.sleep(max(0.0, end - time.monotonic()))
        before = everything(heir.address)
        os.kill(process.pid, signal.SIGCONT)
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == FENCED, stalled.complaint
    assert everything(heir.address) == before
    found = Evidence(heir.address)
    found.check_whole()
    assert found.export == undisturbed_export
    # The stalled driver's pack was held by both, one after the other; no other trial was held twice.
    assert sorted(set(found.attempts.values())) == [1, 2]


@pytest.mark.nightly
def test_a_driver_that_stalled_for_less_than_its_lease_goes_on(new_victim, undisturbed_export):
    """Another driver, at work all the time, does not take over and trains only the trials that the stalled one does not
    hold.
    """
    stalled = new_victim(stall_after=5, machine=ELSEWHERE, lease=60.0)
    with child(run, stalled) as process:
        wait_until_stopped(process)
        other = new_victim(again=stalled, machine=HERE, lease=60.0)
        with child(run, other) as second:
            wait_until_only_the_stalled_one_holds_trials(stalled)
            os.kill(process.pid, signal.SIGCONT)
            for each in (process, second):
                each.join(PATIENCE_SECONDS)
                assert each.exitcode == 0, stalled.complaint + other.complaint
    found = Evidence(stalled.address)
    found.check_whole()
    assert found.export == undisturbed_export
    assert set(found.attempts.values()) == {1}


def wait_until_only_the_stalled_one_holds_trials(victim: Victim):
    end = time.monotonic() + PATIENCE_SECONDS
    found = Evidence(victim.address)
    while found.counts["pending"] or len(found.held) > 1:
        assert time.monotonic() < end
        time.sleep(0.02)
        found = Evidence(victim.address)
