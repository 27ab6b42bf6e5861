"""The automatic engine: trains in this process first, then in local processes, and long sweeps with Ray."""

import contextlib
import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Self

from fitgap.core.datasets import Dataset
from fitgap.runner.engine.dispatch.eta import WorkRate
from fitgap.runner.engine.dispatch.running_pack import RunningPack
from fitgap.runner.engine.dispatch.task_source import TaskSource
from fitgap.runner.engine.interface import Notify, ignore
from fitgap.runner.engine.local_processes.pool import ProcessPool
from fitgap.runner.engine.local_processes.shared_examples import ExamplesHere, SharedRepeats
from fitgap.runner.engine.ray_client.client import RayClient
from fitgap.runner.errors import EngineError
from fitgap.runner.messages import Block, PackTask
from fitgap.runner.system.cores import usable_cores

# With less work left than this, local processes would not pay off.
WORTH_PROCESSES_SECONDS = 0.5
# With less work left than this, Ray would not pay off.
WORTH_RAY_SECONDS = 10.0
# The rate is measured this long before deciding about Ray, since blocks arrive only every half second.
SECONDS_BEFORE_RAY = 1.5
# How long to wait for a block at a time, so that Ctrl-C is noticed.
POLL_SECONDS = 0.2


class AutoEngine:
    """Trains in this process until helpers are ready, which then take over everything, even the pack in training.

    `expected_work` is the sum over all tasks of `PackTask.work_per_epoch` times epochs and members. `notify` is called
    with a message for the user if something cannot be started. `early` holds local processes started in advance.
    """

    cluster_status = None
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
        self.work_rate = WorkRate(expected_work, dataset.example_count)
        self.pool = early or ProcessPool(SharedRepeats(dataset))
        self.shared = self.pool.shared
        self.ray: RayClient | None = None
        self.is_stopping = False
        # Whether local processes have become ready; whether the decision for or against Ray has been made.
        self.has_processes = self.is_ray_decided = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.pool.close()
        self.shared.clear()
        if self.ray:
            self.ray.__exit__()

    def stop(self) -> None:
        self.is_stopping = True
        self.pool.stop()
        if self.ray:
            self.ray.stop()

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        source = TaskSource(tasks)
        self.pool.receive_ready()
        while True:
            self._use_helpers(source)
            if self._is_training_elsewhere:
                yield from self._poll(POLL_SECONDS)
            elif not self.is_stopping and (task := next(source, None)) is not None:
                yield from self._train_here(task, source)
            else:
                return

    @property
    def _is_training_elsewhere(self) -> bool:
        return bool(self.pool.running or (self.ray and self.ray.running))

    def _train_here(self, task: PackTask, source: TaskSource) -> Iterator[Block]:
        """Train a pack until it ends or a helper can continue it."""
        with self.work_rate.paused():
            from fitgap.runner.engine.worker.pack_trainer import train_pack
        self.pack = RunningPack(task)
        for block in train_pack(task, ExamplesHere(self.shared), self._should_leave):
            self.work_rate.count(task, block)
            self.pack.update(block)
            yield block
            source.give_back(self.pack.rest())
            self._use_helpers(source)
            yield from self._poll(0)

    def _should_leave(self) -> bool:
        self.pool.receive_ready()
        self.pack.is_leaving = self._helper is not None
        return self.pack.is_leaving or self.is_stopping

    def _poll(self, seconds: float) -> Iterator[Block]:
        """The blocks that helpers have sent; waits at most `seconds` for one."""
        is_on_ray = self.ray is not None and bool(self.ray.running)
        for task, block in self.pool.poll(0 if is_on_ray else seconds):
            self.work_rate.count(task, block)
            yield block
        if self.ray and is_on_ray:
            yield from self.ray.poll(seconds)

    @property
    def _helper(self) -> "ProcessPool | RayClient | None":
        """The helper that takes the next tasks; None if this process does."""
        if self.ray and self.ray.is_ready:
            return self.ray
        return self.pool if self.pool.is_ready else None

    def _use_helpers(self, source: TaskSource) -> None:
        """Start the helpers that pay off, check on them, and give them work."""
        if self.is_stopping:
            return
        if self.workers > 1:
            self._start_processes_if_worth_it()
            self._start_ray_if_worth_it()
        self._check_ray()
        self._check_processes(source)
        if self._helper:
            self._helper.submit(source)

    def _start_processes_if_worth_it(self) -> None:
        if not self.pool.is_started and self.work_rate.seconds_left() > WORTH_PROCESSES_SECONDS:
            self.pool.start(self.workers)

    def _start_ray_if_worth_it(self) -> None:
        # If local processes are starting, wait for their rate.
        is_settled = self.pool.is_ready or not self.pool.workers
        if self.ray or self.is_ray_decided or not is_settled or self.work_rate.seconds_watched < SECONDS_BEFORE_RAY:
            return
        if self.work_rate.seconds_left() > WORTH_RAY_SECONDS:
            ray = RayClient(self.dataset, self.workers)
            try:
                self.ray = ray.__enter__()
            except EngineError as error:
                self.is_ray_decided = True
                self.notify(f"{error}; {self._continuation()}")

    def _check_processes(self, source: TaskSource) -> None:
        if self.pool.is_ready and not self.has_processes:
            self.has_processes = True
            self.work_rate.restart()
        if trouble := self.pool.new_trouble():
            self.notify(f"a training process could not be started ({trouble}); {self._continuation()}")
        if self.pool.is_retiring or not self.pool.workers:
            source.give_back(self.pool.take_back())

    def _check_ray(self) -> None:
        if self.ray is None or self.is_ray_decided:
            return
        # Ray has no packs yet, so polling only shows whether it has started.
        deque(self.ray.poll(0))
        if self.ray.is_ready:
            self.pool.retire()
        elif self.ray.trouble:
            self.notify(f"{self.ray.trouble}; {self._continuation()}")
        self.is_ray_decided = self.ray.is_ready or self.ray.trouble is not None

    def _continuation(self) -> str:
        count = max(1, len(self.pool.workers))
        return f"training continues in {count} process{'es' if count > 1 else ''}"


@contextlib.contextmanager
def early_processes(dataset: Dataset, workers: int | None, work: Iterable[float]) -> Iterator[ProcessPool | None]:
    """Local processes that load their modules while the plan is being written; None if they do not pay off.

    `work` yields parts of the expected work; they are summed only until the decision is clear. The processes end when
    the context is left.
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
