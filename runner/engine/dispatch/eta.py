"""How fast work gets done, and so how long the rest would take."""

import contextlib
import time
from collections.abc import Iterator

from fitgap.runner.messages import Block, PackTask

# So long must be watched before the rate means something.
SECONDS_TO_TELL = 0.3
# What a connection takes for an example in an epoch, with its part in E_t and E_v, as measured on packs of a thousand
# connections a network and more; those of a few dozen take many times as long.
ROUGH_SECONDS = 2e-10


class WorkRate:
    """Watches the blocks of packs. `expected_work` is the sum over their members of epochs × `work_per_epoch`."""

    def __init__(self, expected_work: float, example_count: int):
        self.expected_work = expected_work
        self.rough_seconds = ROUGH_SECONDS * example_count
        self.done = 0.0
        # Of epochs that are not over, by the first trial of their pack.
        self.parts: dict[int, float] = {}
        self.restart()

    def restart(self) -> None:
        """Watch from now on: from here things go at another rate."""
        self.started = time.monotonic()
        self.done_before = self.seen

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """What happens meanwhile, such as loading, does not count."""
        before = time.monotonic()
        yield
        self.started += time.monotonic() - before

    @property
    def seen(self) -> float:
        """Work done, with the parts of epochs that are not over: one long epoch is enough to tell."""
        return self.done + sum(self.parts.values())

    def count(self, task: PackTask, block: Block) -> None:
        """Take in a block of a task."""
        self.parts.pop(task.trials[0], None)
        self.done += task.work_per_epoch * (int(block.trained.count.sum()) if block.trained else 0)
        if block.part:
            self.parts[task.trials[0]] = task.work_per_epoch * len(block.part[0]) * block.part[1]

    @property
    def seconds_watched(self) -> float:
        return time.monotonic() - self.started

    def seconds_left(self) -> float:
        """How long the rest would take at this rate; a rough guess before enough is done to tell."""
        left, watched, done = self.expected_work - self.seen, self.seconds_watched, self.seen - self.done_before
        if not done or watched < SECONDS_TO_TELL:
            return left * self.rough_seconds
        return left * watched / done
