"""Plain processes that train packs beside this one: there in a fraction of the time that Ray needs to start."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import core
from core.data import Dataset
from runner.blas import THREAD_VARIABLES
from runner.messages import Block, Loss, PackTask

# Tasks that wait here, so that a process that has ended its pack need not wait for the driver.
SPARE_TASKS = 2
# A process that has ended its pack says so right after its last block; to wait for that word is to ask it to go on.
WORD_SECONDS = 0.001
BEGIN = "import sys; sys.path[:] = sys.argv[3:]; from runner.engine.plain_child import serve; serve(*sys.argv[1:3])"


class PlainProcesses:
    """Processes with one pack each. One that dies is replaced; all end by themselves when this process is gone."""

    def __init__(self, dataset: Dataset):
        self.dataset = dataset
        self.crew: list[PlainProcess] = []
        self.spare: deque[PackTask] = deque()
        self.is_started = self.is_stopping = self.is_retiring = False
        # Why a process never came so far as to train, until somebody has asked.
        self.trouble: str | None = None

    def start(self, count: int) -> None:
        """Start so many. They are there a little later."""
        # As long as there is something to read, packs leave after their epoch.
        self.stop_asked, self.stop_asking = os.pipe()
        self.is_started = True
        for _ in range(count):
            self._add()

    def _add(self) -> None:
        try:
            self.crew.append(PlainProcess(self.stop_asked))
        except OSError as error:
            self.trouble = str(error)

    def close(self) -> None:
        """End all of them at once, whatever they do."""
        for process in self.crew:
            process.end()
        self.crew = []
        if self.is_started:
            self.is_started = False
            os.close(self.stop_asked)
            os.close(self.stop_asking)

    @property
    def is_ready(self) -> bool:
        """Whether one of them can take work."""
        return any(process.is_ready for process in self.crew)

    @property
    def running(self) -> list[PackTask]:
        """The packs in training."""
        return [process.task for process in self.crew if process.task]

    def new_trouble(self) -> str | None:
        """Why a process could not be started, told once."""
        trouble, self.trouble = self.trouble, None
        return trouble

    def take_back(self) -> list[PackTask]:
        """What waits here; somebody else is to train it."""
        waiting = list(self.spare)
        self.spare.clear()
        return waiting

    def stop(self) -> None:
        """Let the packs in training save how far they are and leave. Called from within a signal handler."""
        if self.is_started and not self.is_stopping:
            os.write(self.stop_asking, b"!")
        self.is_stopping = True

    def retire(self) -> None:
        """Let each end with its pack, and replace nobody."""
        self.is_retiring = True
        self._hand_out()

    def submit(self, tasks: Iterator[PackTask]) -> None:
        """Take tasks until every process has one and some wait."""
        while len(self.spare) < SPARE_TASKS and (task := next(tasks, None)) is not None:
            self.spare.append(task)
            self._hand_out()

    def _hand_out(self) -> None:
        if self.is_stopping:
            # Their trials have not begun; the driver puts them back.
            self.spare.clear()
        for process in [each for each in self.crew if each.is_idle]:
            if self.is_retiring:
                self._dismiss(process)
            elif self.spare:
                process.take(self.spare.popleft())

    def poll(self, seconds: float) -> Iterator[tuple[PackTask, Block]]:
        """What has come of the packs, waiting so long for something."""
        from multiprocessing.connection import wait

        if not self.crew:
            return
        told = wait([process.connection for process in self.crew], timeout=seconds)
        for process in [each for each in self.crew if each.connection in told]:
            yield from self._hear(process)

    def admit(self) -> None:
        """Let in those that have come, also where nobody polls: they tell nothing else before they have a pack."""
        for process in [each for each in self.crew if not each.is_ready]:
            self._hear(process)

    def _hear(self, process: "PlainProcess") -> list[tuple[PackTask, Block]]:
        heard: list[tuple[PackTask, Block]] = []
        try:
            while process in self.crew and process.connection.poll(WORD_SECONDS if heard else 0):
                block = process.connection.recv()
                if block is None:
                    process.welcome(self.dataset)
                    self._hand_out()
                elif process.task:
                    heard.append((process.task, block))
        except (EOFError, OSError):
            heard += self._bury(process)
        return heard

    def _bury(self, process: "PlainProcess") -> list[tuple[PackTask, Block]]:
        """Let another process take the place of one that has died. Its pack is lost."""
        self._dismiss(process)
        if not process.is_ready:
            self.trouble = process.last_words()
        elif not self.is_retiring:
            self._add()
        task = process.task
        return [(task, Block(None, (), loss=Loss(task, task.trials, process.cause_of_death())))] if task else []

    def _dismiss(self, process: "PlainProcess") -> None:
        self.crew.remove(process)
        process.end()


class PlainProcess:
    """One process, the connection to it, and the pack that it trains."""

    def __init__(self, stop_asked: int):
        from multiprocessing import Pipe

        self.has_dataset = self.is_ready = False
        self.task: PackTask | None = None
        # Lives as long as the process does.
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.connection, theirs = Pipe()
        numbers = (theirs.fileno(), stop_asked)
        with theirs, interrupts_blocked():
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", BEGIN, *map(str, numbers), *module_path()],
                pass_fds=numbers,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.errors,
                cwd="/",
                env={**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")},
            )

    @property
    def is_idle(self) -> bool:
        return self.is_ready and self.task is None

    def welcome(self, dataset: Dataset) -> None:
        """It says that it can take something: at first the data set, from then on a pack."""
        self.task = None
        if self.has_dataset:
            self.is_ready = True
        else:
            self.connection.send(dataset)
            self.has_dataset = True

    def take(self, task: PackTask) -> None:
        self.task = task
        # Where it has died meanwhile, whoever listens to it finds out.
        with contextlib.suppress(OSError):
            self.connection.send(task)

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()

    def cause_of_death(self) -> str:
        """Why its pack was lost, in a line that helps whoever reads it in the table of trials."""
        code = self.process.returncode
        if code == -signal.SIGKILL:
            return "its process was killed; the system does so without a word when memory runs out"
        return f"its process died by {signal.Signals(-code).name}" if code < 0 else f"its process ended with {code}"

    def last_words(self) -> str:
        """The last line that it wrote to standard error."""
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else self.cause_of_death()


def module_path() -> list[str]:
    """Where this process finds its modules, without the current folder: a `core` or `numpy.py` there must not win."""
    own = str(Path(core.__file__).parents[1])
    path = [each for each in map(os.path.abspath, sys.path) if each == own or each != os.getcwd()]
    return path if own in path else [*path, own]


@contextlib.contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Processes started here never see the Ctrl-C of a terminal; this one sees it afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
