"""Clocks that jump: no driver that lives is taken for dead."""

import itertools
from contextlib import ExitStack

import pytest
from harness.children import PATIENCE_SECONDS, child
from harness.evidence import Evidence
from harness.victims import run, write_ahead

HOUR = 3600.0
# Leases end several times over; whoever lives shows it ten times before it could be taken for dead.
TIMES = {"lease": 1.0, "beat": 0.2, "confirm": 2.0, "pause": 0.3}


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_drivers_whose_clocks_jump_apart_take_nothing_from_each_other(new_victim, undisturbed_export):
    """Each on a machine of its own, as far as they know; after a second their clocks are two hours apart."""
    first = new_victim(machine="one", clock_jump=HOUR, **TIMES)
    write_ahead(first)
    second = new_victim(again=first, machine="another", clock_jump=-HOUR, **TIMES)
    with ExitStack() as stack:
        processes = [stack.enter_context(child(run, victim)) for victim in (first, second)]
        for process, victim in zip(processes, (first, second), strict=True):
            process.join(PATIENCE_SECONDS)
            assert process.exitcode == 0, victim.complaint
    found = Evidence(first.address)
    found.check_whole()
    assert found.export == undisturbed_export
    assert set(found.attempts.values()) == {1}
    drivers = [row for row in found.rows["driver"] if row.ended]
    assert len(drivers) == 2 and not any(row.lost for row in drivers)
    apart = max(abs(one.ended - other.ended) for one, other in itertools.combinations(drivers, 2))
    assert apart > HOUR, "their clocks did not jump"
