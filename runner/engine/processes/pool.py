"""Plain processes that train packs beside this one: there in a fraction of the time that Ray needs to start."""

import os
from collections import deque
from collections.abc import Iterator

from fitgap.runner.engine.dispatch.running_pack import RunningPack, in_halves, packs_to_cut
from fitgap.runner.engine.processes.shared_examples import FileLimitError, SharedRepeats
from fitgap.runner.engine.processes.worker_process import WorkerProcess
from fitgap.runner.messages import Block, PackFailure, PackTask
from fitgap.runner.system.child_processes import new_pipe

# Tasks that wait here, so that a process that has ended its pack need not wait for the driver.
SPARE_TASKS = 2
# A process that has ended its pack says so right after its last block; to wait for that word is to ask it to go on.
WORD_SECONDS = 0.001


class ProcessPool:
    """Processes with one pack each. One that dies is replaced; all end by themselves when this process is gone."""

    def __init__(self, shared: SharedRepeats):
        self.shared = shared
        self.crew: list[WorkerProcess] = []
        self.spare: deque[PackTask] = deque()
        self.is_started = self.is_stopping = self.is_retiring = False
        # Why a process never came so far as to train, until somebody has asked.
        self.trouble: str | None = None

    def start(self, count: int) -> None:
        """Start so many. They are there a little later."""
        # As long as there is something to read, packs leave after their epoch.
        self.stop_asked, self.stop_asking = new_pipe()
        self.is_started = True
        for _ in range(count):
            self._add()

    def _add(self) -> None:
        try:
            self.crew.append(WorkerProcess(self.stop_asked))
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
    def running(self) -> list[RunningPack]:
        """The packs in training."""
        return [process.pack for process in self.crew if process.pack]

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
        """Take tasks until every process has one and some wait. At the end, cut packs in two for those without any."""
        while len(self.spare) < SPARE_TASKS and (task := next(tasks, None)) is not None:
            self.spare.append(task)
            self._hand_out()
        idle = sum(process.is_idle for process in self.crew)
        to_cut = packs_to_cut(self.running, idle)
        for process in self.crew:
            if process.pack in to_cut:
                process.ask_to_leave()

    def _hand_out(self) -> None:
        if self.is_stopping:
            # Their trials have not begun; the driver puts them back.
            self.spare.clear()
        for process in [each for each in self.crew if each.is_idle]:
            if process not in self.crew:
                # All were dismissed when one could not be given its pack.
                continue
            if self.is_retiring:
                self._dismiss(process)
            elif self.spare:
                self._give(process, self.spare.popleft())

    def _give(self, process: WorkerProcess, task: PackTask) -> None:
        """Let a process train a pack; without files for its examples, no process can."""
        try:
            files = self.shared.of_task(task)
        except FileLimitError as error:
            self.spare.appendleft(task)
            self.trouble = str(error)
            self.retire()
        else:
            process.take(task, files)

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

    def _hear(self, process: WorkerProcess) -> list[tuple[PackTask, Block]]:
        heard: list[tuple[PackTask, Block]] = []
        try:
            while process in self.crew and process.connection.poll(WORD_SECONDS if heard else 0):
                block = process.connection.recv()
                if block is None:
                    self._welcome(process)
                elif process.pack:
                    process.pack.take_in(block)
                    heard.append((process.pack.task, block))
        except (EOFError, OSError):
            heard += self._bury(process)
        return heard

    def _welcome(self, process: WorkerProcess) -> None:
        """It can take something, and has ended its pack, if it had one."""
        if process.pack:
            self.spare.extendleft(in_halves(process.pack.rest()))
        process.welcome()
        self._hand_out()

    def _bury(self, process: WorkerProcess) -> list[tuple[PackTask, Block]]:
        """Let another process take the place of one that has died. Its pack is lost."""
        self._dismiss(process)
        if process.refusal:
            # Another one would be refused as well.
            self.trouble = process.refusal
        elif not process.is_ready:
            self.trouble = " ".join(process.last_words) or process.cause_of_death()
        elif not self.is_retiring:
            self._add()
        if not process.pack:
            return []
        task = process.pack.task
        failure = PackFailure(task, task.trials, process.cause_of_death(), is_blameless=process.refusal is not None)
        return [(task, Block(None, (), failure=failure))]

    def _dismiss(self, process: WorkerProcess) -> None:
        self.crew.remove(process)
        process.end()
