"""The engine on Ray: every pack is a task, its blocks stream back. The only file that imports Ray."""

import contextlib
import itertools
import logging
import os
import secrets
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from core.data import Dataset
from core.preprocessing import Examples
from runner.blas import THREAD_VARIABLES
from runner.engine.cores import usable_cores
from runner.engine.guardian import start_guardian
from runner.engine.prepared import KeptRepeats, RepeatKey, repeats_of
from runner.engine.running_pack import RunningPack, in_halves, packs_to_cut
from runner.engine.worker import train_pack
from runner.errors import EngineError
from runner.messages import Block, Loss, PackTask

# Tasks beyond the number of workers that wait inside Ray, so that a worker never waits for the driver.
SPARE_TASKS = 2
# How long to wait for a block before looking up again, so that Ctrl-C is heard.
POLL_SECONDS = 0.2
# Blocks of one task that may wait for the driver; a worker that is further ahead waits as well.
MOST_WAITING_BLOCKS = 100
# The file in the workers' folder that asks all packs to leave.
STOP = "stop"

# Read by Ray when it is imported or started; workers inherit them.
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray 2.60 listens on every interface and replaces the address it is given; this makes it keep to loopback.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    **dict.fromkeys(THREAD_VARIABLES, "1"),
}
LOOPBACK = "127.0.0.1"

Answer = TypeVar("Answer")


