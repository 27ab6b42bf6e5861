"""Signals that stop a sweep: the first lets the packs in flight save their states, the second stops at once."""

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

from fitgap.runner.system.child_processes import new_pipe
from fitgap.runner.system.interrupt_signals import STOPPING_SIGNALS

# Packs in flight have this long to reach the end of their epoch.
GRACE_SECONDS = 3.0
SECONDS_BEFORE_REPEATING = 0.2
STAY_IGNORED = tuple(getattr(signal, name) for name in ("SIGHUP", "SIGQUIT") if hasattr(signal, name))
# When a terminal is closed, both the shell and the system may send this.
SENT_TWICE = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()


def ignore() -> None:
    """Called as long as there is nothing to stop."""


class InterruptHandler:
    """While it is entered, the first signal sets `is_requested`; a second one, or the end of the grace period, raises
    KeyboardInterrupt in the main thread.

    Only the main thread receives signals. Entered in another thread it does nothing; a caller there can stop a sweep by
    an exception in `observe`. SIGHUP and SIGQUIT stay ignored if they were, as `nohup` wants it. The others are always
    heard: a shell script ignores SIGINT for what it runs in the background, but whoever sends it there means it.
    """

    def __init__(self) -> None:
        self.asked: Callable[[], None] = ignore
        self.is_requested = self.is_enough = False
        self.before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self.is_listening = threading.current_thread() is threading.main_thread()
        if self.is_listening:
            found = {number: signal.getsignal(number) for number in STOPPING_SIGNALS}
            # A handler that is not Python's (None) could not be put back.
            self.before = {
                number: each
                for number, each in found.items()
                if each is not None and not (each is signal.SIG_IGN and number in STAY_IGNORED)
            }
            self.alarm = Alarm(next(iter(self.before), signal.SIGINT))
            for number in self.before:
                signal.signal(number, self._stop)
            self.hook_before, sys.unraisablehook = sys.unraisablehook, self._report_unless_interrupted
        return self

    def __exit__(self, *exception: object) -> None:
        if self.is_listening:
            self.is_enough = True
            self.alarm.close()
            for number, handler in self.before.items():
                signal.signal(number, handler)
            sys.unraisablehook = self.hook_before

    def call(self, asked: Callable[[], None]) -> None:
        """What the first signal calls, once and inside its handler; at once if it has come already."""
        self.asked = asked
        if self.is_requested:
            asked()

    def ignore_more(self) -> None:
        """The sweep is stopping already: nothing interrupts what is left to do."""
        self.is_enough = True

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.is_enough:
            return
        if not self.is_requested:
            self.is_requested = True
            self.alarm.set(Alarm.AFTER_GRACE)
            self.asked()
        elif number not in SENT_TWICE:
            # Once more if it is swallowed: Python drops what is raised while it clears up an object.
            self.alarm.set(Alarm.SOON)
            raise KeyboardInterrupt

    def _report_unless_interrupted(self, problem: Any) -> None:
        if not issubclass(problem.exc_type, KeyboardInterrupt):
            self.hook_before(problem)


class Alarm:
    """Sends a signal to the main thread after a while, and then again and again, from a thread of its own.

    The timers of the system belong to the program that uses us. `set` may be called from within a signal handler.
    """

    AFTER_GRACE, SOON, NEVER = b"g", b"s", b"n"

    def __init__(self, number: signal.Signals) -> None:
        self.number = number
        self._told, self._telling = new_pipe()
        self._thread = threading.Thread(target=self._run, name="fitgap-alarm", daemon=True)
        self._thread.start()

    def set(self, when: bytes) -> None:
        os.write(self._telling, when)

    def close(self) -> None:
        self.set(Alarm.NEVER)
        self._thread.join()
        os.close(self._told)
        os.close(self._telling)

    def _run(self) -> None:
        waiting = select.poll()
        waiting.register(self._told, select.POLLIN)
        seconds: float | None = None
        while True:
            if waiting.poll(None if seconds is None else 1000 * seconds):
                word = os.read(self._told, 1)
                if word == Alarm.NEVER:
                    return
                seconds = GRACE_SECONDS if word == Alarm.AFTER_GRACE else SECONDS_BEFORE_REPEATING
            else:
                seconds = SECONDS_BEFORE_REPEATING
                with contextlib.suppress(OSError):
                    signal.pthread_kill(threading.main_thread().ident or 0, self.number)
