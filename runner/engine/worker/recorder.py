"""What becomes a row of the epochs that a pack trains, and what is held back since it may become one yet."""

from collections import deque

import numpy as np
from fitgap.core.causes import late_start
from fitgap.core.results import EpochResults
from fitgap.runner.messages import MEASURED, EpochCounts, EpochRows
from fitgap.runner.recorded_epochs import Recording, always_recorded


class Recorder:
    """Collects rows for the next block. A trial that ends gets those by which it is judged, whatever is recorded."""

    def __init__(self, recording: Recording, trials: np.ndarray):
        self.recording = recording
        self.trials = trials
        self.taken: list[EpochRows] = []
        # Of epochs that are not recorded: the best of each trial so far, and the latest, whose first may begin the last
        # tenth of a trial that ends now.
        self.best: dict[int, EpochRows] = {}
        self.latest: deque[EpochRows] = deque()
        self.last = np.zeros(len(trials), int)
        self.count = np.zeros(len(trials), int)

    @property
    def has_news(self) -> bool:
        return bool(self.count.any())

    def add(self, results: EpochResults, better: np.ndarray) -> None:
        """Take in an epoch, the best so far of the members in the positions `better`."""
        self.last[results.members] = results.epoch
        self.count[results.members] += 1
        rows = rows_of(results, self.trials)
        trials = rows.trial_id[better].tolist()
        if self.recording.includes(results.epoch):
            self.taken.append(rows)
            for trial in trials:
                self.best.pop(trial, None)
            return
        self.best |= {trial: rows.where(rows.trial_id == trial) for trial in trials}
        self.latest.append(rows)
        while self.latest[0].epoch[-1] < late_start(results.epoch):
            self.latest.popleft()

    def end(self, trial: int, last: int, best: int | None) -> None:
        """A trial has ended: that by which it is judged becomes rows."""
        wanted = [epoch for epoch in always_recorded(last, best) if not self.recording.includes(epoch)]
        held = self.held(trial) if wanted else None
        if held:
            self.taken.append(held.where(np.isin(held.epoch, wanted)))

    def held(self, trial: int) -> EpochRows | None:
        """What is held back of a trial, each epoch once; None where there is nothing."""
        parts = [rows.where(rows.trial_id == trial) for rows in self.latest]
        parts += [self.best[trial]] if trial in self.best else []
        if not parts:
            return None
        rows = EpochRows.joined(parts)
        return rows.where(np.unique(rows.epoch, return_index=True)[1])

    def take_up(self, held: EpochRows, best: int) -> None:
        """Go on with what was held back of a trial whose best epoch is `best`."""
        self.latest.append(held)
        if best in held.epoch:
            self.best[int(held.trial_id[0])] = held.where(held.epoch == best)

    def take(self) -> tuple[EpochRows | None, EpochCounts | None]:
        """The rows since the last block, and what was trained where they do not tell."""
        rows = EpochRows.joined(self.taken) if self.taken else None
        counted = None if self.recording.is_complete else self._counts()
        self.taken = []
        self.count[:] = 0
        return rows, counted

    def _counts(self) -> EpochCounts | None:
        chosen = np.flatnonzero(self.count)
        return EpochCounts(self.trials[chosen], self.last[chosen], self.count[chosen]) if chosen.size else None


def rows_of(results: EpochResults, trials: np.ndarray) -> EpochRows:
    """The rows of an epoch, `trials` (K,) being the numbers of the members."""
    epoch = np.full(len(results.members), results.epoch)
    return EpochRows(trials[results.members], epoch, **{name: getattr(results, name) for name in MEASURED})


def as_array(rows: EpochRows) -> np.ndarray:
    """Rows of one trial as (n, columns), to be saved."""
    return np.column_stack([rows.epoch, *(getattr(rows, name) for name in MEASURED)]).astype(np.float64)


def from_array(trial: int, numbers: np.ndarray) -> EpochRows:
    """The rows of a trial that `as_array` wrote."""
    epoch, *measured = numbers.T
    return EpochRows(np.full(len(epoch), trial), epoch.astype(int), *measured)
