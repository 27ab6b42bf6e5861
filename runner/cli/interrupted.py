"""Interrupt signals outside of training: the command exits at once and silently."""

import signal
import sys
from types import FrameType, TracebackType
from typing import Any, Self

from fitgap.runner.cli.terminal import INTERRUPTED
from fitgap.runner.system.interrupt_signals import STOPPING_SIGNALS

# Time for clean-up after an interrupt, before the interrupt is repeated.
SECONDS_BEFORE_REPEATING = 1.0


class QuietInterrupts:
    """Makes an interrupt signal end the process with its exit code and without a traceback.

    Any error after the signal is taken to be its consequence, such as a failed import. Signals that were ignored
    before, as under `nohup`, stay ignored. If the process runs only this command, it ignores signals once the
    command has ended.
    """

    def __init__(self, is_whole_process: bool):
        self.is_whole_process = is_whole_process
        self.is_heard = False
        self.has_ended = False

    def __enter__(self) -> Self:
        found = {number: signal.getsignal(number) for number in (*STOPPING_SIGNALS, signal.SIGALRM)}
        default_handlers = (signal.SIG_DFL, signal.default_int_handler)
        self.before = {number: handler for number, handler in found.items() if handler in default_handlers}
        for number in self.before:
            signal.signal(number, self._interrupt)
        self.hook_before, sys.unraisablehook = sys.unraisablehook, self._report_unless_interrupted
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.has_ended = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = self.hook_before
        for number, handler in self.before.items():
            signal.signal(number, signal.SIG_IGN if self.is_whole_process else handler)
        if isinstance(error, KeyboardInterrupt) or (self.is_heard and isinstance(error, Exception)):
            sys.exit(INTERRUPTED)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt for the first signal, and again when the timer fires.

        Further signals are ignored: they would interrupt the shutdown that the first one has started.
        """
        if self.has_ended or (self.is_heard and number != signal.SIGALRM):
            return
        self.is_heard = True
        # Repeat it in case it is swallowed: Python drops exceptions raised in some callbacks.
        signal.setitimer(signal.ITIMER_REAL, SECONDS_BEFORE_REPEATING)
        raise KeyboardInterrupt

    def _report_unless_interrupted(self, problem: Any) -> None:
        if not issubclass(problem.exc_type, KeyboardInterrupt):
            self.hook_before(problem)
