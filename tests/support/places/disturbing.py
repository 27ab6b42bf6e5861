"""Signals to send: which, how often, to which process, and at which moment of a sweep."""

import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from support.places.leftovers import processes_of
from support.places.stage import Stage
from support.places.starting import PATIENCE_SECONDS, Started

STOPPING = ("INT", "TERM", "HUP", "QUIT")
PAUSE_SECONDS = 0.2
# How long a suspended sweep sleeps before it is continued.
SLEEP_SECONDS = 2.0
# A few seconds of work on one core, in several packs.
LONG = (
    *("run", "--data", "digits", "--hidden", "128", "--hidden", "64", "--repeats", "8", "--epochs", "50"),
    *("--name", "long", "--workers", "2"),
)
# The last line ends with the command that resumes the sweep.
ADVICE = re.compile(r"(fitgap \S.*)$")


def statuses(stage: Stage) -> dict[str, int]:
    """The number of trials of the sweep by status; empty before it is written."""
    return dict(ask(stage, "SELECT status, count(*) FROM trial JOIN sweep ON sweep.id = sweep_id"))


def epochs(stage: Stage) -> int:
    """The number of epochs of the sweep in the database."""
    counted = ask(
        stage,
        "SELECT 'epochs', count(*) FROM epoch JOIN trial ON trial.id = trial_id JOIN sweep ON sweep.id = sweep_id",
    )
    return counted[0][1] if counted else 0


def ask(stage: Stage, query: str) -> list[tuple[str, int]]:
    """The result of a query on the database in the working folder that contains the sweep."""
    for database in stage.work.rglob("fitgap.db"):
        connection = sqlite3.connect(database, timeout=10)
        try:
            if answers := connection.execute(f"{query} WHERE sweep.name = 'long' GROUP BY 1").fetchall():
                return answers
        finally:
            connection.close()
    return []


def is_written(stage: Stage) -> bool:
    return bool(statuses(stage))


def is_training(stage: Stage) -> bool:
    return epochs(stage) > 0


def has_begun(stage: Stage) -> bool:
    """Whether a process of the stage runs the program. Before that, Python itself is starting and handles no signals.

    `_ctypes` is the first library that the program loads, to hide passwords.
    """
    for number in processes_of(stage.mark):
        with suppress(OSError):
            if "/_ctypes." in Path(f"/proc/{number}/maps").read_text(errors="replace"):
                return True
    return False


def others_are_there(stage: Stage) -> bool:
    """Whether the command has started other processes, such as workers or servers."""
    return has_begun(stage) and len(processes_of(stage.mark)) > 1


def has_ended(stage: Stage) -> bool:
    found = statuses(stage)
    return bool(found) and not {"pending", "running"} & set(found)


def after(seconds: float) -> Callable[[Stage], bool]:
    """The condition that this many seconds have passed since the program started."""
    began: list[float] = []

    def is_over(stage: Stage) -> bool:
        if not began and has_begun(stage):
            began.append(time.monotonic())
        return bool(began) and time.monotonic() - began[0] > seconds

    return is_over


# Functions that make the condition for a moment, by its name, so that each row measures time anew.
MOMENTS: dict[str, Callable[[], Callable[[Stage], bool]]] = {
    **{f"{delay} s after its start": lambda delay=delay: after(delay) for delay in (0.1, 0.3, 0.5, 0.7, 0.9)},
    "once it is written": lambda: is_written,
    "in training": lambda: is_training,
    "while others start": lambda: others_are_there,
    "in training with others": lambda: lambda stage: others_are_there(stage) and is_training(stage),
    "at its end": lambda: has_ended,
}


@dataclass(frozen=True)
class Disturbance:
    """Send N signals to the driver or its process group, at a moment while an engine trains."""

    signal: str
    moment: str
    engine: str
    times: int = 1
    group: bool = False

    def __str__(self) -> str:
        whom = "the group" if self.group else "the driver"
        return f"{self.times} {self.signal} to {whom} {self.moment}, {self.engine}"

    @property
    def number(self) -> int:
        return signal.Signals[f"SIG{self.signal}"]

    def send(self, started: Started, number: int | None = None) -> None:
        """Send one signal. The process may have ended already."""
        kill = os.killpg if self.group else os.kill
        with suppress(ProcessLookupError):
            kill(started.process.pid, self.number if number is None else number)

    def disturb(self, started: Started) -> None:
        """Wait for the moment, then send all signals."""
        wait_for(MOMENTS[self.moment](), started)
        for _ in range(self.times):
            self.send(started)
            time.sleep(PAUSE_SECONDS)

    def suspend(self, started: Started) -> None:
        """Suspend the command as with Ctrl-Z, and later continue it as with `fg`."""
        self.disturb(started)
        time.sleep(SLEEP_SECONDS)
        self.send(started, signal.SIGCONT)


def wait_for(is_moment: Callable[[Stage], bool], started: Started) -> None:
    """Wait until a condition holds or the command has ended."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while started.process.poll() is None and not is_moment(started.stage):
        assert time.monotonic() < deadline, "that moment never came"
        time.sleep(0.01)


def is_stopped(process: int) -> bool:
    """Whether a process is stopped until it is continued."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    return False


def advice(err: str) -> str:
    """The command that the last line suggests, if any."""
    lines = err.splitlines()
    found = ADVICE.search(lines[-1]) if lines else None
    return found.group(1) if found else ""
