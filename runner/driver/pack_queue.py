"""What is left to train: packs of pending trials, claimed when an engine takes them, cut in two when one is lost."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Self

from fitgap.runner.driver.fit_keeper import FitKeeper
from fitgap.runner.driver.pending import pending_groups
from fitgap.runner.driver.sweeps import WrittenSweep
from fitgap.runner.messages import Block, PackFailure, PackTask, TrialEnd
from fitgap.runner.planning.packs import pack_groups
from fitgap.runner.status import Status
from fitgap.runner.store import DriverSession, Store

# A trial that is alone in its pack and is lost so often has failed.
ATTEMPTS_ALONE = 3
# A trial may lose its node so often before it is taken for a possible cause.
MOST_BLAMELESS_FAILURES = 10


class PackQueue(Iterator[PackTask]):
    """The packs of a sweep. It may have more to give after it said that there is nothing: what was lost comes again."""

    def __init__(
        self, store: Store, session: DriverSession, written: WrittenSweep, workers: int, cache: int | None = None
    ):
        self.store = store
        self.session = session
        self.written = written
        self.workers, self.cache = workers, cache
        self.fit = FitKeeper(session, written.sweep_id)
        self.is_stopped = self.is_cancelled = False
        # Trials that this driver has claimed and that have not ended.
        self.open: set[int] = set()
        self.failures_alone: Counter[int] = Counter()
        self.blameless_failures: Counter[int] = Counter()
        # Trials that were taken from this driver while their pack went on.
        self._refused: set[int] = set()
        self._planned: Iterator[PackTask] = iter(())
        # With whether what has lost them is to be held against them.
        self._again: deque[tuple[PackTask, bool]] = deque()
        self._claimed: deque[PackTask] = deque()

    def plan(self) -> bool:
        """Look for trials that wait and cut them into packs; returns whether there are any."""
        self._refused.clear()
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
        """Claim one more pack; StopIteration where there is none."""
        if self._again:
            task, counts = self._again.popleft()
            gained = self.session.try_again(task.trials, counts=counts)
        else:
            task = next(self._planned)
            # Cancelled and opened again, a trial may wait while its old pack still runs, of which blocks are missing.
            gained = self.session.claim([trial for trial in task.trials if trial not in self._refused])
        self.open |= gained
        self._claimed += with_states(task.subset(gained), self.store)

    def take_in(self, block: Block, refused: Iterable[int]) -> tuple[TrialEnd, ...]:
        """What has become of claimed trials: they ended, are no longer this driver's, or were lost with their pack.

        Returns the ends of those that were lost and are given up.
        """
        self.open -= {end.trial_id for end in block.ended}
        self.open.difference_update(refused)
        self._refused.update(refused)
        if refused and not self.open:
            # Somebody has cancelled all that is in flight; the workers need not train it to its end.
            self.is_cancelled = not self.store.pending_groups(self.written.sweep_id)
        return self._take_back(block.failure) if block.failure else ()

    def _take_back(self, failure: PackFailure) -> tuple[TrialEnd, ...]:
        left = [trial for trial in failure.trials if trial in self.open]
        task = failure.task.subset(left)
        if left and self._is_forgiven(failure, left):
            self._again.append((task, False))
            return ()
        if len(left) != 1:
            self._again += ((half, True) for half in (task.halves() if left else ()))
            return ()
        self.failures_alone.update(left)
        if not failure.is_certain and self.failures_alone[left[0]] < ATTEMPTS_ALONE:
            self._again.append((task, True))
            return ()
        return (TrialEnd(left[0], Status.FAILED, failure.reason),)

    def _is_forgiven(self, failure: PackFailure, left: Iterable[int]) -> bool:
        """Whether it was not their fault, as long as that is not said all the time."""
        if failure.is_blameless:
            self.blameless_failures.update(left)
        return failure.is_blameless and max(self.blameless_failures[each] for each in left) <= MOST_BLAMELESS_FAILURES


def with_states(task: PackTask, store: Store) -> list[PackTask]:
    """The task with the states its trials go on from: one task for every epoch at which some of them stand."""
    states = store.states(task.trials)
    by_epoch = defaultdict(list)
    for trial in task.trials:
        by_epoch[states[trial].epoch if trial in states else 0].append(trial)
    return [
        task.subset(trials).starting_from([states[trial].arrays for trial in trials if epoch])
        for epoch, trials in by_epoch.items()
    ]
