"""The Ray engine inside the process that hosts Ray: every pack is a Ray task that streams its blocks back."""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from fitgap.core.datasets import Dataset
from fitgap.runner.engine.cluster.description import Cluster
from fitgap.runner.engine.dispatch.pack_memory import most_waiting_blocks
from fitgap.runner.engine.dispatch.running_pack import RunningPack, in_halves, packs_to_cut
from fitgap.runner.engine.interface import ClusterStatus, Notify, ignore
from fitgap.runner.engine.ray import remote_training as remote
from fitgap.runner.engine.ray.own_cluster import LocalCluster
from fitgap.runner.engine.ray.pack_failures import has_lost_objects, is_of_this_node, lost_pack
from fitgap.runner.engine.ray.remote_cluster import RemoteCluster
from fitgap.runner.engine.ray.stop_signals import StopSignals
from fitgap.runner.engine.worker.examples import KeptRepeats, RepeatKey
from fitgap.runner.errors import ClusterLostError, EngineError
from fitgap.runner.messages import Block, PackTask
from fitgap.runner.system.cores import usable_cores

# Spare tasks wait inside Ray, so that a worker never waits for the driver: one per this many workers, but at least
# LEAST_SPARE_TASKS.
WORKERS_PER_SPARE_TASK = 8
LEAST_SPARE_TASKS = 2
# How long to wait for a block at a time, so that Ctrl-C is noticed.
POLL_SECONDS = 0.2

Answer = TypeVar("Answer")


