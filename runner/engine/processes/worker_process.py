"""One plain process: how it is started, what is sent to it, and what it died of."""

import contextlib
import signal
import subprocess
from collections.abc import Mapping

from fitgap.runner.engine.dispatch.running_pack import RunningPack
from fitgap.runner.engine.processes.shared_examples import ExampleFile, ExamplesForgotten, send_examples
from fitgap.runner.engine.worker.examples import RepeatKey, repeats_of
from fitgap.runner.files.nameless_files import nameless_file
from fitgap.runner.messages import PackTask
from fitgap.runner.system.child_processes import new_connections, start_child


class WorkerProcess:
    """One process, the connection to it, and the pack that it trains."""

    def __init__(self, stop_asked: int):
        self.is_ready = False
        self.pack: RunningPack | None = None
        # Why this process could not send it a pack.
        self.refusal: str | None = None
        # The examples that it can read.
        self.files: dict[RepeatKey, ExampleFile] = {}
        with contextlib.ExitStack() as opened:
            self.errors = opened.enter_context(open(nameless_file("fitgap-errors"), "r+b"))
            self.connection, theirs = map(opened.enter_context, new_connections())
            self.process = start_child(
                "fitgap.runner.engine.processes.child",
                "serve",
                str(theirs.fileno()),
                str(stop_asked),
                pass_fds=[theirs.fileno(), stop_asked],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.errors,
            )
            theirs.close()
            opened.pop_all()

    @property
    def is_idle(self) -> bool:
        return self.is_ready and self.pack is None

    def welcome(self) -> None:
        """It says that it can take a pack."""
        self.pack, self.is_ready = None, True

    def take(self, task: PackTask, files: Mapping[int, ExampleFile]) -> None:
        """Train this, with the examples of its repeats in these files."""
        self.pack = RunningPack(task)
        try:
            self._hand_over({key: files[repeat] for repeat, key in repeats_of(task).items()})
            self.connection.send(task)
        except ConnectionError:
            # It has died meanwhile; whoever listens to it finds out.
            pass
        except OSError as error:
            # It would wait for ever for what this process cannot send, such as for lack of file descriptors.
            self.refusal = str(error)
            self.process.kill()

    def _hand_over(self, needed: Mapping[RepeatKey, ExampleFile]) -> None:
        """Let it read these, and forget what is kept here no longer."""
        if outdated := frozenset(key for key, file in self.files.items() if file.is_closed):
            self.connection.send(ExamplesForgotten(outdated))
            self.files = {key: file for key, file in self.files.items() if key not in outdated}
        for key, file in needed.items():
            if key not in self.files:
                send_examples(self.connection, key, file)
                self.files[key] = file

    def ask_to_leave(self) -> None:
        """Let its pack save how far it is and leave after its epoch."""
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
        """Why its pack was lost, in a line that helps whoever reads it in the table of trials."""
        if self.refusal:
            return f"its pack could not be sent to a training process ({self.refusal})"
        code = self.process.returncode
        if code == -signal.SIGKILL:
            return "its process was killed; the system does so without a word when memory runs out"
        return f"its process died by {signal.Signals(-code).name}" if code < 0 else f"its process ended with {code}"
