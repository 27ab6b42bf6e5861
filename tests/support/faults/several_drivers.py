"""Several drivers of one sweep, started at the same moment."""

from contextlib import ExitStack

from support.faults.children import PATIENCE_SECONDS, child, nursery
from support.faults.victims import run_when_all_are_ready, write_ahead


def train_together(new_victim, sweep, drivers):
    """Train a sweep with several drivers and check that at least two of them wrote results; returns the first of
    them.
    """
    first = new_victim(sweep=sweep, pause=0.005)
    write_ahead(first)
    victims = [first, *(new_victim(again=first, sweep=first.sweep, pause=0.005) for _ in range(drivers - 1))]
    start = nursery().Barrier(drivers)
    with ExitStack() as stack:
        processes = [stack.enter_context(child(run_when_all_are_ready, victim, start)) for victim in victims]
        for process, victim in zip(processes, victims, strict=True):
            process.join(PATIENCE_SECONDS)
            assert process.exitcode == 0, victim.complaint
    assert sum(1 for victim in victims if victim.acknowledged) > 1
    return first
