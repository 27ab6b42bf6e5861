"""Adds generations to a search that learns, each as soon as the results on which it is based are known."""

from fitgap.runner.driver.written_sweep import WrittenSweep
from fitgap.runner.planning.generations import generation_rows
from fitgap.runner.search import Result
from fitgap.runner.store import DriverSession, Store


class Generations:
    """The search of a sweep. Every driver of the sweep may add the next generation; all would add the same one."""

    def __init__(self, store: Store, session: DriverSession, written: WrittenSweep):
        self.store, self.session, self.written = store, session, written
        search = written.prepared.sweep.search
        self.settings = search if search and search.learns else None
        # No further configurations exist, or all wanted ones are proposed.
        self.is_complete = self.settings is None

    def extend(self) -> bool:
        """Add the generations that are due; returns whether there were any."""
        is_extended = False
        while not self.is_complete and self._add_next():
            is_extended = True
        return is_extended

    def _add_next(self) -> bool:
        """Add the next generation if it is due; returns whether the sweep has it now."""
        assert self.settings is not None
        size, wanted = self.settings.generation, self.settings.trials // self.written.prepared.repeat_count
        counts = self.store.proposal_counts(self.written.sweep_id)
        number, rest = divmod(counts.proposed, size)
        self.is_complete = counts.proposed >= wanted or rest > 0
        based_on = max(0, number - self.settings.lag) * size
        if self.is_complete or counts.settled < based_on:
            return False
        # Without those that another driver has added since they were counted.
        rows = self.store.proposals(self.written.sweep_id)[: counts.proposed]
        results = [Result(row["point"], row["error"], row["parameters"], row["rung"]) for row in rows[:based_on]]
        count = min(size, wanted - counts.proposed)
        generation = generation_rows(self.written.prepared, [row["hash"] for row in rows], results, number, count)
        self.is_complete = not generation.configurations
        self.session.add_generation(self.written.sweep_id, generation)
        return not self.is_complete


def configurations_to_come(store: Store, written: WrittenSweep) -> int:
    """How many configurations a search that learns has not proposed so far; 0 for all other sweeps."""
    prepared = written.prepared
    search = prepared.sweep.search
    if search is None or not search.learns:
        return 0
    proposed = store.proposal_counts(written.sweep_id).proposed
    return max(0, search.trials // prepared.repeat_count - proposed)
