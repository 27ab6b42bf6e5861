"""The engine on Ray: every pack is a task, its blocks stream back. The only file that imports Ray."""

import contextlib
import logging
import os
import secrets
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

from core.data import Dataset
from runner.blas import THREAD_VARIABLES
from runner.engine.cores import usable_cores
from runner.engine.worker import train_pack
from runner.messages import Block, Loss, PackTask

# Tasks beyond the number of workers that wait inside Ray, so that a worker never waits for the driver.
SPARE_TASKS = 2
# How long to wait for a block before looking up again, so that Ctrl-C is heard.
POLL_SECONDS = 0.2

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
        self.running: dict[Any, PackTask] = {}
        self.stop_file = Path()

    def __enter__(self) -> Self:
        # Workers stand in this folder as long as they live.
        self.folder = tempfile.TemporaryDirectory(prefix="fitgap-")
        self.stop_file = Path(self.folder.name) / "stop"
        with interrupts_waiting():
            start_ray(self.workers, self.folder.name)
        try:
            self._prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _prepare(self) -> None:
        import ray

        self.dataset_reference = ray.put(self.dataset)
        # Ray would start a lost stream again from its first block, but blocks are cut by the clock and would differ.
        self.train = ray.remote(num_cpus=1, max_retries=0)(train_pack_remotely)

    def __exit__(self, *exception: object) -> None:
        import ray

        ray.shutdown()
        self.folder.cleanup()

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        self.stop_file.unlink(missing_ok=True)
        self.submit(tasks)
        while self.running:
            yield from self.poll(POLL_SECONDS)
            self.submit(tasks)

    def stop(self) -> None:
        # Workers look for this file after every epoch.
        self.stop_file.touch()

    def submit(self, tasks: Iterator[PackTask]) -> None:
        """Hand tasks to Ray until every worker has one and some wait."""
        while len(self.running) < self.workers + SPARE_TASKS:
            task = next(tasks, None)
            if task is None:
                return
            self.running[self.train.remote(task, self.dataset_reference, self.stop_file)] = task

    def ask_worker(self, question: Callable[[], Answer]) -> Answer:
        """What a function says that is called in a worker."""
        import ray

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
                yield block
            except StopIteration:
                del self.running[stream]
            except ray.exceptions.RayError as error:
                yield lost_pack(self.running.pop(stream), error)


def train_pack_remotely(task: PackTask, dataset: Dataset, stop_file: Path) -> Iterator[Block]:
    """The task that a worker runs."""
    yield from train_pack(task, dataset, stop_file.exists)


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


@contextlib.contextmanager
def interrupts_waiting() -> Iterator[None]:
    """Let Ctrl-C wait until the end of the block: Ray, stopped while it starts, crashes or goes on without noticing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: waiting.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if waiting:
        raise KeyboardInterrupt


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
