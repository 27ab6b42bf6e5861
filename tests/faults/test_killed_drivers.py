"""A driver is killed before or after any step of any transaction: nothing shown is lost, nothing is stored twice, and
the resumed sweep has the same results.

Each commit tries some kill points of every kind of run; `nightly` tries all.
"""

import random
import signal

import pytest
from support.faults.children import outcome
from support.faults.evidence import Evidence
from support.faults.sweeps import TINY
from support.faults.victims import STOPPED, run
from support.sampling import at_night, steps

# Opening a database is tested with the migrations.
OPENING = "opening"
# This block is in the second pack: some trials have ended, some are running and some are pending.
BLOCKS = 9
IN_THE_MIDDLE = ("record after commit", BLOCKS)


def with_every_commit(kind):
    """On one kind of database per commit, on the other at night."""
    kinds = [each if each == kind else at_night(each) for each in ("sqlite", "postgresql")]
    return pytest.mark.parametrize("database_kind", kinds, indirect=True)


@pytest.fixture
def undisturbed(new_victim, undisturbed_export):
    """A process that is not disturbed; its kill points are those to try."""
    victim = new_victim()
    assert outcome(run, victim) == 0, victim.complaint
    found = Evidence(victim.address)
    found.check_whole()
    assert found.export == undisturbed_export
    return victim


def points_of(victim, *transactions):
    """Every kill point that a process passed in these transactions (default: all), with the number of the pass at which
    to kill it.
    """
    luck = random.Random(1)
    for name, count in sorted(victim.points.items()):
        transaction = name.removeprefix("beat ").split()[0]
        if transaction != OPENING and (not transactions or transaction in transactions):
            # The number of heartbeats before the kill varies, but there is at least one.
            yield name, 1 if name.startswith("beat") else luck.randint(1, count)


def kill(victim):
    """Run a process until it is killed; returns what is in the database afterwards."""
    assert outcome(run, victim) == -signal.SIGKILL, f"{victim.kill_at} was not met; {victim.complaint}"
    found = Evidence(victim.address)
    assert victim.acknowledged.items() <= found.epochs.items(), f"lost at {victim.kill_at}"
    return found


def finish(victim, before):
    """Let a process finish the sweep, and check that everything stored before is still stored. Returns what is
    found.
    """
    assert outcome(run, victim) == 0, victim.complaint
    found = Evidence(victim.address)
    assert before.epochs.items() <= found.epochs.items()
    found.check_whole()
    return found


@with_every_commit("postgresql")
@pytest.mark.parametrize("step", steps(20))
def test_killed_at_any_point_a_sweep_loses_nothing_and_goes_on_to_the_same_numbers(
    step, undisturbed, new_victim, undisturbed_export
):
    """Tries the kill points of an undisturbed run one by one; only trials in flight are trained again."""
    points = list(points_of(undisturbed))
    assert len(points) >= 30
    for point in points[::step]:
        victim = new_victim(kill_at=point)
        before = kill(victim)
        in_flight = set().union(*before.held.values())
        after = finish(new_victim(again=victim), before)
        assert after.export == undisturbed_export, point
        assert after.attempts == {trial: 2 if trial in in_flight else 1 for trial in after.trials}, point


@pytest.mark.nightly
@with_every_commit("postgresql")
@pytest.mark.parametrize("kills", [3, at_night(7)])
def test_killed_where_few_epochs_are_recorded(kills, new_victim):
    """Epochs that were held back are trained again from the saved states: the rows are those of an undisturbed run."""
    thin = TINY.replace("epochs: 5", "epochs: 9, record: every=4")
    undisturbed = new_victim(sweep=thin)
    assert outcome(run, undisturbed) == 0, undisturbed.complaint
    expected = Evidence(undisturbed.address)
    expected.check_whole()
    blocks = undisturbed.points["record after commit"]
    assert blocks > 6
    for number in range(1, blocks, blocks // (kills - 1)):
        victim = new_victim(sweep=thin, kill_at=("record after commit", number))
        before = kill(victim)
        after = finish(new_victim(again=victim, sweep=thin), before)
        assert after.export == expected.export, number


@with_every_commit("sqlite")
@pytest.mark.parametrize("step", steps(3))
def test_killed_while_it_takes_over_from_a_killed_driver(step, new_victim, undisturbed_export):
    """The second process dies while taking over; the third finds all trials still held by the first, or all by the
    second.
    """
    first = new_victim(kill_at=IN_THE_MIDDLE)
    assert kill(first).held
    second = new_victim(again=first)
    assert outcome(run, second) == 0
    points = list(points_of(second, "take_over"))
    assert len(points) >= 4
    for point in points[::step]:
        victim = new_victim(kill_at=IN_THE_MIDDLE)
        before = kill(victim)
        still = kill(new_victim(again=victim, kill_at=point))
        assert before.epochs.items() <= still.epochs.items(), point
        after = finish(new_victim(again=victim), still)
        assert after.export == undisturbed_export, point
        assert max(after.attempts.values()) <= 3, point


@with_every_commit("postgresql")
@pytest.mark.parametrize("step", steps(12))
def test_killed_while_it_gives_back_what_it_held(step, new_victim, undisturbed_export):
    """Stopped by Ctrl-C in the middle of a pack, and killed before it could put its trials back, or right after."""
    stopped = new_victim(stop_after=BLOCKS)
    assert outcome(run, stopped) == STOPPED, stopped.complaint
    found = Evidence(stopped.address)
    assert found.held == {} and found.counts["pending"]
    points = list(points_of(stopped, "release", "end"))
    assert len(points) >= 6
    for point in points[::step]:
        victim = new_victim(stop_after=BLOCKS, kill_at=point)
        before = kill(victim)
        after = finish(new_victim(again=victim), before)
        assert after.export == undisturbed_export, point


@pytest.mark.nightly
@with_every_commit("sqlite")
@pytest.mark.parametrize("step", steps(3))
def test_killed_while_lost_packs_are_cut_in_two(step, new_victim, undisturbed_export):
    """Every pack is lost until its trials are alone, so every trial is trained several times in one run."""
    losing = new_victim(loses_packs=True)
    assert outcome(run, losing) == 0, losing.complaint
    found = Evidence(losing.address)
    found.check_whole()
    assert found.export == undisturbed_export
    points = list(points_of(losing, "try_again")) + [point for point in points_of(losing) if "DELETE epoch" in point[0]]
    assert len(points) >= 5
    for point in points[::step]:
        victim = new_victim(loses_packs=True, kill_at=point)
        before = kill(victim)
        after = finish(new_victim(again=victim, loses_packs=True), before)
        assert after.export == undisturbed_export, point
