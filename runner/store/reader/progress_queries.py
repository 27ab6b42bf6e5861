"""Queries for a sweep in training: its progress, its drivers, its pending trials and their saved states."""

from collections.abc import Sequence

import numpy as np
from fitgap.runner.messages import SavedState
from fitgap.runner.store.read import brackets, pending, progress, proposals, rounds
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.reader.open_database import OpenDatabase
from fitgap.runner.store.write import drivers_at_work, rungs
from fitgap.runner.store.write.claims import OtherDriver


class ProgressQueries(OpenDatabase):
    """A sweep in training, for drivers and for displays of progress."""

    def drivers_of(self, sweep_id: int) -> list[OtherDriver]:
        """The live drivers that have trained trials of a sweep."""
        with self._reading() as connection:
            return drivers_at_work.drivers_of_sweep(connection, sweep_id)

    def progress(self, sweep_id: int) -> progress.SweepProgress:
        """The progress of a sweep, by all drivers together."""
        with self._reading() as connection:
            return progress.sweep_progress(connection, sweep_id)

    def trial_progress(self, number: int) -> Row | None:
        """The progress of a trial: its status, verdict, and epochs; None if there is no such trial."""
        with self._reading() as connection:
            return progress.trial_progress(connection, number)

    def stored_epochs(self, sweep_id: int) -> int:
        """The number of stored epochs of the trials that have not ended, which grows while they are trained."""
        with self._reading() as connection:
            return progress.stored_epochs(connection, sweep_id)

    def proposal_counts(self, sweep_id: int) -> proposals.ProposalCounts:
        with self._reading() as connection:
            return proposals.proposal_counts(connection, sweep_id)

    def proposals_to_come(self, sweep_id: int) -> int:
        """How many configurations a search that learns has not proposed so far; 0 for all other sweeps."""
        return self._with_retries(lambda connection: proposals.proposals_to_come(connection, sweep_id))

    def proposals(self, sweep_id: int) -> list[Row]:
        """The proposals of a search in the order of the plan, with their results."""
        with self._reading() as connection:
            return proposals.proposal_rows(connection, sweep_id)

    def rounds_so_far(self, sweep_id: int) -> rounds.RoundsSoFar | None:
        """The progress of a sweep in its rounds of repeats; None if it has none or trials are pending or running."""
        return self._with_retries(lambda connection: rounds.rounds_so_far(connection, sweep_id))

    def rounds_answer(self, sweep_id: int) -> Row | None:
        """What the rounds of repeats of a sweep show; None if it has no rounds, or no result yet."""
        with self._reading() as connection:
            return rounds.rounds_answer(connection, sweep_id)

    def pending_groups(self, sweep_id: int) -> list[Row]:
        return self._with_retries(lambda connection: pending.pending_groups(connection, sweep_id))

    def pending_numbers(self, sweep_id: int, group: Row, *, limit: int | None = None) -> np.ndarray:
        return self._with_retries(lambda connection: pending.pending_numbers(connection, sweep_id, group, limit))

    def planned(self, trials: Sequence[int]) -> list[Row]:
        return self._with_retries(lambda connection: pending.planned(connection, trials))

    def has_due_rungs(self, sweep_id: int) -> bool:
        """Whether some rung can be decided, because all trials that were to reach it have done so."""
        return bool(self._with_retries(lambda connection: rungs.due_rungs(connection, sweep_id)))

    def has_rungs_ahead(self, sweep_id: int) -> bool:
        """Whether a trial has yet to reach or pass a rung, so that some pruning is undecided."""
        with self._reading() as connection:
            return brackets.has_rungs_ahead(connection, sweep_id)

    def legs(self, trials: Sequence[int]) -> dict[int, int | None]:
        return self._with_retries(lambda connection: pending.legs(connection, trials))

    def states(self, trials: Sequence[int]) -> dict[int, SavedState]:
        return self._with_retries(lambda connection: pending.states(connection, trials))
