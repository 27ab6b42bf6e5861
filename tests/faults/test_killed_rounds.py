"""Rounds of repeats are the same after any crash and with any number of drivers."""

import signal

import pytest
from support.faults.children import outcome
from support.faults.evidence import Evidence
from support.faults.several_drivers import train_together
from support.faults.victims import run
from support.sampling import on_sqlite_per_commit, steps

# Two shapes. Configurations that learn slowly are separated from the rest after two repeats, those that diverge at
# once.
SWEEP = """\
name: repeated
data: iris
seed: 4
repeats: {from: 1, to: 4}
training: {epochs: 2, batch_size: 16}
axes:
  architecture: [2, 6]
  optimizer: [{adam: {rate: [0.0001, 0.01, 0.05]}}, {gradient_descent: {rate: 1e+30}}]
"""


def found_by(victim):
    """The results once the sweep has been finished; checks that every trial was trained."""
    found = Evidence(victim.address)
    found.check_whole()
    assert set(found.counts) == {"completed", "diverged"}
    return found.export


@on_sqlite_per_commit
@pytest.mark.parametrize("step", steps(300))
def test_killed_at_any_point_a_sweep_has_the_same_rounds(step, new_victim):
    undisturbed = new_victim(sweep=SWEEP)
    assert outcome(run, undisturbed) == 0, undisturbed.complaint
    expected = found_by(undisturbed)
    points = [
        (name, count)
        for name, last in sorted(undisturbed.points.items())
        if name.split()[0] in ("add_repeats", "claim", "record")
        for count in range(1, last + 1)
    ]
    assert sum(name == "add_repeats before commit" for name, _ in points) >= 3
    for point in [points[0], *points[step // 2 :: step]]:
        victim = new_victim(sweep=SWEEP, kill_at=point)
        assert outcome(run, victim) == -signal.SIGKILL, f"{point} was not met; {victim.complaint}"
        assert outcome(run, last := new_victim(again=victim, sweep=victim.sweep)) == 0, last.complaint
        assert found_by(victim) == expected, point


@on_sqlite_per_commit
def test_several_drivers_have_the_rounds_of_one(new_victim):
    alone = new_victim(sweep=SWEEP)
    assert outcome(run, alone) == 0, alone.complaint
    first = train_together(new_victim, SWEEP, 2)
    assert found_by(first) == found_by(alone)
