"""Adds rounds of repeats to a sweep, each as soon as the results that determine it are known."""

from fitgap.runner.driver.generations import Generations
from fitgap.runner.driver.written_sweep import WrittenSweep
from fitgap.runner.store import DriverSession, Store


class FurtherRepeats:
    """The rounds of a sweep, if it has any. Every driver of the sweep may add the next one; all would add the same."""

    def __init__(self, store: Store, session: DriverSession, written: WrittenSweep, generations: Generations):
        self.store, self.session, self.written, self.generations = store, session, written, generations
        self.settings = written.prepared.sweep.rounds

    def extend(self) -> bool:
        """Add the round that is due; returns whether there was one."""
        if self.settings is None or not self.generations.is_complete:
            return False
        found = self.store.rounds_so_far(self.written.sweep_id)
        if found is None or not found.missing:
            return False
        self.session.add_repeats(self.written.sweep_id, found.missing, found.known)
        return True


def repeats_to_come(store: Store, written: WrittenSweep) -> int:
    """The number of trials of the next round that are not written yet; 0 if there is no such round."""
    if written.prepared.sweep.rounds is None:
        return 0
    found = store.rounds_so_far(written.sweep_id)
    return len(found.missing) if found else 0
