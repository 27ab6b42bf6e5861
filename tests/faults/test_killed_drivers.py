"""A driver killed at any edge of any of its transactions: nothing shown is lost, nothing is there twice, and the sweep
goes on to the same numbers.
"""

import random
import signal
from collections import Counter

import pytest
from harness import evidence
from harness.children import outcome
from harness.victims import STOPPED, Victim, run

# What opening a database does is for the tests of migrations.
OPENING = "opening"


@pytest.fixture
def new_victim(databases, tmp_path):
    """`new_victim(**settings)`: a process with an empty database and a folder of its own; `again` for one more on it."""
    made = Counter()

    def make(again=None, **settings):
        made["folders"] += 1
        folder = tmp_path / f"victim-{made['folders']}"
        folder.mkdir()
        if again is None:
            address = databases.make()
            evidence.note_history(address)
        else:
            address = again.address
        return Victim(address, folder, **settings)

    return make


@pytest.fixture
def undisturbed(new_victim):
    """A process that nothing happened to."""
    victim = new_victim()
    assert outcome(run, victim) == 0, victim.complaint
    assert evidence.counts(victim.address) == {"completed": 16, "diverged": 16}
    check_whole(victim)
    return victim


def points_of(victim, *transactions):
    """Every point that a process passed in these transactions, or in all; each with the time at which to be killed there."""
    luck = random.Random(1)
    for name, count in sorted(victim.points.items()):
        transaction = name.removeprefix("beat ").split()[0]
        if transaction != OPENING and (not transactions or transaction in transactions):
            # How often a heart has beaten by then nobody can tell; but it does once.
            yield name, 1 if name.startswith("beat") else luck.randint(1, count)


def check_whole(victim):
    """The sweep has ended, and nothing happened on the way that must not."""
    assert set(evidence.counts(victim.address)) <= {"completed", "diverged"}
    assert evidence.broken_invariants(victim.address) == []
    assert evidence.gaps(victim.address) == []
    assert evidence.left_states(victim.address) == []


def kill(victim):
    """Let a process run into its death; returns the epochs that are in the database afterwards."""
    assert outcome(run, victim) == -signal.SIGKILL, f"{victim.kill_at} was not met; {victim.complaint}"
    stored = evidence.stored_epochs(victim.address)
    assert victim.acknowledged.items() <= stored.items(), f"lost at {victim.kill_at}"
    return stored


def finish(victim, stored):
    """Let a process finish what others have left; what was stored before is stored still."""
    assert outcome(run, victim) == 0, victim.complaint
    assert stored.items() <= evidence.stored_epochs(victim.address).items()
    check_whole(victim)


def test_killed_at_any_point_a_sweep_loses_nothing_and_goes_on_to_the_same_numbers(undisturbed, new_victim):
    """Every point of an undisturbed life, one after the other; only what was in flight is trained once more."""
    expected = evidence.export(undisturbed.address)
    points = list(points_of(undisturbed))
    assert len(points) >= 60
    for point in points:
        victim = new_victim(kill_at=point)
        stored = kill(victim)
        in_flight = set().union(*evidence.held(victim.address).values())
        finish(new_victim(again=victim), stored)
        assert evidence.export(victim.address) == expected, point
        for trial, attempt in evidence.attempts(victim.address).items():
            assert attempt == (2 if trial in in_flight else 1), point
