"""A source of tasks to which tasks can be returned."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Self

from fitgap.runner.messages import PackTask


class TaskSource(Iterator[PackTask]):
    """Yields returned tasks first, then those of `tasks`. Like `tasks`, it may yield more after it was exhausted."""

    def __init__(self, tasks: Iterator[PackTask]):
        self.tasks = tasks
        self.returned: deque[PackTask] = deque()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> PackTask:
        return self.returned.popleft() if self.returned else next(self.tasks)

    def give_back(self, tasks: Iterable[PackTask]) -> None:
        """Return tasks, for another helper to train."""
        self.returned += tasks
