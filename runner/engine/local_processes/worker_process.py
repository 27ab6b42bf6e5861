"""One local worker process: starting it, sending packs to it, and finding out why it died."""

import contextlib
import signal
import subprocess
from collections.abc import Mapping

from fitgap.runner.engine.dispatch.running_pack import RunningPack
from fitgap.runner.engine.local_processes.shared_examples import ExampleFile, ExamplesForgotten, send_examples
from fitgap.runner.engine.worker.examples import RepeatKey, repeats_of
from fitgap.runner.files.unnamed_files import nameless_file
from fitgap.runner.messages import PackTask
from fitgap.runner.system.child_processes import new_connections, start_child


class WorkerProcess:
    """A worker process, the connection to it, and the pack that it trains."""

    def __init__(self, stop_reader: int):
        self.is_ready = False
        self.pack: RunningPack | None = None
        # Why no pack could be sent to the worker.
        self.refusal: str | None = None
        # The files of examples that the worker has received.
        self.files: dict[RepeatKey, ExampleFile] = {}
        with contextlib.ExitStack() as opened:
            self.errors = opened.enter_context(open(nameless_file("fitgap-errors"), "r+b"))
            self.connection, child_end = map(opened.enter_context, new_connections())
            self.process = start_child(
                "fitgap.runner.engine.local_processes.worker_program",
                "serve",
                str(child_end.fileno()),
                str(stop_reader),
                pass_fds=[child_end.fileno(), stop_reader],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.errors,
            )
            child_end.close()
            opened.pop_all()

    @property
    def is_idle(self) -> bool:
        return self.is_ready and self.pack is None

    def mark_ready(self) -> None:
        """Note that it can take a pack."""
        self.pack, self.is_ready = None, True

    def train(self, task: PackTask, files: Mapping[int, ExampleFile]) -> None:
        """Send it a pack to train; `files` holds the examples by repeat."""
        self.pack = RunningPack(task)
        try:
            self._send_examples({key: files[repeat] for repeat, key in repeats_of(task).items()})
            self.connection.send(task)
        except ConnectionError:
            # The worker has died; the next read from its connection shows that.
            pass
        except OSError as error:
            # This process cannot send, for example for lack of file descriptors; the worker would wait forever.
            self.refusal = str(error)
            self.process.kill()

    def _send_examples(self, needed: Mapping[RepeatKey, ExampleFile]) -> None:
        """Send it the examples that it lacks, and let it drop those that are no longer cached here."""
        if outdated := frozenset(key for key, file in self.files.items() if file.is_closed):
            self.connection.send(ExamplesForgotten(outdated))
            self.files = {key: file for key, file in self.files.items() if key not in outdated}
        for key, file in needed.items():
            if key not in self.files:
                send_examples(self.connection, key, file)
                self.files[key] = file

    def ask_to_leave(self) -> None:
        """Let its pack save its states and leave after the current epoch."""
        if self.pack:
            self.pack.is_leaving = True
            with contextlib.suppress(OSError):
                self.connection.send(None)

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()
        self.errors.seek(0)
        self.last_words = self.errors.read().decode(errors="replace").strip().splitlines()[-1:]
        self.errors.close()

    def cause_of_death(self) -> str:
        """Why its pack was lost, as a line for the table of trials."""
        if self.refusal:
            return f"its pack could not be sent to a training process ({self.refusal})"
        code = self.process.returncode
        if code == -signal.SIGKILL:
            return "its process was killed, as the system does when memory runs out"
        return (
            f"its process was killed by {signal.Signals(-code).name}" if code < 0 else f"its process exited with {code}"
        )
