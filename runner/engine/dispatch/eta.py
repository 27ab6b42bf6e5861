"""The rate at which work is done, and the estimated time left."""

import contextlib
import time
from collections.abc import Iterator

from fitgap.runner.messages import Block, PackTask

# The rate is trusted only after this many seconds of observation.
SECONDS_TO_MEASURE = 0.3
# Seconds per connection, example and epoch, including the measurement of E_t and E_v. Measured on packs of networks
# with a thousand connections or more; networks with a few dozen take many times as long per connection.
ROUGH_SECONDS = 2e-10


class WorkRate:
    """Measures the rate from blocks. `expected_work` is the sum over all members of epochs × `work_per_epoch`."""

    def __init__(self, expected_work: float, example_count: int):
        self.expected_work = expected_work
        self.rough_seconds = ROUGH_SECONDS * example_count
        self.done = 0.0
        # Work done in unfinished epochs, by the first trial of the pack.
        self.parts: dict[int, float] = {}
        self.restart()

    def restart(self) -> None:
        """Start measuring anew, because the rate changes from now on."""
        self.started = time.monotonic()
        self.done_before = self.work_done

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count the time spent inside, such as for loading modules."""
        before = time.monotonic()
        yield
        self.started += time.monotonic() - before

    @property
    def work_done(self) -> float:
        """Work done, including unfinished epochs, so that one long epoch is enough to measure the rate."""
        return self.done + sum(self.parts.values())

    def count(self, task: PackTask, block: Block) -> None:
        """Add a block of a task."""
        self.parts.pop(task.trials[0], None)
        self.done += task.work_per_epoch * (int(block.trained.count.sum()) if block.trained else 0)
        if block.part:
            self.parts[task.trials[0]] = task.work_per_epoch * len(block.part[0]) * block.part[1]

    @property
    def seconds_watched(self) -> float:
        return time.monotonic() - self.started

    def seconds_left(self) -> float:
        """Seconds that the rest would take at this rate; a rough guess until the rate is known."""
        left, done = self.expected_work - self.work_done, self.work_done - self.done_before
        watched = self.seconds_watched
        if not done or watched < SECONDS_TO_MEASURE:
            return left * self.rough_seconds
        return left * watched / done
