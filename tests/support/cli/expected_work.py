"""The expected work of a progress line, without a database, and the ends of its trials."""

from dataclasses import dataclass

from fitgap.runner.messages import TrialEnd
from fitgap.runner.trial_status import Status


@dataclass(frozen=True)
class Expected:
    """The work of these trials, in the form in which the driver looks it up."""

    work: dict

    @property
    def trials(self):
        return len(self.work)

    @property
    def total(self):
        return sum(epochs * cost for epochs, cost in self.work.values())

    def of(self, numbers):
        return {number: self.work[number] for number in numbers}

    def trial_counts(self):
        """None, as if the database could not be queried; tests override this."""
        return None

    def verdict_counts(self):
        return {}

    def epochs_left(self):
        """None, as for sweeps that do not prune."""

    def has_rounds(self):
        return False


def ends(*trials, status=Status.COMPLETED):
    return tuple(TrialEnd(trial, status) for trial in trials)
