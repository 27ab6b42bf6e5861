"""How many trials and how much work a sweep has left, for this driver and the others together."""

from dataclasses import dataclass, field

# Seconds between queries to the database; queries take at most one QUERY_SHARE-th of the time.
QUERY_SECONDS = 2.0
QUERY_SHARE = 50
# A pause between two blocks of at least this many seconds, and this many times the mean pause, means that the process
# was suspended or the machine was asleep.
LONG_PAUSE_SECONDS, UNUSUAL = 60.0, 20


@dataclass
class TrialCount:
    """Trials that have ended since this driver started, trained by any driver, and those that are left."""

    left: int
    ended: int = 0
    # The ended trials that this driver trained.
    own: int = 0
    # How many had ended before this driver started.
    earlier: int | None = None

    @property
    def total(self) -> int:
        return self.ended + self.left

    @property
    def others(self) -> int:
        """How many were ended by other drivers or cancelled."""
        return self.ended - self.own

    def end(self, count: int) -> None:
        """Count trials that this driver has ended."""
        self.own += count
        self.ended += count
        self.left = max(0, self.left - count)

    def update(self, ended: int, left: int) -> None:
        """Set the numbers that the database reports: other drivers end trials, and trials may be added."""
        if self.earlier is None:
            self.earlier = ended - self.own
        self.ended = max(self.own, ended - self.earlier)
        self.left = left


@dataclass
class WorkLeft:
    """The work left in a sweep: exact for the trials that this driver has seen, estimated from them for the others."""

    expected_trials: int
    expected_work: float
    seen_trials: int = 0
    seen_work: float = 0.0
    # The work left in each seen trial that has not ended.
    open_work: dict[int, float] = field(default_factory=dict)
    open_sum: float = 0.0

    def add(self, trial: int, work: float) -> None:
        """Add a trial that is seen for the first time."""
        self.seen_trials += 1
        self.seen_work += work
        self.open_work[trial] = work
        self.open_sum += work

    def do(self, trial: int, work: float) -> None:
        """Subtract work that was done on a trial."""
        self.open_work[trial] -= work
        self.open_sum -= work

    def end(self, trial: int) -> float:
        """Remove a trial that has ended; returns the work that it leaves undone."""
        rest = self.open_work.pop(trial, 0.0)
        self.open_sum -= rest
        return rest

    def in_trials(self, trials_left: int) -> float:
        """The work in all trials that are left, given their number."""
        # Other drivers may have taken over some trials that this one started.
        own = min(len(self.open_work), trials_left)
        share = own / len(self.open_work) if self.open_work else 0.0
        return max(0.0, self.open_sum * share) + (trials_left - own) * self.expected_mean

    @property
    def expected_mean(self) -> float:
        """The expected work of a trial that has not been seen yet."""
        unseen = self.expected_trials - self.seen_trials
        return max(0.0, self.expected_work - self.seen_work) / unseen if unseen > 0 else self.mean

    @property
    def mean(self) -> float:
        """The mean work of the seen trials."""
        return self.seen_work / self.seen_trials if self.seen_trials else 0.0


class ActiveTime:
    """Seconds of activity, without the time in which the process was suspended."""

    def __init__(self, now: float) -> None:
        self.last = now
        self.seconds = 0.0
        self.pauses = 0

    def tick(self, now: float) -> None:
        """Note that a block has arrived."""
        self.seconds = self.until(now)
        self.pauses += 1
        self.last = now

    def until(self, now: float) -> float:
        """The seconds of activity until `now`."""
        pause = now - self.last
        usual_pause = self.seconds / self.pauses if self.pauses else pause
        return self.seconds + (usual_pause if pause > max(LONG_PAUSE_SECONDS, UNUSUAL * usual_pause) else pause)
