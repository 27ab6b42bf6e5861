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
# When a terminal is closed, both the shell and the system may send this signal.
SENT_TWICE = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()


def ignore() -> None:
    """Do nothing: the callback as long as there is nothing to stop."""


class InterruptHandler:
    """Handles interrupts while the context is entered. The first signal sets `is_requested`; a second, or the end of
    the grace period, raises KeyboardInterrupt in the main thread.

    Only the main thread receives signals. Entered in another thread it does nothing; a caller there can stop a sweep by
    raising an exception in `on_block`. SIGHUP and SIGQUIT stay ignored if they were, as under `nohup`. The others are
    always handled: a shell script ignores SIGINT for its background jobs, but a SIGINT sent to such a job is intended.
    """

    def __init__(self) -> None:
        self.callback: Callable[[], None] = ignore
        self.is_requested = self.is_disarmed = False
        self.before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self.is_listening = threading.current_thread() is threading.main_thread()
        if self.is_listening:
            found = {number: signal.getsignal(number) for number in STOPPING_SIGNALS}
            # A handler not installed from Python (None) could not be restored.
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
            self.is_disarmed = True
            self.alarm.close()
            for number, handler in self.before.items():
                signal.signal(number, handler)
            sys.unraisablehook = self.hook_before

    def call(self, callback: Callable[[], None]) -> None:
        """Set the callback that the first signal's handler calls once; call it now if that signal has already come."""
        self.callback = callback
        if self.is_requested:
            callback()

    def ignore_more(self) -> None:
        """Ignore all further signals, since the sweep is already stopping."""
        self.is_disarmed = True

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.is_disarmed:
            return
        if not self.is_requested:
            self.is_requested = True
            self.alarm.set(Alarm.AFTER_GRACE)
            self.callback()
        elif number not in SENT_TWICE:
            # Repeat it in case it is swallowed: Python drops exceptions raised in finalizers.
            self.alarm.set(Alarm.SOON)
            raise KeyboardInterrupt

    def _report_unless_interrupted(self, problem: Any) -> None:
        if not issubclass(problem.exc_type, KeyboardInterrupt):
            self.hook_before(problem)


class Alarm:
    """Sends a signal to the main thread after a delay, and then repeatedly, from its own thread.

    It leaves the system's timers to the calling program. `set` may be called from a signal handler.
    """

    AFTER_GRACE, SOON, NEVER = b"g", b"s", b"n"

    def __init__(self, number: signal.Signals) -> None:
        self.number = number
        self._reader, self._writer = new_pipe()
        self._thread = threading.Thread(target=self._run, name="fitgap-alarm", daemon=True)
        self._thread.start()

    def set(self, when: bytes) -> None:
        os.write(self._writer, when)

    def close(self) -> None:
        self.set(Alarm.NEVER)
        self._thread.join()
        os.close(self._reader)
        os.close(self._writer)

    def _run(self) -> None:
        waiting = select.poll()
        waiting.register(self._reader, select.POLLIN)
        seconds: float | None = None
        while True:
            if waiting.poll(None if seconds is None else 1000 * seconds):
                word = os.read(self._reader, 1)
                if word == Alarm.NEVER:
                    return
                seconds = GRACE_SECONDS if word == Alarm.AFTER_GRACE else SECONDS_BEFORE_REPEATING
            else:
                seconds = SECONDS_BEFORE_REPEATING
                with contextlib.suppress(OSError):
                    signal.pthread_kill(threading.main_thread().ident or 0, self.number)
