"""Halving prunes the same trials after any crash and with any number of drivers."""

import signal

import pytest
from support.faults.children import outcome
from support.faults.evidence import Evidence
from support.faults.several_drivers import train_together
from support.faults.victims import STOPPED, run
from support.sampling import at_night, on_sqlite_per_commit, steps

# Two brackets with rungs after epochs 1 and 3, and in one of them after 6; dropout and rates that diverge.
HALVED = """\
name: halved
data: xor
seed: 5
repeats: 2
training: {batch_size: 2, keep: best}
halving: {factor: 3, first: 1}
axes:
  epochs: [3, 6]
  architecture: [2, 3]
  regularizer: [none, {dropout: {ratio: 0.2}}]
  optimizer: [{adam: {rate: [0.003, 0.1]}}, {gradient_descent: {rate: 1e+30}}]
"""
TRIALS = 2 * 2 * 2 * 3 * 2
# The same configurations in random order, in brackets with different rungs.
HYPERBAND = HALVED.replace("halving: {factor: 3, first: 1}", "hyperband: {factor: 3, first: 1}").replace(
    "repeats: 2", f"repeats: 2\nsearch: {{method: random, trials: {TRIALS}}}"
)
# A search whose generations are brackets, and which learns from the pruned trials too.
LEARNING = HYPERBAND.replace("hyperband:", "halving:").replace("method: random", "method: tpe, generation: 8, lag: 1")


def found_by(victim):
    """What is in the database once the sweep has been finished; checks that every trial has ended."""
    found = Evidence(victim.address)
    assert set(found.counts) == {"completed", "diverged", "pruned"} and sum(found.counts.values()) == TRIALS
    assert found.broken_invariants == [] and found.gaps == []
    pruned = {number: row for number, row in found.trials.items() if row.status == "pruned"}
    assert {row.trial_id: row.epoch for row in found.rows["state"]} == {
        number: row.epochs for number, row in pruned.items()
    }
    assert all(row.epochs == row.leg and row.verdict is None for row in pruned.values())
    ranks = sorted((row.configuration_id, row.repeat, row.leg, row.rank) for row in found.trials.values())
    return ranks, found.export


@pytest.fixture
def undisturbed(new_victim):
    victim = new_victim(sweep=HALVED)
    assert outcome(run, victim) == 0, victim.complaint
    return victim


@on_sqlite_per_commit
@pytest.mark.parametrize("step", steps(240))
def test_killed_at_any_point_it_prunes_the_same(step, undisturbed, new_victim):
    expected = found_by(undisturbed)
    points = [
        (name, count)
        for name, last in sorted(undisturbed.points.items())
        if name.split()[0] in ("decide_rungs", "claim", "record")
        for count in range(1, last + 1)
    ]
    assert sum(name == "decide_rungs before commit" for name, _ in points) >= 2
    for point in points[::step]:
        victim = new_victim(sweep=HALVED, kill_at=point)
        assert outcome(run, victim) == -signal.SIGKILL, f"{point} was not met; {victim.complaint}"
        assert outcome(run, last := new_victim(again=victim, sweep=victim.sweep)) == 0, last.complaint
        assert found_by(victim) == expected, point


@on_sqlite_per_commit
@pytest.mark.parametrize("blocks", [5, at_night(1), at_night(12), at_night(20)])
def test_stopped_and_resumed_it_prunes_the_same(blocks, undisturbed, new_victim):
    victim = new_victim(sweep=HALVED, stop_after=blocks)
    assert outcome(run, victim) == STOPPED, victim.complaint
    assert outcome(run, last := new_victim(again=victim, sweep=victim.sweep)) == 0, last.complaint
    assert found_by(victim) == found_by(undisturbed)


@on_sqlite_per_commit
def test_packs_that_are_lost_change_nothing(undisturbed, new_victim):
    victim = new_victim(sweep=HALVED, loses_packs=True)
    assert outcome(run, victim) == 0, victim.complaint
    assert found_by(victim) == found_by(undisturbed)


@on_sqlite_per_commit
@pytest.mark.parametrize(
    ("sweep", "drivers"),
    [
        (HALVED, 3),
        at_night(HALVED, 8),
        at_night(HYPERBAND, 3),
        at_night(HYPERBAND, 8),
        at_night(LEARNING, 3),
        at_night(LEARNING, 8),
    ],
)
def test_several_drivers_prune_what_one_prunes(sweep, drivers, new_victim):
    undisturbed = new_victim(sweep=sweep)
    assert outcome(run, undisturbed) == 0, undisturbed.complaint
    first = train_together(new_victim, sweep, drivers)
    assert found_by(first) == found_by(undisturbed)
