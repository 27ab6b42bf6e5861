"""How many trials of a sweep are left, and for how long: by what this driver trains and what the others leave."""

from dataclasses import dataclass, field

# The database is asked this often, and never for more than a fiftieth of the time.
LOOK_SECONDS = 2.0
LOOK_SHARE = 50
# A pause so long between two blocks, and so many times as long as they usually are, means that the process was
# suspended, or the machine was asleep.
LONG_PAUSE_SECONDS, UNUSUAL = 60.0, 20


@dataclass
class TrialCount:
    """Trials that have ended since this driver began, whoever trained them, and those that have not."""

    left: int
    ended: int = 0
    # By this driver.
    own: int = 0
    # How many had ended before.
    earlier: int | None = None

    @property
    def total(self) -> int:
        return self.ended + self.left

    @property
    def others(self) -> int:
        """How many have been ended by other drivers, or cancelled."""
        return self.ended - self.own

    def end(self, count: int) -> None:
        """This driver has ended trials."""
        self.own += count
        self.ended += count
        self.left = max(0, self.left - count)

    def see(self, ended: int, left: int) -> None:
        """The database says how many have ended and how many are left: others end some, and some may be added."""
        if self.earlier is None:
            self.earlier = ended - self.own
        self.ended = max(self.own, ended - self.earlier)
        self.left = left


@dataclass
class WorkLeft:
    """The work that is left: known of the trials that this driver has met, estimated from them for the others."""

    expected_trials: int
    expected_work: float
    met_trials: int = 0
    met_work: float = 0.0
    # Of the trials met that have not ended.
    open_work: dict[int, float] = field(default_factory=dict)
    open_sum: float = 0.0

    def meet(self, trial: int, work: float) -> None:
        """A trial is seen for the first time."""
        self.met_trials += 1
        self.met_work += work
        self.open_work[trial] = work
        self.open_sum += work

    def do(self, trial: int, work: float) -> None:
        """A part of a trial's work is done."""
        self.open_work[trial] -= work
        self.open_sum -= work

    def end(self, trial: int) -> float:
        """A trial has ended; returns the work that it leaves undone."""
        rest = self.open_work.pop(trial, 0.0)
        self.open_sum -= rest
        return rest

    def after(self, trials_left: int) -> float:
        """The work in all trials that are left."""
        # Some that this driver has begun may have been taken from it.
        own = min(len(self.open_work), trials_left)
        share = own / len(self.open_work) if self.open_work else 0.0
        return max(0.0, self.open_sum * share) + (trials_left - own) * self.usual

    @property
    def usual(self) -> float:
        """The work of a trial that was not met yet."""
        unmet = self.expected_trials - self.met_trials
        return max(0.0, self.expected_work - self.met_work) / unmet if unmet > 0 else self.mean

    @property
    def mean(self) -> float:
        """The mean work of the trials met."""
        return self.met_work / self.met_trials if self.met_trials else 0.0


class ActiveTime:
    """Seconds in which the process was at work, without those in which it was suspended."""

    def __init__(self, now: float) -> None:
        self.last = now
        self.seconds = 0.0
        self.pauses = 0

    def tick(self, now: float) -> None:
        """Something has happened."""
        self.seconds = self.until(now)
        self.pauses += 1
        self.last = now

    def until(self, now: float) -> float:
        """The seconds until now."""
        pause = now - self.last
        usual = self.seconds / self.pauses if self.pauses else pause
        return self.seconds + (usual if pause > max(LONG_PAUSE_SECONDS, UNUSUAL * usual) else pause)
