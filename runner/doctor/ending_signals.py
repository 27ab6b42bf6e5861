"""Signals that end the doctor: it first ends what it has started."""

import signal
import threading
from typing import Any, Self

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class EndingSignals:
    """Within it, a signal raises an exception instead of ending the process at once, and only while it is let through.

    Before that a process is being started that nobody could end yet; after that it is ended. One signal is enough, and
    further ones change nothing. What is ignored, as by nohup, stays so.
    """

    def __init__(self) -> None:
        self.before: dict[signal.Signals, Any] = {}
        self.number: int | None = None
        self.is_let_through = False

    def __enter__(self) -> Self:
        # Only there can handlers be set.
        if threading.current_thread() is threading.main_thread():
            handlers = {each: signal.getsignal(each) for each in ENDING}
            # None is a handler that Python cannot put back.
            self.before = {each: found for each, found in handlers.items() if found not in (signal.SIG_IGN, None)}
        for each in self.before:
            signal.signal(each, self._note)
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        for each, handler in self.before.items():
            signal.signal(each, handler)
        # One that came while it was held back.
        if self.number is not None and kind is None:
            self._end(self.number)

    def hold_back(self) -> None:
        """Note signals only, while what was started is ended and removed."""
        self.is_let_through = False

    def let_through(self) -> None:
        """Raise for a signal that has come already, and from now on at once."""
        self.is_let_through = True
        if self.number is not None:
            self._end(self.number)

    def _note(self, number: int, frame: object) -> None:
        if self.number is None:
            self.number = number
            if self.is_let_through:
                self._end(number)

    def _end(self, number: int) -> None:
        handler = self.before[signal.Signals(number)]
        if callable(handler):
            # That of Ctrl-C, which raises KeyboardInterrupt.
            handler(number, None)
        raise SystemExit(128 + number)
