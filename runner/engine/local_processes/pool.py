"""A pool of local processes that train packs; it starts in a fraction of the time that Ray takes."""

import os
from collections import deque
from collections.abc import Iterator

from fitgap.runner.engine.dispatch.running_pack import RunningPack, in_halves, packs_to_cut
from fitgap.runner.engine.local_processes.shared_examples import FileLimitError, SharedRepeats
from fitgap.runner.engine.local_processes.worker_process import WorkerProcess
from fitgap.runner.messages import Block, PackFailure, PackTask
from fitgap.runner.system.child_processes import new_pipe

# Tasks kept ready, so that a process that has finished its pack need not wait for the driver.
SPARE_TASKS = 2
# A process reports that it is ready right after the last block of its pack, so waiting briefly for that pays off.
READY_SECONDS = 0.001


class ProcessPool:
    """Processes that train one pack each. A dead one is replaced. All exit by themselves when this process is gone."""

    def __init__(self, shared: SharedRepeats):
        self.shared = shared
        self.workers: list[WorkerProcess] = []
        self.spare: deque[PackTask] = deque()
        self.is_started = self.is_stopping = self.is_retiring = False
        # Why a process could not be started, until `new_trouble` has returned it.
        self.trouble: str | None = None

    def start(self, count: int) -> None:
        """Start this many processes, which become ready a little later."""
        # While this pipe has something to read, packs leave after their epoch.
        self.stop_reader, self.stop_writer = new_pipe()
        self.is_started = True
        for _ in range(count):
            self._add()

    def _add(self) -> None:
        try:
            self.workers.append(WorkerProcess(self.stop_reader))
        except OSError as error:
            self.trouble = str(error)

    def close(self) -> None:
        """Kill all processes at once."""
        for process in self.workers:
            process.end()
        self.workers = []
        if self.is_started:
            self.is_started = False
            os.close(self.stop_reader)
            os.close(self.stop_writer)

    @property
    def is_ready(self) -> bool:
        """Whether any process can take work."""
        return any(process.is_ready for process in self.workers)

    @property
    def running(self) -> list[RunningPack]:
        """The packs in training."""
        return [process.pack for process in self.workers if process.pack]

    def new_trouble(self) -> str | None:
        """Why a process could not be started; each reason is returned once."""
        trouble, self.trouble = self.trouble, None
        return trouble

    def take_back(self) -> list[PackTask]:
        """Give back the spare tasks, for another helper to train."""
        waiting = list(self.spare)
        self.spare.clear()
        return waiting

    def stop(self) -> None:
        """Let the packs in training save their states and leave. May be called from a signal handler."""
        if self.is_started and not self.is_stopping:
            os.write(self.stop_writer, b"!")
        self.is_stopping = True

    def retire(self) -> None:
        """Let each process end after its pack, and start no new ones."""
        self.is_retiring = True
        self._assign_spare()

    def submit(self, tasks: Iterator[PackTask]) -> None:
        """Take tasks until every process has one and some are spare. At the end, cut packs for idle processes."""
        while len(self.spare) < SPARE_TASKS and (task := next(tasks, None)) is not None:
            self.spare.append(task)
            self._assign_spare()
        idle = sum(process.is_idle for process in self.workers)
        to_cut = packs_to_cut(self.running, idle)
        for process in self.workers:
            if process.pack in to_cut:
                process.ask_to_leave()

    def _assign_spare(self) -> None:
        if self.is_stopping:
            # Their trials have not started; the driver returns them to pending.
            self.spare.clear()
        for process in [each for each in self.workers if each.is_idle]:
            if process not in self.workers:
                # All were removed when one of them could not be given its pack.
                continue
            if self.is_retiring:
                self._remove(process)
            elif self.spare:
                self._assign(process, self.spare.popleft())

    def _assign(self, process: WorkerProcess, task: PackTask) -> None:
        """Let a process train a pack. If no file can be opened for its examples, retire the pool."""
        try:
            files = self.shared.of_task(task)
        except FileLimitError as error:
            self.spare.appendleft(task)
            self.trouble = str(error)
            self.retire()
        else:
            process.train(task, files)

    def poll(self, seconds: float) -> Iterator[tuple[PackTask, Block]]:
        """The blocks that have arrived, with their tasks; waits at most `seconds` for one."""
        from multiprocessing.connection import wait

        if not self.workers:
            return
        ready = wait([process.connection for process in self.workers], timeout=seconds)
        for process in [each for each in self.workers if each.connection in ready]:
            yield from self._receive(process)

    def receive_ready(self) -> None:
        """Note which processes have become ready. A process sends nothing else before it has a pack."""
        for process in [each for each in self.workers if not each.is_ready]:
            self._receive(process)

    def _receive(self, process: WorkerProcess) -> list[tuple[PackTask, Block]]:
        received: list[tuple[PackTask, Block]] = []
        try:
            while process in self.workers and process.connection.poll(READY_SECONDS if received else 0):
                block = process.connection.recv()
                if block is None:
                    self._on_ready(process)
                elif process.pack:
                    process.pack.update(block)
                    received.append((process.pack.task, block))
        except (EOFError, OSError):
            received += self._replace_dead(process)
        return received

    def _on_ready(self, process: WorkerProcess) -> None:
        """Handle a process that can take a pack, and so has finished or left the one it had."""
        if process.pack:
            self.spare.extendleft(in_halves(process.pack.rest()))
        process.mark_ready()
        self._assign_spare()

    def _replace_dead(self, process: WorkerProcess) -> list[tuple[PackTask, Block]]:
        """Replace a process that has died. Its pack is lost."""
        self._remove(process)
        if process.refusal:
            # A new process would be refused as well.
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

    def _remove(self, process: WorkerProcess) -> None:
        self.workers.remove(process)
        process.end()
