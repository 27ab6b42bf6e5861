"""Decides which trials of a sweep that prunes go on, each time all trials of a bracket have reached a rung."""

from fitgap.runner.driver.written_sweep import WrittenSweep
from fitgap.runner.store import DriverSession, Store


class Rungs:
    """The rungs of a sweep, if it has any. Every driver of the sweep may decide a rung; all would decide the same."""

    def __init__(self, store: Store, session: DriverSession, written: WrittenSweep):
        self.store, self.session, self.written = store, session, written
        self.settings = written.prepared.sweep.pruning

    def decide(self) -> bool:
        """Decide the rungs that are due; returns whether there were any."""
        if self.settings is None or not self.store.has_due_rungs(self.written.sweep_id):
            return False
        return self.session.decide_rungs(self.written.sweep_id)


def legs_to_come(written: WrittenSweep) -> int:
    """The number of legs after the first one, each with at most as much work as the first; 0 without rungs."""
    sweep = written.prepared.sweep
    return len(sweep.pruning.rungs(max(sweep.axes["epochs"]))) if sweep.pruning else 0
