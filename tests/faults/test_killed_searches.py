"""A search that learns proposes the same configurations after any crash and with any number of drivers."""

import signal

import pytest
from support.faults.children import outcome
from support.faults.evidence import Evidence
from support.faults.several_drivers import train_together
from support.faults.victims import run
from support.sampling import at_night, every_row, on_sqlite_per_commit

# Each generation of eight, in two shapes, needs the results of the earlier ones.
SEARCH = """\
name: searched
data: xor
seed: 3
search: {method: METHOD, trials: 34, generation: 8, lag: LAG}
training: {epochs: 2, batch_size: 2}
axes:
  architecture: [2, 3]
  activation: [relu, sigmoid]
  optimizer: [{adam: {rate: 1e-3..1}}, {gradient_descent: {rate: [0.1, 1e+30]}}]
"""
METHODS = ("tpe", "cmaes", "nsga2", "advice")


def search(method="tpe", lag=0):
    return SEARCH.replace("METHOD", method).replace("LAG", str(lag))


def found_by(victim):
    """The proposals and results once the sweep has been finished; checks that every trial was trained."""
    found = Evidence(victim.address)
    found.check_whole()
    assert sum(found.counts.values()) == 34
    proposed = [(row.hash, row.proposal) for row in sorted(found.rows["configuration"], key=lambda row: row.id)]
    return proposed, found.export


@on_sqlite_per_commit
@pytest.mark.parametrize(
    ("method", "lag", "one_in"),
    [
        *every_row(8, [(method, lag, 240) for method in METHODS for lag in (0, 1)]),
        # The transactions are the same for all methods, so only one method is killed at every point.
        *(at_night(method, lag, 1 if method == "tpe" else 10) for method in METHODS for lag in (0, 1)),
    ],
)
def test_killed_at_any_point_a_search_proposes_the_same(method, lag, one_in, new_victim):
    undisturbed = new_victim(sweep=search(method, lag))
    assert outcome(run, undisturbed) == 0, undisturbed.complaint
    expected = found_by(undisturbed)
    points = [
        (name, count)
        for name, last in sorted(undisturbed.points.items())
        if name.split()[0] in ("add_generation", "claim", "record")
        for count in range(1, last + 1)
    ]
    assert sum(name.startswith("add_generation") for name, _ in points) >= 4
    for point in points[::one_in]:
        victim = new_victim(sweep=search(method, lag), kill_at=point)
        assert outcome(run, victim) == -signal.SIGKILL, f"{point} was not met; {victim.complaint}"
        assert outcome(run, last := new_victim(again=victim, sweep=victim.sweep)) == 0, last.complaint
        assert found_by(victim) == expected, point


@on_sqlite_per_commit
@pytest.mark.parametrize(("method", "drivers"), [("tpe", 3), at_night("tpe", 8), at_night("advice", 3)])
def test_several_drivers_propose_what_one_proposes(method, drivers, new_victim):
    alone = new_victim(sweep=search(method))
    assert outcome(run, alone) == 0, alone.complaint
    first = train_together(new_victim, search(method), drivers)
    assert found_by(first) == found_by(alone)
