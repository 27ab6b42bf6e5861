"""The trials of a sweep that wait, as groups whose members are read from the store only when their pack is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from fitgap.runner.driver.sweeps import WrittenSweep
from fitgap.runner.errors import StoreError
from fitgap.runner.planning.packs import PlannedTrial, TrialGroup, pack_shape, work_of
from fitgap.runner.spec import Configuration
from fitgap.runner.store import Row, Store


def pending_groups(store: Store, written: WrittenSweep) -> list[TrialGroup]:
    """The groups of the trials that wait."""
    groups = (StoredGroup(store, written, row).group() for row in store.pending_groups(written.sweep_id))
    return [group for group in groups if group]


@dataclass(frozen=True)
class StoredGroup:
    """A group in the store. In memory are, once it is packed, the numbers of its trials and nothing else."""

    store: Store
    written: WrittenSweep
    row: Row

    def group(self) -> TrialGroup | None:
        """What is to be packed; None where other drivers have taken all of it meanwhile."""
        numbers = self.store.pending_numbers(self.written.sweep_id, self.row, limit=1)
        trials = planned_trials(self.store, numbers.tolist())
        if not trials:
            return None
        shape = pack_shape(trials[0].configuration, self.written.prepared)
        return TrialGroup(shape, self.row["count"], self.row["epochs_left"], self.row["worker_failures"], self.select)

    @cached_property
    def numbers(self) -> np.ndarray:
        return self.store.pending_numbers(self.written.sweep_id, self.row)

    def select(self, start: int, stop: int) -> Sequence[PlannedTrial]:
        """Some of its trials, in their order."""
        return planned_trials(self.store, self.numbers[start:stop].tolist())


def planned_trials(store: Store, numbers: Sequence[int]) -> list[PlannedTrial]:
    """What is to be trained as these trials."""
    rows = store.planned(numbers)
    settings = {row["configuration_id"]: row["settings"] for row in rows}
    configurations = {number: Configuration.from_canonical(each) for number, each in settings.items()}
    return [
        PlannedTrial(
            row["id"], configurations[row["configuration_id"]], row["repeat"], row["epoch"], row["worker_failures"]
        )
        for row in rows
    ]


@dataclass(frozen=True)
class ExpectedWork:
    """What a sweep has left to do: so many trials, and their epochs times the connections of their networks."""

    store: Store
    written: WrittenSweep
    trials: int
    total: float

    def of(self, numbers: Sequence[int]) -> Mapping[int, tuple[int, float]]:
        """For each of these trials the epochs it has left and what one of them costs."""
        return work_of(planned_trials(self.store, numbers), self.written.prepared)

    def standing(self) -> tuple[int, int] | None:
        """How many trials have ended and how many have not, whoever trains them; None if the database cannot tell."""
        try:
            rows = self.store.sweeps()
        except (StoreError, OSError):
            # Training meets it too, and continues if it can.
            return None
        counts = next((row for row in rows if row["sweep"] == self.written.sweep_id), None)
        left = counts["pending"] + counts["running"] if counts else 0
        return (counts["trials"] - left, left) if counts else None


def expected_work(store: Store, written: WrittenSweep) -> ExpectedWork:
    """The work that the trials that wait now will be."""
    groups = pending_groups(store, written)
    return ExpectedWork(store, written, sum(group.count for group in groups), sum(group.work for group in groups))
