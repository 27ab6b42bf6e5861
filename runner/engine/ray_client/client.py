"""The Ray engine as a driver uses it: packs go to a process that hosts Ray, and blocks come back."""

import contextlib
import os
import select
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import wait
from typing import Any, Self, TypeVar

from fitgap.core.datasets import Dataset
from fitgap.runner.engine.cluster.description import Cluster
from fitgap.runner.engine.cluster.ray_environment import cluster_environment, own_environment
from fitgap.runner.engine.interface import ClusterStatus, Notify, ignore
from fitgap.runner.engine.ray_client.host_messages import (
    HostLost,
    HostNews,
    HostSetup,
    HostState,
    HostTrouble,
    NoMoreTasks,
    WorkerAnswer,
    WorkerQuestion,
)
from fitgap.runner.engine.ray_client.last_words import last_words
from fitgap.runner.errors import ClusterLostError, EngineError
from fitgap.runner.files.unnamed_files import nameless_file
from fitgap.runner.messages import Block, PackTask
from fitgap.runner.system.child_processes import closing_descriptor, new_connections, new_pipe, start_child
from fitgap.runner.system.cores import usable_cores

# Ray takes about four seconds to start, and many more on a busy machine. Without a loopback device it waits forever.
SECONDS_TO_START = 90.0
# How long to wait for a block at a time, so that Ctrl-C is noticed.
POLL_SECONDS = 0.2
# The host stops our own Ray or disconnects from a cluster; if that takes longer, it is killed.
SECONDS_TO_LEAVE = 3.0
SECONDS_TO_CLEAN_UP = 15.0

Answer = TypeVar("Answer")


