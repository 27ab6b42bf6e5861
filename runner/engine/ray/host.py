"""The process that hosts Ray for a driver: it takes packs from a connection and sends blocks back.

Ray changes the process that starts it: environment variables, current folder, logging, what is printed to standard
error, and a token that it remembers for ever. A driver may be somebody's notebook, so Ray never runs there.
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
from fitgap.runner.engine.ray.local_cluster import LocalCluster
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
    """The tasks that the driver has sent, received by a thread of its own; it may have more after it had none."""

    def __init__(self) -> None:
        self.tasks: queue.SimpleQueue[PackTask] = queue.SimpleQueue()
        self.taken = 0
        self.questions: queue.SimpleQueue[WorkerQuestion] = queue.SimpleQueue()
        # Set when the driver has sent something, or wants an end.
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
        """Take everything and train nothing of it; the driver puts it back."""
        for _ in self:
            pass


class Host:
    """Runs an engine on Ray for the driver on the other side of a connection."""

    def __init__(self, connection: Connection, stop_asked: int, engine: RayEngine):
        self.connection, self.stop_asked, self.engine = connection, stop_asked, engine
        self.inbox = TaskInbox()
        self.told: HostState | None = None

    def serve(self) -> None:
        """Start Ray and train what comes, until the driver wants no more."""
        threading.Thread(target=self._receive, name="fitgap-inbox", daemon=True).start()
        self.engine.wait_until_started()
        if self.engine.trouble:
            self.connection.send(HostTrouble(self.engine.trouble))
            return
        while not self.inbox.is_closed:
            self._tell_state()
            self._train()
            if self.engine.is_stopping:
                self.inbox.drop_tasks()
                self.engine.cut.clear()

    def _train(self) -> None:
        """Hand out what has come, and pass on what comes back."""
        self.inbox.has_news.clear()
        self.engine.hand_out(self.inbox)
        if self.inbox.is_exhausted:
            self.engine.cut_for_idle_workers()
        self.engine.pass_on()
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

    def _tell_state(self) -> None:
        engine = self.engine
        packs = len(engine.running) + len(engine.cut)
        state = HostState(self.inbox.taken, packs, engine.workers, engine.most_in_flight, engine.crew)
        if state != self.told:
            self.told = state
            self.connection.send(state)

    def _receive(self) -> None:
        """Take in what the driver sends until it wants no more; without a driver, end at once."""
        sources: list[Connection | int] = [self.connection, self.stop_asked]
        with contextlib.suppress(EOFError, OSError):
            while not self.inbox.is_closed:
                if self.stop_asked in wait(sources):
                    # It stays readable; once is enough.
                    sources.remove(self.stop_asked)
                    self.engine.stop()
                else:
                    self._take_in(self.connection.recv())
        if not self.inbox.is_closed:
            end_now(self.engine)

    def _take_in(self, message: PackTask | NoMoreTasks | WorkerQuestion | None) -> None:
        """Note a message; the last one is None."""
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
    """End this process and the Ray that is its own, whatever they do."""
    engine.place.end()
    os._exit(0)


def serve(connection_number: str, stop_number: str, gone_number: str) -> None:
    """What the process does; the numbers are those of file descriptors: the connection to the driver, one that can be
    read from as soon as packs are to save their states and leave, and one to keep open until nothing of Ray is left.
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
    # The threads of Ray may wait for what never comes.
    os._exit(0)
