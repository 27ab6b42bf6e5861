"""The engine that decides for itself: it trains at once in this process, and starts Ray when what remains is worth
it.
"""

import threading
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
        self.starter: RayStarter | None = None
        self.is_stopping = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.starter:
            self.starter.stop()

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        self.is_stopping = False
        for task in tasks:
            for block in train_pack(task, self.dataset, lambda: self.is_stopping):
                yield block
                self.stopwatch.count(task, block)
                self._start_ray_if_worth_it()
                # Ray's workers need not wait until the pack in this process has ended.
                if self._has_ray():
                    yield from self._feed_ray(tasks)
            if self._has_ray():
                yield from self._ray.run(tasks)

    def stop(self) -> None:
        self.is_stopping = True
        if self._has_ray():
            self._ray.stop()

    def _start_ray_if_worth_it(self) -> None:
        if not self.starter and self.workers > 1 and self.stopwatch.seconds_left() > WORTH_STARTING_RAY_SECONDS:
            self.starter = RayStarter(RayEngine(self.dataset, self.workers))

    def _has_ray(self) -> bool:
        return self.starter is not None and self.starter.engine_is_ready()

    @property
    def _ray(self) -> RayEngine:
        assert self.starter is not None
        return self.starter.engine

    def _feed_ray(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        self._ray.submit(tasks)
        if self._ray.running:
            yield from self._ray.poll(seconds=0)


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


class RayStarter:
    """Starts an engine in a thread of its own, which lives as long as the engine: Ray's processes end with it."""

    def __init__(self, engine: RayEngine):
        self.engine = engine
        self._ready = threading.Event()
        self._end = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="fitgap-ray", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.engine.__enter__()
        except Exception as error:
            self._error = error
        self._ready.set()
        self._end.wait()

    def engine_is_ready(self) -> bool:
        """Whether Ray can take work. Where it could not be started, this process simply goes on alone."""
        return self._ready.is_set() and self._error is None

    def stop(self) -> None:
        """Wait until Ray has started, then stop it."""
        self._ready.wait()
        if self._error is None:
            self.engine.__exit__()
        self._end.set()
        self._thread.join()
