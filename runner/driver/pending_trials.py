"""The pending trials of a sweep, as groups whose trials are read from the store only when a pack needs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from fitgap.runner.driver.rounds import repeats_to_come
from fitgap.runner.driver.written_sweep import WrittenSweep
from fitgap.runner.errors import StoreError
from fitgap.runner.planning.packs import PlannedTrial, TrialGroup, pack_shape, work_of
from fitgap.runner.spec import Configuration
from fitgap.runner.store import Row, Store

# The work of at most this many packed trials is remembered until it is counted.
MOST_PLANNED = 100_000


def pending_groups(store: Store, written: WrittenSweep) -> list[TrialGroup]:
    """The groups of the pending trials."""
    groups = (StoredGroup(store, written, row).group() for row in store.pending_groups(written.sweep_id))
    return [group for group in groups if group]


@dataclass(frozen=True)
class StoredGroup:
    """A group in the store. Once it is packed, only the numbers of its trials are in memory."""

    store: Store
    written: WrittenSweep
    row: Row

    def group(self) -> TrialGroup | None:
        """The group to be packed; None if other drivers have taken all its trials meanwhile."""
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
        """The trials from position `start` to `stop`."""
        trials = planned_trials(self.store, self.numbers[start:stop].tolist())
        if len(self.written.planned) > MOST_PLANNED:
            # The work is not being counted.
            self.written.planned.clear()
        self.written.planned.update(work_of(trials, self.written.prepared))
        return trials


def planned_trials(store: Store, numbers: Sequence[int]) -> list[PlannedTrial]:
    """The configuration, repeat and progress of the trials with these numbers."""
    rows = store.planned(numbers)
    settings = {row["configuration_id"]: row["settings"] for row in rows}
    configurations = {number: Configuration.from_canonical(each) for number, each in settings.items()}
    return [
        PlannedTrial(
            row["id"],
            configurations[row["configuration_id"]],
            row["repeat"],
            row["epoch"],
            row["worker_failures"],
            row["leg"],
        )
        for row in rows
    ]


@dataclass(frozen=True)
class ExpectedWork:
    """The work left in a sweep: the number of trials, and the sum of their epochs times connections."""

    store: Store
    written: WrittenSweep
    trials: int
    total: float

    def of(self, numbers: Sequence[int]) -> Mapping[int, tuple[int, float]]:
        """For each of these trials, the epochs left and the work of one epoch. To be called once per trial."""
        known = {number: self.written.planned.pop(number) for number in numbers if number in self.written.planned}
        others = [number for number in numbers if number not in known]
        return known | (work_of(planned_trials(self.store, others), self.written.prepared) if others else {})

    def verdict_counts(self) -> Mapping[str, int]:
        """How many configurations have each verdict so far; empty if the database fails."""
        try:
            return self.store.verdict_counts(self.written.sweep_id)
        except (StoreError, OSError):
            return {}

    def trial_counts(self) -> tuple[int, int] | None:
        """The numbers of trials that have ended and that are left, over all drivers; None if the database fails."""
        try:
            rows = self.store.sweeps()
        except (StoreError, OSError):
            # Training gets the same error, and continues if it can.
            return None
        counts = next((row for row in rows if row["sweep"] == self.written.sweep_id), None)
        left = counts["pending"] + counts["running"] if counts else 0
        return (counts["trials"] - left, left) if counts else None

    def has_rounds(self) -> bool:
        """Whether rounds of repeats may add trials."""
        return self.written.prepared.sweep.rounds is not None

    def has_round_to_come(self) -> bool:
        """Whether a round of repeats is due but not written yet; False if the database fails."""
        try:
            return repeats_to_come(self.store, self.written) > 0
        except (StoreError, OSError):
            return False

    def epochs_left(self) -> int | None:
        """The largest number of epochs that a pruning sweep may still train, over all drivers; None for others or if
        the database fails.
        """
        if self.written.prepared.sweep.pruning is None:
            return None
        try:
            return self.store.progress(self.written.sweep_id).epochs_left
        except (StoreError, OSError):
            return None


def expected_work(store: Store, written: WrittenSweep) -> ExpectedWork:
    """The work in the trials that are pending now."""
    groups = pending_groups(store, written)
    return ExpectedWork(store, written, sum(group.count for group in groups), sum(group.work for group in groups))
