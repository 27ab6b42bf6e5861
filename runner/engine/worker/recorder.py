"""The recorder decides which trained epochs become rows, and holds back those that may still become rows."""

from collections import deque

import numpy as np
from fitgap.core.error_curves import late_start
from fitgap.core.results import EpochResults
from fitgap.runner.messages import MEASURED, EpochCounts, EpochRows
from fitgap.runner.recorded_epochs import Recording, always_recorded


class Recorder:
    """Collects rows for the next block. A trial always gets the rows needed for its verdict, whatever `record` says."""

    def __init__(self, recording: Recording, trials: np.ndarray):
        self.recording = recording
        self.trials = trials
        self.pending_rows: list[EpochRows] = []
        # Unrecorded epochs held back: the best so far of each trial, and the latest ones, which would be its last tenth
        # if it ended now.
        self.best: dict[int, EpochRows] = {}
        self.latest: deque[EpochRows] = deque()
        self.last = np.zeros(len(trials), int)
        self.count = np.zeros(len(trials), int)

    @property
    def has_news(self) -> bool:
        return bool(self.count.any())

    def add(self, results: EpochResults, better: np.ndarray) -> None:
        """Add an epoch. It is the best so far for the members at the positions `better`."""
        self.last[results.members] = results.epoch
        self.count[results.members] += 1
        rows = rows_of(results, self.trials)
        trials = rows.trial_id[better].tolist()
        if self.recording.includes(results.epoch):
            self.pending_rows.append(rows)
            for trial in trials:
                self.best.pop(trial, None)
            return
        self.best |= {trial: rows.where(rows.trial_id == trial) for trial in trials}
        self.latest.append(rows)
        while self.latest[0].epoch[-1] < late_start(results.epoch):
            self.latest.popleft()

    def end(self, trial: int, last: int, best: int | None) -> None:
        """Turn the held-back epochs that a verdict needs into rows, when a trial ends."""
        wanted = [epoch for epoch in always_recorded(last, best) if not self.recording.includes(epoch)]
        held = self.held(trial) if wanted else None
        if held:
            self.pending_rows.append(held.where(np.isin(held.epoch, wanted)))

    def held(self, trial: int) -> EpochRows | None:
        """The held-back rows of a trial, each epoch once; None if there are none."""
        parts = [rows.where(rows.trial_id == trial) for rows in self.latest]
        parts += [self.best[trial]] if trial in self.best else []
        if not parts:
            return None
        rows = EpochRows.joined(parts)
        return rows.where(np.unique(rows.epoch, return_index=True)[1])

    def restore(self, held: EpochRows, best: int) -> None:
        """Restore the held-back rows of a trial whose best epoch is `best`."""
        self.latest.append(held)
        if best in held.epoch:
            self.best[int(held.trial_id[0])] = held.where(held.epoch == best)

    def take(self) -> tuple[EpochRows | None, EpochCounts | None]:
        """The rows since the last block; also the number of epochs trained, if not all of them become rows."""
        rows = EpochRows.joined(self.pending_rows) if self.pending_rows else None
        counted = None if self.recording.is_complete else self._counts()
        self.pending_rows = []
        self.count[:] = 0
        return rows, counted

    def _counts(self) -> EpochCounts | None:
        chosen = np.flatnonzero(self.count)
        return EpochCounts(self.trials[chosen], self.last[chosen], self.count[chosen]) if chosen.size else None


def rows_of(results: EpochResults, trials: np.ndarray) -> EpochRows:
    """The rows of an epoch. `trials` (K,) holds the trial numbers of the members."""
    epoch = np.full(len(results.members), results.epoch)
    return EpochRows(trials[results.members], epoch, **{name: getattr(results, name) for name in MEASURED})


def as_array(rows: EpochRows) -> np.ndarray:
    """Rows of one trial as an array (n, columns) for a saved state."""
    return np.column_stack([rows.epoch, *(getattr(rows, name) for name in MEASURED)]).astype(np.float64)


def from_array(trial: int, numbers: np.ndarray) -> EpochRows:
    """The rows of a trial that `as_array` wrote."""
    epoch, *measured = numbers.T
    return EpochRows(np.full(len(epoch), trial), epoch.astype(int), *measured)