class RayEngine:
    """Trains packs on the workers of a Ray that it starts on this machine and stops at the end."""

    name = "ray"

    def __init__(self, dataset: Dataset, workers: int | None = None):
        self.dataset = dataset
        self.workers = workers or usable_cores()
        self.running: dict[Any, RayPack] = {}
        # What is left of packs that were cut in two.
        self.cut: deque[PackTask] = deque()
        self.numbers = itertools.count()
        self.is_stopping = False
        self.error: Exception | None = None
        self._started, self._ended = threading.Event(), threading.Event()

    def __enter__(self) -> Self:
        """Start Ray in the background; `run` waits for it.

        In a thread of its own, which lives as long as Ray does: Ray's processes end with the thread that started them,
        and Ctrl-C is not heard there, which would leave Ray half started.
        """
        # Workers stand in this folder as long as they live.
        self.folder = tempfile.TemporaryDirectory(prefix="fitgap-")
        self._guardian = start_guardian(self.folder.name)
        self._thread = threading.Thread(target=self._live, name="fitgap-ray", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._started.wait()
        if self.error is None:
            import ray

            ray.shutdown()
        self._ended.set()
        self._thread.join()
        if self._guardian and self._guardian.stdin:
            self._guardian.stdin.close()
            self._guardian.wait()
        self.folder.cleanup()

    def _live(self) -> None:
        try:
            start_ray(self.workers, self.folder.name)
            self._prepare()
        except Exception as error:
            self.error = error
        self._started.set()
        self._ended.wait()

    def _prepare(self) -> None:
        import ray

        dataset, size = ray.put(self.dataset), self.dataset.inputs.nbytes
        # Prepared by a worker, and read by all of them where Ray keeps it.
        prepare = ray.remote(num_cpus=1)(RepeatKey.prepare)
        self.prepared = KeptRepeats(lambda key: StoredExamples(prepare.remote(key, dataset), size))
        # Ray would start a lost stream again from its first block, but blocks are cut by the clock and would differ.
        options: Any = {"max_retries": 0, "_generator_backpressure_num_objects": MOST_WAITING_BLOCKS}
        self.train = ray.remote(num_cpus=1, **options)(train_pack_remotely)

    @property
    def is_ready(self) -> bool:
        """Whether Ray can take work."""
        return self._started.is_set() and self.error is None

    @property
    def trouble(self) -> str | None:
        """Why Ray could not be started, and what to do; None as long as it starts or where it runs."""
        if self.error is None:
            return None
        reason = str(self.error).strip().splitlines() or [type(self.error).__name__]
        advice = "`fitgap doctor` looks into it, --engine local does without Ray"
        return f"Ray could not be started: {reason[-1]}; {advice}"

    def abandon(self) -> None:
        shutil.rmtree(self.folder.name, ignore_errors=True)

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        self._wait_until_started()
        self.submit(tasks)
        while self.running:
            yield from self.poll(POLL_SECONDS)
            self.submit(tasks)

    def _wait_until_started(self) -> None:
        while not self._started.wait(POLL_SECONDS) and not self.is_stopping:
            pass
        if self.trouble:
            raise EngineError(self.trouble)

    def stop(self) -> None:
        self.is_stopping = True
        # Workers look for this file after every epoch.
        self.file(STOP).touch()

    def file(self, name: str) -> Path:
        return Path(self.folder.name) / name

    def submit(self, tasks: Iterator[PackTask]) -> None:
        """Hand tasks to Ray until every worker has one and some wait; cut packs in two for workers without any."""
        while not self.is_stopping and len(self.running) < self.workers + SPARE_TASKS:
            task = self.cut.popleft() if self.cut else next(tasks, None)
            if task is None:
                break
            pack = RayPack(task, self.file(f"leave-{next(self.numbers)}"))
            examples = (each.reference for each in self.prepared.of_task(task).values())
            self.running[self.train.remote(task, pack.leave_file, *examples)] = pack
        for pack in packs_to_cut(self.running.values(), self.workers - len(self.running)):
            pack.ask_to_leave()

    def ask_worker(self, question: Callable[[], Answer]) -> Answer:
        """What a function says that is called in a worker."""
        self._wait_until_started()
        import ray

        self._wait_until_started()
        answer: Any = ray.get(ray.remote(num_cpus=1)(question).remote())
        return answer

    def poll(self, seconds: float) -> Iterator[Block]:
        """The next block of a stream, waiting so long for one; streams that have ended leave `running`."""
        import ray

        # Ray's annotations know references, but not the streams that `wait` takes as well.
        wait: Any = ray.wait
        for stream in wait(list(self.running), num_returns=1, timeout=seconds)[0]:
            try:
                block: Any = ray.get(next(stream))
                self.running[stream].take_in(block)
                yield block
            except StopIteration:
                self.cut += in_halves(self.running.pop(stream).rest())
            except ray.exceptions.RayError as error:
                yield lost_pack(self.running.pop(stream).task, error)


class RayPack(RunningPack):
    """A pack that Ray has, and the file whose existence asks it to leave."""

    def __init__(self, task: PackTask, leave_file: Path):
        super().__init__(task)
        self.leave_file = leave_file

    def ask_to_leave(self) -> None:
        self.is_leaving = True
        self.leave_file.touch()


@dataclass(frozen=True)
class StoredExamples:
    """The examples of a repeat that Ray keeps or will soon, and how large they are at most."""

    reference: Any
    byte_count: int


class ReceivedExamples:
    """The examples of a pack's repeats, in the order of their numbers, as Ray hands them to a worker."""

    def __init__(self, examples: Sequence[Examples]):
        self.examples = examples

    def of_task(self, task: PackTask) -> dict[int, Examples]:
        return dict(zip(repeats_of(task), self.examples, strict=True))


def train_pack_remotely(task: PackTask, leave_file: Path, *examples: Examples) -> Iterator[Block]:
    """The task that a worker runs."""
    stop_file = leave_file.with_name(STOP)
    source = ReceivedExamples(examples)
    yield from train_pack(task, source, lambda: leave_file.exists() or stop_file.exists())


def lost_pack(task: PackTask, error: Exception) -> Block:
    """A pack whose worker was lost or broke down."""
    return Block(None, (), loss=Loss(task, task.trials, reason_of(error)))


def reason_of(error: Exception) -> str:
    """Why a worker was lost, in a line that helps whoever reads it in the table of trials."""
    import ray

    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return "out of memory: Ray ended its worker; a smaller batch or network needs less, as do fewer --workers"
    if isinstance(error, ray.exceptions.WorkerCrashedError):
        return "its worker died; the system ends processes without a word when memory runs out"
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"worker lost: {lines[-1]}"


def start_ray(workers: int, folder: str) -> None:
    """Start a Ray of our own on this machine, listening on loopback only, without dashboard or usage statistics."""
    os.environ.update(ENVIRONMENT)
    # A token of our own: nobody else on this machine can submit work, and no token file is left behind.
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    import ray

    # Ray puts the current folder at the head of the workers' module path; a `core` or `runner.py` there must not win.
    with contextlib.chdir(folder):
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            _node_ip_address=LOOPBACK,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
