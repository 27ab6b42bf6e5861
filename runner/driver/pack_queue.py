"""The queue of packs to train: they are claimed when an engine takes them, and split in two when lost."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Self

from fitgap.runner.driver.fit_keeper import FitKeeper
from fitgap.runner.driver.generations import Generations
from fitgap.runner.driver.pending_trials import pending_groups
from fitgap.runner.driver.rounds import FurtherRepeats
from fitgap.runner.driver.rungs import Rungs
from fitgap.runner.driver.spending import Spending
from fitgap.runner.driver.written_sweep import WrittenSweep
from fitgap.runner.messages import Block, PackFailure, PackTask, TrialEnd
from fitgap.runner.planning.packs import pack_groups
from fitgap.runner.store import DriverSession, Store
from fitgap.runner.trial_status import Status

# A trial that is lost this often while alone in its pack has failed.
ATTEMPTS_ALONE = 3
# A trial may lose its node this often before it is treated as a possible cause.
MOST_BLAMELESS_FAILURES = 10


class PackQueue(Iterator[PackTask]):
    """The packs of a sweep. It may yield more after it was exhausted, since lost packs return to it."""

    def __init__(
        self,
        store: Store,
        session: DriverSession,
        written: WrittenSweep,
        workers: int,
        cache: int | None = None,
        spending: Spending | None = None,
    ):
        self.store = store
        self.session = session
        self.written = written
        self.workers, self.cache = workers, cache
        self.spending = spending or Spending()
        self.generations = Generations(store, session, written)
        self.rungs = Rungs(store, session, written)
        self.rounds = FurtherRepeats(store, session, written, self.generations)
        # Whether a trial has ended since the last check for due generations, rungs and rounds.
        self._has_news = False
        self.fit = FitKeeper(session, written.sweep_id)
        self.is_stopped = self.is_cancelled = False
        # Trials that this driver has claimed and that have not ended.
        self.open: set[int] = set()
        self.failures_alone: Counter[int] = Counter()
        self.blameless_failures: Counter[int] = Counter()
        # Trials that were taken from this driver while their pack was still training.
        self._refused: set[int] = set()
        self._planned: Iterator[PackTask] = iter(())
        # Lost packs, each with a flag that says whether the failure counts against its trials.
        self._lost_packs: deque[tuple[PackTask, bool]] = deque()
        self._claimed: deque[PackTask] = deque()

    def plan(self) -> bool:
        """Find pending trials and plan their packs, while no pack is in training; returns whether there are any."""
        self._refused.clear()
        return self._plan()

    def extend(self) -> bool:
        """Add the generations and rounds and decide the rungs that are due; returns whether there were any."""
        return self.generations.extend() or self.rungs.decide() or self.rounds.extend()

    def _plan(self) -> bool:
        groups = pending_groups(self.store, self.written)
        self._planned = pack_groups(groups, self.written.prepared, workers=self.workers, cache=self.cache)
        return bool(groups)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> PackTask:
        if self.is_stopped:
            raise StopIteration
        while not self._claimed:
            self._claim_next()
        return self._claimed.popleft()

    def _claim_next(self) -> None:
        """Claim one more pack. Raises StopIteration if there is none."""
        if self._lost_packs:
            task, counts = self._lost_packs.popleft()
            gained = self.session.try_again(task.trials, counts=counts)
        else:
            if self.spending.trials_left == 0:
                raise StopIteration
            task = self._next_planned()
            # A trial that was cancelled and retried may be pending while its old pack, with refused blocks, still runs.
            wanted = [trial for trial in task.trials if trial not in self._refused]
            gained = self.session.claim(wanted[: self.spending.trials_left])
            self.spending.trials += len(gained)
        self.open |= gained
        task = task.subset(gained)
        if self.rungs.settings:
            # Read after the claim, when the legs can no longer change.
            legs = self.store.legs(task.trials)
            task = replace(task, legs=tuple(legs[trial] for trial in task.trials))
        self._claimed += with_states(task, self.store)

    def _next_planned(self) -> PackTask:
        """The next pack of the plan, or of what has just become due: a generation, a rung or a round.

        Raises StopIteration if there is none.
        """
        found = next(self._planned, None)
        if found is None and self._has_news:
            self._has_news = False
            if self.extend():
                self._plan()
                found = next(self._planned, None)
        if found is None:
            raise StopIteration
        return found

    def update(self, block: Block, refused: Iterable[int]) -> tuple[TrialEnd, ...]:
        """Update the claimed trials from a block: some ended, some were refused (no longer this driver's) or lost.

        Returns the ends of lost trials that are given up.
        """
        self.open -= {end.trial_id for end in block.ended}
        self._has_news |= bool(block.ended)
        self.open.difference_update(refused)
        self._refused.update(refused)
        if refused and not self.open:
            # Everything in flight was cancelled, so workers need not finish it, unless others are pending or at a rung.
            self.is_cancelled = not (self.rungs.settings or self.store.pending_groups(self.written.sweep_id))
        return self._take_back(block.failure) if block.failure else ()

    def _take_back(self, failure: PackFailure) -> tuple[TrialEnd, ...]:
        left = [trial for trial in failure.trials if trial in self.open]
        task = failure.task.subset(left)
        if left and self._is_forgiven(failure, left):
            self._lost_packs.append((task, False))
            return ()
        if len(left) != 1:
            self._lost_packs += ((half, True) for half in (task.halves() if left else ()))
            return ()
        self.failures_alone.update(left)
        if not failure.is_certain and self.failures_alone[left[0]] < ATTEMPTS_ALONE:
            self._lost_packs.append((task, True))
            return ()
        return (TrialEnd(left[0], Status.FAILED, failure.reason),)

    def _is_forgiven(self, failure: PackFailure, left: Iterable[int]) -> bool:
        """Whether the failure does not count against the trials: it is blameless and has not happened too often."""
        if failure.is_blameless:
            self.blameless_failures.update(left)
        return failure.is_blameless and max(self.blameless_failures[each] for each in left) <= MOST_BLAMELESS_FAILURES


def with_states(task: PackTask, store: Store) -> list[PackTask]:
    """The task with the states from which its trials resume, split into one task per epoch reached."""
    states = store.states(task.trials)
    by_epoch = defaultdict(list)
    for trial in task.trials:
        by_epoch[states[trial].epoch if trial in states else 0].append(trial)
    return [
        task.subset(trials).starting_from([states[trial].arrays for trial in trials if epoch])
        for epoch, trials in by_epoch.items()
    ]
