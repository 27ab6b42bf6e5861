"""A driver killed at any edge of any of its transactions: nothing shown is lost, nothing is there twice, and the sweep
goes on to the same numbers.
"""

import random
import signal

import pytest
from harness import evidence
from harness.children import outcome
from harness.victims import STOPPED, run

# What opening a database does is for the tests of migrations.
OPENING = "opening"


@pytest.fixture
def undisturbed(new_victim, undisturbed_export):
    """A process that nothing happened to, which tells the points that there are."""
    victim = new_victim()
    assert outcome(run, victim) == 0, victim.complaint
    evidence.check_whole(victim.address)
    assert evidence.export(victim.address) == undisturbed_export
    return victim


def points_of(victim, *transactions):
    """Every point that a process passed in these transactions, or in all; each with the time at which to be killed there."""
    luck = random.Random(1)
    for name, count in sorted(victim.points.items()):
        transaction = name.removeprefix("beat ").split()[0]
        if transaction != OPENING and (not transactions or transaction in transactions):
            # How often a heart has beaten by then nobody can tell; but it does once.
            yield name, 1 if name.startswith("beat") else luck.randint(1, count)


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
    evidence.check_whole(victim.address)


def test_killed_at_any_point_a_sweep_loses_nothing_and_goes_on_to_the_same_numbers(undisturbed, new_victim, undisturbed_export):
    """Every point of an undisturbed life, one after the other; only what was in flight is trained once more."""
    points = list(points_of(undisturbed))
    assert len(points) >= 60
    for point in points:
        victim = new_victim(kill_at=point)
        stored = kill(victim)
        in_flight = set().union(*evidence.held(victim.address).values())
        finish(new_victim(again=victim), stored)
        assert evidence.export(victim.address) == undisturbed_export, point
        for trial, attempt in evidence.attempts(victim.address).items():
            assert attempt == (2 if trial in in_flight else 1), point


def test_killed_while_it_takes_over_from_a_killed_driver(new_victim, undisturbed_export):
    """The second process dies in the middle of it; the third finds all of the first's trials, or all of the second's."""
    first = new_victim(kill_at=("record after commit", 9))
    kill(first)
    assert evidence.held(first.address)
    second = new_victim(again=first)
    assert outcome(run, second) == 0
    points = list(points_of(second, "take_over"))
    assert len(points) >= 8
    for point in points:
        victim = new_victim(kill_at=("record after commit", 9))
        stored = kill(victim)
        still_stored = kill(new_victim(again=victim, kill_at=point))
        assert stored.items() <= still_stored.items(), point
        finish(new_victim(again=victim), still_stored)
        assert evidence.export(victim.address) == undisturbed_export, point
        assert max(evidence.attempts(victim.address).values()) <= 3


def test_killed_while_it_gives_back_what_it_held(new_victim, undisturbed_export):
    """Stopped by Ctrl-C in the middle of a pack, and killed before it could put its trials back, or right afterwards."""
    stopped = new_victim(stop_after=9)
    assert outcome(run, stopped) == STOPPED, stopped.complaint
    assert evidence.held(stopped.address) == {} and evidence.counts(stopped.address)["pending"]
    points = list(points_of(stopped, "release", "end"))
    assert len(points) >= 10
    for point in points:
        victim = new_victim(stop_after=9, kill_at=point)
        stored = kill(victim)
        finish(new_victim(again=victim), stored)
        assert evidence.export(victim.address) == undisturbed_export, point


def test_killed_while_lost_packs_are_cut_in_two(new_victim, undisturbed_export):
    """Every pack is lost until its trials are alone, and so every trial is trained several times in one life."""
    losing = new_victim(loses_packs=True)
    assert outcome(run, losing) == 0, losing.complaint
    evidence.check_whole(losing.address)
    assert evidence.export(losing.address) == undisturbed_export
    points = list(points_of(losing, "try_again")) + [point for point in points_of(losing) if "DELETE epoch" in point[0]]
    assert len(points) >= 8
    for point in points:
        victim = new_victim(loses_packs=True, kill_at=point)
        stored = kill(victim)
        finish(new_victim(again=victim, loses_packs=True), stored)
        assert evidence.export(victim.address) == undisturbed_export, point
