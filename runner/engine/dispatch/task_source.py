"""Tasks as they are given, with those that came back before them."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Self

from fitgap.runner.messages import PackTask


class TaskSource(Iterator[PackTask]):
    """What an engine takes its tasks from; like `tasks`, it may have more to give after it had nothing."""

    def __init__(self, tasks: Iterator[PackTask]):
        self.tasks = tasks
        self.returned: deque[PackTask] = deque()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> PackTask:
        return self.returned.popleft() if self.returned else next(self.tasks)

    def give_back(self, tasks: Iterable[PackTask]) -> None:
        """Somebody else is to train these."""
        self.returned += tasks
