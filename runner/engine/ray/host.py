"""The process that hosts Ray for a driver: it receives packs over a connection and sends blocks back.

Ray changes the process that starts it: environment variables, current folder, logging, standard error, and a token that
it caches forever. A driver may be a user's notebook, so Ray never runs there.
"""

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import NoReturn

from fitgap.runner.engine.ray.engine import RayEngine
from fitgap.runner.engine.ray.own_cluster import LocalCluster
from fitgap.runner.engine.ray.watchdog import adopt_orphans
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
from fitgap.runner.errors import ClusterLostError, FitgapError
from fitgap.runner.messages import PackTask

# How long to wait for blocks before looking for new tasks.
POLL_SECONDS = 0.05


class TaskInbox(Iterator[PackTask]):
    """The tasks that the driver has sent. It may yield more after it was exhausted, since a thread adds to it."""

    def __init__(self) -> None:
        self.tasks: queue.SimpleQueue[PackTask] = queue.SimpleQueue()
        self.taken = 0
        self.questions: queue.SimpleQueue[WorkerQuestion] = queue.SimpleQueue()
        # Set when the driver has sent something, including its last message.
        self.has_news = threading.Event()
        self.is_exhausted = self.is_closed = False

    def __iter__(self) -> "TaskInbox":
        return self

    def __next__(self) -> PackTask:
        try:
            task = self.tasks.get_nowait()
        except queue.Empty:
            raise StopIteration from None
        self.taken += 1
        return task

    def drop_tasks(self) -> None:
        """Discard all tasks; the driver returns their trials to pending."""
        for _ in self:
            pass


class Host:
    """Runs a Ray engine for the driver on the other side of a connection."""

    def __init__(self, connection: Connection, stop_reader: int, engine: RayEngine):
        self.connection, self.stop_reader, self.engine = connection, stop_reader, engine
        self.inbox = TaskInbox()
        self.sent_state: HostState | None = None

    def serve(self) -> None:
        """Wait for Ray and train packs until the driver sends its last message."""
        threading.Thread(target=self._receive, name="fitgap-inbox", daemon=True).start()
        self.engine.wait_until_started()
        if self.engine.trouble:
            self.connection.send(HostTrouble(self.engine.trouble))
            return
        while not self.inbox.is_closed:
            self._send_state()
            self._train()
            if self.engine.is_stopping:
                self.inbox.drop_tasks()
                self.engine.cut.clear()

    def _train(self) -> None:
        """Submit the tasks that have arrived, and send back blocks, news and answers."""
        self.inbox.has_news.clear()
        self.engine.submit_tasks(self.inbox)
        if self.inbox.is_exhausted:
            self.engine.cut_for_idle_workers()
        self.engine.flush_signals()
        for line in self.engine.place.news():
            self.connection.send(HostNews(line))
        while not self.inbox.questions.empty():
            answer = self.engine.ask_worker(self.inbox.questions.get().question)
            self.connection.send(WorkerAnswer(answer))
        if self.engine.running:
            for block in self.engine.poll(POLL_SECONDS):
                self.connection.send(block)
        else:
            self.inbox.has_news.wait(POLL_SECONDS)

    def _send_state(self) -> None:
        engine = self.engine
        packs = len(engine.running) + len(engine.cut)
        state = HostState(self.inbox.taken, packs, engine.workers, engine.most_in_flight, engine.cluster_status)
        if state != self.sent_state:
            self.sent_state = state
            self.connection.send(state)

    def _receive(self) -> None:
        """Receive from the driver until its last message; if the driver is gone, exit at once."""
        sources: list[Connection | int] = [self.connection, self.stop_reader]
        with contextlib.suppress(EOFError, OSError):
            while not self.inbox.is_closed:
                if self.stop_reader in wait(sources):
                    # The pipe stays readable, but one stop is enough.
                    sources.remove(self.stop_reader)
                    self.engine.stop()
                else:
                    self._handle(self.connection.recv())
        if not self.inbox.is_closed:
            end_now(self.engine)

    def _handle(self, message: PackTask | NoMoreTasks | WorkerQuestion | None) -> None:
        """Handle a message; the last one is None."""
        if isinstance(message, PackTask):
            self.inbox.is_exhausted = False
            self.inbox.tasks.put(message)
        elif isinstance(message, WorkerQuestion):
            self.inbox.questions.put(message)
        elif message is None and self.engine.place.is_own:
            end_now(self.engine)
        elif message is None:
            self.inbox.is_closed = True
        else:
            self.inbox.is_exhausted = True
        self.inbox.has_news.set()


def end_now(engine: RayEngine) -> NoReturn:
    """Exit this process and kill its own Ray at once."""
    engine.place.end()
    os._exit(0)


def serve(connection_number: str, stop_number: str, gone_number: str) -> None:
    """Run the host process. The arguments are numbers of file descriptors: the connection to the driver, a pipe that
    becomes readable when packs should save their states and leave, and one to keep open until all of Ray has ended.
    """
    connection, gone = Connection(int(connection_number)), int(gone_number)
    adopt_orphans()
    try:
        setup: HostSetup = connection.recv()
        engine = RayEngine(setup.dataset, setup.workers, setup.cluster)
        if isinstance(engine.place, LocalCluster):
            engine.place.gone = gone
        with engine:
            os.close(gone)
            Host(connection, int(stop_number), engine).serve()
    except ClusterLostError as error:
        connection.send(HostLost(str(error)))
    except FitgapError as error:
        connection.send(HostTrouble(str(error)))
    except (EOFError, OSError):
        # The driver is gone.
        pass
    sys.stdout.flush()
    # Ray's threads may wait forever.
    os._exit(0)