class RayEngine:
    """Trains packs on its own Ray on this machine, which it starts and stops, or on a cluster."""

    name = "ray"

    def __init__(
        self,
        dataset: Dataset,
        workers: int | None = None,
        cluster: Cluster | None = None,
        notify: Notify = ignore,
    ):
        self.dataset, self.notify = dataset, notify
        self.place: LocalCluster | RemoteCluster = (
            RemoteCluster(cluster, workers) if cluster else LocalCluster(workers or usable_cores())
        )
        self.running: dict[Any, RayPack] = {}
        # The halves of packs that were cut in two.
        self.cut: deque[PackTask] = deque()
        self.numbers = itertools.count()
        self.is_stopping = False
        self.error: BaseException | None = None
        self._started, self._ended = threading.Event(), threading.Event()

    @property
    def workers(self) -> int:
        """How many packs can train at the same time."""
        return self.place.workers

    @property
    def cluster_status(self) -> ClusterStatus | None:
        """The state of the cluster, if there is one."""
        return self.place.cluster_status(len(self.running))

    def __enter__(self) -> Self:
        """Start Ray in the background; `run` waits for it.

        Ray starts in a separate thread that lives as long as Ray, because Ray's processes end with the thread that
        started them. Ctrl-C does not reach that thread, so it cannot leave Ray half started.
        """
        self.place.prepare()
        self._thread = threading.Thread(target=self._run_ray, name="fitgap-ray", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._started.wait()
        # If the cluster is gone, shutting down would wait for it.
        if self.error is None and ClusterLostError not in exception:
            import ray

            ray.shutdown()
        self._ended.set()
        self._thread.join()
        self.place.close()

    def _run_ray(self) -> None:
        try:
            self.place.open()
            self._prepare()
        except (Exception, SystemExit) as error:
            # Ray raises SystemExit if it finds no cluster.
            self.error = error
        self._started.set()
        self._ended.wait()

    def _prepare(self) -> None:
        import ray

        dataset, size = ray.put(self.dataset), self.dataset.inputs.nbytes
        # One worker prepares the examples; all workers read them from Ray's object store.
        prepare = ray.remote(num_cpus=1, max_retries=-1)(RepeatKey.prepare)
        self.prepared = KeptRepeats(lambda key: StoredExamples(prepare.remote(key, dataset), size))
        # No retries: Ray would replay a lost stream from its first block, but blocks are cut by time and would differ.
        self.train: Any = ray.remote(num_cpus=1, max_retries=0)(remote.train_pack_remotely)

    @property
    def is_ready(self) -> bool:
        """Whether Ray can take work."""
        return self._started.is_set() and self.error is None

    @property
    def trouble(self) -> str | None:
        """Why Ray could not be started, and what to do; None while it is starting or running."""
        if self.error is None:
            return None
        reason = str(self.error).strip().splitlines() or [type(self.error).__name__]
        return f"Ray could not be started: {reason[-1]}; {self.place.advice}"

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        self.wait_until_started()
        if self.trouble:
            raise EngineError(self.trouble)
        if self.is_stopping:
            return
        self.submit(tasks)
        while self.running:
            yield from self.poll(POLL_SECONDS)
            for line in self.place.news():
                self.notify(line)
            self.submit(tasks)

    def wait_until_started(self) -> None:
        """Wait until Ray can take work, has failed to start, or is no longer needed."""
        while not self._started.wait(POLL_SECONDS) and not self.is_stopping:
            pass

    def stop(self) -> None:
        self.is_stopping = True
        if self._started.is_set():
            self.place.stop_signals.ask_all_to_leave()

    @property
    def most_in_flight(self) -> int:
        """How many packs Ray has at the same time, including those that wait for a worker."""
        spare = max(LEAST_SPARE_TASKS, self.workers // WORKERS_PER_SPARE_TASK)
        return self.place.most_in_flight or self.workers + spare

    def submit(self, tasks: Iterator[PackTask]) -> None:
        """Submit tasks to Ray; if there are too few, cut packs in two for idle workers."""
        self.submit_tasks(tasks)
        self.cut_for_idle_workers()
        self.flush_signals()

    def submit_tasks(self, tasks: Iterator[PackTask]) -> None:
        """Submit tasks to Ray until every worker has one and some are spare."""
        while not self.is_stopping and len(self.running) < self.most_in_flight:
            task = self.cut.popleft() if self.cut else next(tasks, None)
            if task is None:
                break
            self._submit(task)

    def cut_for_idle_workers(self) -> None:
        """Ask packs to leave, so that each can be cut in two and an idle worker gets one half."""
        for pack in packs_to_cut(self.running.values(), self.workers - len(self.running)):
            pack.ask_to_leave()

    def flush_signals(self) -> None:
        """Tell workers on other machines which packs should leave."""
        self.place.stop_signals.flush()

    def _submit(self, task: PackTask) -> None:
        pack = RayPack(task, next(self.numbers), self.place.stop_signals)
        examples = (each.reference for each in self.prepared.of_task(task).values())
        terms = remote.Terms(self.place.stop_signals.for_pack(pack.number), self.place.versions)
        waiting = most_waiting_blocks(task, self.most_in_flight)
        options = {"_generator_backpressure_num_objects": waiting, **self.place.task_options(task)}
        self.running[self.train.options(**options).remote(task, terms, *examples)] = pack

    def ask_worker(self, question: Callable[[], Answer]) -> Answer:
        """Call a function in a worker and return its result."""
        self.wait_until_started()
        import ray

        answer: Any = ray.get(ray.remote(num_cpus=1)(question).remote())
        return answer

    def poll(self, seconds: float) -> Iterator[Block]:
        """The next block, if one arrives within `seconds`. Streams that have ended are removed from `running`."""
        import ray

        # `wait` also accepts streams, but its annotations allow only references.
        wait: Any = ray.wait
        for stream in wait(list(self.running), num_returns=1, timeout=seconds)[0]:
            try:
                block: Any = ray.get(next(stream))
                pack = self.running[stream]
                self.place.on_block(pack.task, block, time.monotonic() - pack.updated_at if pack.first_epoch else 0.0)
                pack.update(block)
                yield block
            except StopIteration:
                self.cut += in_halves(self._remove(stream).rest())
            except ray.exceptions.RayError as error:
                yield self._failure_block(self._remove(stream), error)

    def _failure_block(self, pack: "RayPack", error: Exception) -> Block:
        if is_of_this_node(error):
            raise ClusterLostError("Ray has died on this machine") from None
        if has_lost_objects(error):
            # The lost examples will be prepared again.
            self.prepared.clear()
        return lost_pack(pack.task, error)

    def _remove(self, stream: Any) -> "RayPack":
        pack = self.running.pop(stream)
        self.place.stop_signals.forget(pack.number)
        return pack


class RayPack(RunningPack):
    """A pack on Ray, with the number that identifies it in stop signals."""

    def __init__(self, task: PackTask, number: int, signals: StopSignals):
        super().__init__(task)
        self.number, self.signals = number, signals

    def ask_to_leave(self) -> None:
        self.is_leaving = True
        self.signals.ask_to_leave(self.number)


@dataclass(frozen=True)
class StoredExamples:
    """A reference to the examples of a repeat in Ray's object store, with an upper bound of their size."""

    reference: Any
    byte_count: int
