"""The engine that decides for itself: it trains in this process at once, in plain processes as soon as these are there,
and what is long by Ray workers.
"""

import contextlib
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Self

from fitgap.core.data import Dataset
from fitgap.runner.engine.dispatch.eta import WorkRate
from fitgap.runner.engine.dispatch.running_pack import RunningPack
from fitgap.runner.engine.dispatch.task_source import TaskSource
from fitgap.runner.engine.processes.pool import ProcessPool
from fitgap.runner.engine.processes.shared_examples import ExamplesHere, SharedRepeats
from fitgap.runner.engine.protocol import Notify, ignore
from fitgap.runner.engine.ray_client.client import RayClient
from fitgap.runner.errors import EngineError
from fitgap.runner.messages import Block, PackTask
from fitgap.runner.system.cores import usable_cores

# Less than this is done here before plain processes have gained anything.
WORTH_PROCESSES_SECONDS = 0.5
# Less than this is done by plain processes before Ray workers have gained anything.
WORTH_RAY_SECONDS = 10.0
# So long the rate is watched before it decides about Ray: blocks come only every half second.
SECONDS_BEFORE_RAY = 1.5
# How long to wait for a block before looking up again, so that Ctrl-C is heard.
POLL_SECONDS = 0.2


class AutoEngine:
    """Trains in this process until others are there, which then take over, even the pack that is in training here.

    `expected_work` is the sum over all tasks of what `PackTask.work_per_epoch` says, times epochs and members. `tell`
    is called with a line for people where something could not be started. `early` are plain processes that were
    started before.
    """

    crew = None
    name = "auto"

    def __init__(
        self,
        dataset: Dataset,
        workers: int | None,
        expected_work: float,
        notify: Notify = ignore,
        early: ProcessPool | None = None,
    ):
        self.dataset = dataset
        self.workers = workers or usable_cores()
        self.notify = notify
        self.stopwatch = WorkRate(expected_work, dataset.example_count)
        self.plain = early or ProcessPool(SharedRepeats(dataset))
        self.shared = self.plain.shared
        self.ray: RayClient | None = None
        self.is_stopping = False
        # Whether the plain processes have come, and whether Ray has or never will.
        self.is_faster = self.is_decided = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.plain.close()
        self.shared.clear()
        if self.ray:
            self.ray.__exit__()

    def stop(self) -> None:
        self.is_stopping = True
        self.plain.stop()
        if self.ray:
            self.ray.stop()

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        source = TaskSource(tasks)
        self.plain.admit()
        while True:
            self._get_help(source)
            if self._others_train:
                yield from self._poll(POLL_SECONDS)
            elif not self.is_stopping and (task := next(source, None)) is not None:
                yield from self._train_here(task, source)
            else:
                return

    @property
    def _others_train(self) -> bool:
        return bool(self.plain.running or (self.ray and self.ray.running))

    def _train_here(self, task: PackTask, source: TaskSource) -> Iterator[Block]:
        """Train a pack until it ends or others can go on with it."""
        with self.stopwatch.stopped():
            from fitgap.runner.engine.worker.pack_trainer import train_pack
        self.pack = RunningPack(task)
        for block in train_pack(task, ExamplesHere(self.shared), self._should_leave):
            self.stopwatch.count(task, block)
            self.pack.take_in(block)
            yield block
            source.give_back(self.pack.rest())
            self._get_help(source)
            yield from self._poll(0)

    def _should_leave(self) -> bool:
        self.plain.admit()
        self.pack.is_leaving = self._helpers is not None
        return self.pack.is_leaving or self.is_stopping

    def _poll(self, seconds: float) -> Iterator[Block]:
        """What has come from others, waiting so long for it."""
        is_on_ray = self.ray is not None and bool(self.ray.running)
        for task, block in self.plain.poll(0 if is_on_ray else seconds):
            self.stopwatch.count(task, block)
            yield block
        if self.ray and is_on_ray:
            yield from self.ray.poll(seconds)

    @property
    def _helpers(self) -> "ProcessPool | RayClient | None":
        """Who takes the next tasks, if it is not this process."""
        if self.ray and self.ray.is_ready:
            return self.ray
        return self.plain if self.plain.is_ready else None

    def _get_help(self, source: TaskSource) -> None:
        """Start who is worth it, see what has become of it, and hand out work."""
        if self.is_stopping:
            return
        if self.workers > 1:
            self._start_processes_if_worth_it()
            self._start_ray_if_worth_it()
        self._look_at_ray()
        self._look_at_processes(source)
        if self._helpers:
            self._helpers.submit(source)

    def _start_processes_if_worth_it(self) -> None:
        if not self.plain.is_started and self.stopwatch.seconds_left() > WORTH_PROCESSES_SECONDS:
            self.plain.start(self.workers)

    def _start_ray_if_worth_it(self) -> None:
        # The rate that counts is that of the processes, if any are to come.
        is_settled = self.plain.is_ready or not self.plain.crew
        if self.ray or self.is_decided or not is_settled or self.stopwatch.seconds_watched < SECONDS_BEFORE_RAY:
            return
        if self.stopwatch.seconds_left() > WORTH_RAY_SECONDS:
            ray = RayClient(self.dataset, self.workers)
            try:
                self.ray = ray.__enter__()
            except EngineError as error:
                self.is_decided = True
                self.notify(f"{error}; {self._how_it_goes_on()}")

    def _look_at_processes(self, source: TaskSource) -> None:
        if self.plain.is_ready and not self.is_faster:
            self.is_faster = True
            self.stopwatch.restart()
        if trouble := self.plain.new_trouble():
            self.notify(f"a training process could not be started ({trouble}); {self._how_it_goes_on()}")
        if self.plain.is_retiring or not self.plain.crew:
            source.give_back(self.plain.take_back())

    def _look_at_ray(self) -> None:
        if self.ray is None or self.is_decided:
            return
        # It has no packs yet, so all it can tell is whether it has started.
        deque(self.ray.poll(0))
        if self.ray.is_ready:
            self.plain.retire()
        elif self.ray.trouble:
            self.notify(f"{self.ray.trouble}; {self._how_it_goes_on()}")
        self.is_decided = self.ray.is_ready or self.ray.trouble is not None

    def _how_it_goes_on(self) -> str:
        count = max(1, len(self.plain.crew))
        return f"training goes on in {count} process{'es' if count > 1 else ''}"


@contextlib.contextmanager
def early_processes(dataset: Dataset, workers: int | None, work: Iterable[float]) -> Iterator[ProcessPool | None]:
    """Plain processes that load what they need while the plan is still to be written; None where none are worth it.

    `work` are parts of the `expected_work`; they are added up only until it is clear. At the end the processes end too.
    """
    count = workers or usable_cores()
    if count < 2 or not is_worth_processes(work, dataset):
        yield None
        return
    processes = ProcessPool(SharedRepeats(dataset))
    try:
        processes.start(count)
        yield processes
    finally:
        processes.close()


def is_worth_processes(work: Iterable[float], dataset: Dataset) -> bool:
    sums = itertools.accumulate(work)
    return any(WorkRate(each, dataset.example_count).seconds_left() > WORTH_PROCESSES_SECONDS for each in sums)