class RayClient:
    """Trains packs on our own Ray on this machine, or on a cluster. Ray itself is not loaded into this process."""

    name = "ray"

    def __init__(
        self, dataset: Dataset, workers: int | None = None, cluster: Cluster | None = None, notify: Notify = ignore
    ):
        self.setup, self.notify = HostSetup(dataset, workers, cluster), notify
        expected = workers or (cluster.share_of(cluster.nodes) if cluster else usable_cores())
        self.state = HostState(0, 0, expected, expected, None)
        self.sent = 0
        self.is_ready = self.is_stopping = self._is_exhausted = False
        self.trouble: str | None = None
        self.lost: str | None = None
        self._answers: list[Any] = []

    @property
    def workers(self) -> int:
        """How many packs can train at the same time."""
        return self.state.workers

    @property
    def cluster_status(self) -> ClusterStatus | None:
        """The state of the cluster, if there is one."""
        return self.state.cluster_status

    @property
    def running(self) -> int:
        """How many packs Ray has, including those on their way to it."""
        return self.state.packs + self.sent - self.state.taken

    def __enter__(self) -> Self:
        """Start the host, which starts Ray; `run` waits for it. Raises EngineError if no process can be started."""
        self._began = time.monotonic()
        try:
            self._start()
        except OSError as error:
            raise EngineError(
                f"no process can be started for Ray ({error}); `fitgap doctor` finds the cause, and --engine local "
                "works without Ray"
            ) from None
        # Send the data set from a thread: it may not fit into the connection's buffer until the host reads it.
        self._sender = threading.Thread(target=self._send_setup, name="fitgap-setup", daemon=True)
        self._sender.start()
        return self

    def _start(self) -> None:
        with contextlib.ExitStack() as opened:
            self._errors = opened.enter_context(open(nameless_file("fitgap-errors"), "r+b"))
            self._connection, child_end = map(opened.enter_context, new_connections())
            self._stop_reader, self._stop_writer = new_pipe()
            for each in (self._stop_reader, self._stop_writer):
                opened.callback(os.close, each)
            self._gone, child_gone = new_pipe()
            opened.callback(os.close, self._gone)
            with child_end, closing_descriptor(child_gone):
                self._process = self._start_host(child_end.fileno(), self._stop_reader, child_gone)
            self._opened = opened.pop_all()

    def _start_host(self, *descriptors: int) -> subprocess.Popen[bytes]:
        return start_child(
            "fitgap.runner.engine.ray.host",
            "serve",
            *map(str, descriptors),
            environment=self._environment(),
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            # Ray's processes must not receive the terminal's signals.
            start_new_session=True,
        )

    def _environment(self) -> Mapping[str, str]:
        cluster = self.setup.cluster
        return cluster_environment(cluster.address) if cluster else own_environment()

    def _send_setup(self) -> None:
        # If the host is gone, the next read from its connection shows that.
        with contextlib.suppress(OSError):
            self._connection.send(self.setup)

    def __exit__(self, *exception: object) -> None:
        """End the host and everything that belongs to its Ray."""
        if not self._sender.is_alive():
            self._ask_host_to_end()
        self._process.kill()
        self._process.wait()
        self._sender.join()
        # The pipe becomes readable once the last process that holds its other end has ended.
        cleaned = select.poll()
        cleaned.register(self._gone, select.POLLIN)
        cleaned.poll(1000 * SECONDS_TO_CLEAN_UP)
        self._opened.close()

    def _ask_host_to_end(self) -> None:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._connection.send(None)
            self._process.wait(SECONDS_TO_LEAVE)

    def stop(self) -> None:
        """Let the packs in training save their states and leave. May be called from a signal handler."""
        if not self.is_stopping:
            self.is_stopping = True
            os.write(self._stop_writer, b"!")

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        self._wait_until_started()
        self.submit(tasks)
        while self.running:
            yield from self.poll(POLL_SECONDS)
            self.submit(tasks)

    def _wait_until_started(self) -> None:
        while not (self.is_ready or self.trouble or self.is_stopping):
            deque(self.poll(POLL_SECONDS))
        if self.trouble:
            raise EngineError(self.trouble)

    def submit(self, tasks: Iterator[PackTask]) -> None:
        """Send tasks until every worker has one and some are waiting inside Ray."""
        with contextlib.suppress(OSError):
            while self.is_ready and not self.is_stopping and self.running < self.state.most_in_flight:
                task = next(tasks, None)
                if task is None:
                    self._send_exhausted()
                    return
                self._is_exhausted = False
                self.sent += 1
                self._connection.send(task)

    def _send_exhausted(self) -> None:
        if not self._is_exhausted:
            self._is_exhausted = True
            self._connection.send(NoMoreTasks())

    def ask_worker(self, question: Callable[[], Answer]) -> Answer:
        """Call a module-level function in a worker and return its result. No pack may be in training."""
        self._connection.send(WorkerQuestion(question))
        while not self._answers:
            deque(self.poll(POLL_SECONDS))
        answer: Answer = self._answers.pop()
        return answer

    def poll(self, seconds: float) -> Iterator[Block]:
        """The blocks that have arrived; waits at most `seconds` for one. Raises ClusterLostError if Ray has ended."""
        if self.trouble or not wait([self._connection], timeout=seconds):
            self._check_start_time()
            return
        try:
            while self._connection.poll(0):
                message = self._connection.recv()
                if isinstance(message, Block):
                    yield message
                else:
                    self._handle(message)
        except (EOFError, OSError):
            self._handle_end()
        if self.lost:
            raise ClusterLostError(self.lost)

    def _handle(self, message: Any) -> None:
        """Handle a message about the host itself."""
        if isinstance(message, HostState):
            self.state, self.is_ready = message, True
        elif isinstance(message, HostNews):
            self.notify(message.text)
        elif isinstance(message, HostLost) or (isinstance(message, HostTrouble) and self.is_ready):
            self.lost = message.text
        elif isinstance(message, HostTrouble):
            self.trouble = message.text
        elif isinstance(message, WorkerAnswer):
            self._answers.append(message.answer)

    def _check_start_time(self) -> None:
        if time.monotonic() - self._began > SECONDS_TO_START and not self.is_ready and not self.trouble:
            self.trouble = (
                f"Ray has not started within {SECONDS_TO_START:.0f} s; `fitgap doctor` finds the cause, "
                "and --engine local works without Ray"
            )

    def _handle_end(self) -> None:
        """Handle the end of the host: note why it ended, unless it has said so itself."""
        if self.lost or self.trouble:
            return
        self._process.wait()
        reason = last_words(self._errors) or f"its process exited with code {self._process.returncode}"
        if self.is_ready:
            self.lost = f"Ray has ended unexpectedly ({reason}), as it does when memory runs out"
        else:
            self.trouble = f"Ray could not be started: {reason}; `fitgap doctor` finds the cause"
