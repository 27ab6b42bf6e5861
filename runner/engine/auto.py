"""The engine that decides for itself: it trains at once in this process, and starts Ray when what remains is worth
it.
"""

import time
from collections.abc import Iterator
from typing import Self

from core.data import Dataset
from runner.engine.cores import usable_cores
from runner.engine.ray import RayEngine
from runner.engine.worker import train_pack
from runner.messages import Block, PackTask

# What Ray needs to start; less remaining work than this is done sooner without it.
WORTH_STARTING_RAY_SECONDS = 4.0
SECONDS_TO_TELL = 1.0


class AutoEngine:
    """Trains the first packs in this process while Ray starts in the background, if it starts at all.

    `expected_work` is the sum over all tasks of what `PackTask.work_per_epoch` says, times epochs and members.
    """

    name = "auto"

    def __init__(self, dataset: Dataset, workers: int | None, expected_work: float):
        self.dataset = dataset
        self.workers = workers or usable_cores()
        self.stopwatch = Stopwatch(expected_work)
        self.ray: RayEngine | None = None
        self.is_stopping = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.ray:
            self.ray.__exit__()

    def abandon(self) -> None:
        if self.ray:
            self.ray.abandon()

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        for task in tasks:
            for block in train_pack(task, self.dataset, lambda: self.is_stopping):
                yield block
                self.stopwatch.count(task, block)
                self._start_ray_if_worth_it()
                # Ray's workers need not wait until the pack in this process has ended.
                if self.ray and self.ray.is_ready:
                    yield from feed(self.ray, tasks)
            if self.ray and self.ray.is_ready:
                yield from self.ray.run(tasks)

    def stop(self) -> None:
        self.is_stopping = True
        if self.ray and self.ray.is_ready:
            self.ray.stop()

    def _start_ray_if_worth_it(self) -> None:
        if not self.ray and self.workers > 1 and self.stopwatch.seconds_left() > WORTH_STARTING_RAY_SECONDS:
            self.ray = RayEngine(self.dataset, self.workers)
            self.ray.__enter__()


def feed(ray: RayEngine, tasks: Iterator[PackTask]) -> Iterator[Block]:
    """Give Ray's workers what they can take, and look what has come of it."""
    ray.submit(tasks)
    if ray.running:
        yield from ray.poll(seconds=0)


class Stopwatch:
    """How fast work gets done in this process, and so how long the rest would take."""

    def __init__(self, expected_work: float):
        self.expected_work = expected_work
        self.done = self.part = 0.0
        self.started = time.monotonic()

    def count(self, task: PackTask, block: Block) -> None:
        """Take in a block of a task."""
        self.done += task.work_per_epoch * (len(block.rows) if block.rows else 0)
        # Of an epoch that is not over, so that one long epoch is enough to tell.
        self.part = task.work_per_epoch * len(block.part[0]) * block.part[1] if block.part else 0.0

    def seconds_left(self) -> float:
        """How long the rest would take at this rate; 0 before enough is done to tell."""
        elapsed = time.monotonic() - self.started
        done = self.done + self.part
        if not done or elapsed < SECONDS_TO_TELL:
            return 0.0
        return (self.expected_work - done) * elapsed / done
