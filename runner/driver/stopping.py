"""Ctrl-C while a sweep runs: once lets the packs in flight save how far they are, twice stops at once."""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

# What is in flight has so long to reach the end of its epoch.
GRACE_SECONDS = 3.0
SECONDS_BEFORE_REPEATING = 0.2
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def ignore() -> None:
    """What is called as long as there is nothing to stop."""


class Stopping:
    """While it is entered, the first signal to stop sets `is_requested`; a second one, or the end of the grace, raises
    KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self.asked: Callable[[], None] = ignore
        self.is_requested = self.is_enough = False

    def __enter__(self) -> Self:
        # Only the main thread gets signals; a caller in another one stops a sweep by an exception in `observe`.
        self.is_listening = threading.current_thread() is threading.main_thread()
        if self.is_listening:
            self.before = {each: signal.signal(each, self._stop) for each in STOPPING_SIGNALS}
            self.alarm_before = signal.signal(signal.SIGALRM, self._interrupt)
            self.hook_before, sys.unraisablehook = sys.unraisablehook, self._say_unless_interrupted
        return self

    def __exit__(self, *exception: object) -> None:
        if self.is_listening:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in self.before.items():
                signal.signal(number, handler)
            signal.signal(signal.SIGALRM, self.alarm_before)
            sys.unraisablehook = self.hook_before

    def call(self, asked: Callable[[], None]) -> None:
        """What the first signal calls, once and inside its handler; at once where it has come already."""
        self.asked = asked
        if self.is_requested:
            asked()

    def ignore_more(self) -> None:
        """It stops already: nothing interrupts what is left to do."""
        self.is_enough = True

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.is_requested:
            self._interrupt(number, frame)
            return
        self.is_requested = True
        signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)
        self.asked()

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.is_enough:
            return
        # Once more if it is swallowed: Python drops what is raised while it clears up an object.
        signal.setitimer(signal.ITIMER_REAL, SECONDS_BEFORE_REPEATING)
        raise KeyboardInterrupt

    def _say_unless_interrupted(self, problem: Any) -> None:
        if not issubclass(problem.exc_type, KeyboardInterrupt):
            self.hook_before(problem)
