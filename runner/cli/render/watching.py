"""The line of `fitgap watch`: the progress of a sweep that another process trains."""

import time
from collections.abc import Callable, Mapping

from fitgap.runner.amounts import duration
from fitgap.runner.cli.render.console import PlainConsole
from fitgap.runner.cli.render.lines import say
from fitgap.runner.cli.render.progress import columns_for, epochs_line
from fitgap.runner.store.read.progress import SweepProgress
from rich.progress import Progress

# Seconds between database queries, and between lines if standard output is not a terminal: the pause between lines
# grows from line to line.
LOOK_SECONDS = 1.0
FIRST_LINE_SECONDS, SLOWER, LAST_LINE_SECONDS = 1.0, 1.5, 60.0
# If no trial and no driver has been running for this many seconds, no process trains the sweep.
IDLE_SECONDS = 10.0


class Watch:
    """Shows the progress of a sweep until its trials have ended, or until no process trains it anymore.

    When all trials have ended, `has_more_to_come` says whether a generation or a round follows. `has_driver` says
    whether a process trains the sweep, even if no trial is running at the moment.
    """

    def __init__(
        self,
        look: Callable[[], tuple[SweepProgress, Mapping[str, int]]],
        has_more_to_come: Callable[[], bool] = lambda: False,
        has_driver: Callable[[], bool] = lambda: False,
    ):
        self.look, self.has_more_to_come, self.has_driver = look, has_more_to_come, has_driver
        self.first: tuple[float, SweepProgress] | None = None
        self.busy = time.monotonic()
        self.pause = FIRST_LINE_SECONDS
        self.due = 0.0

    def run(self) -> SweepProgress:
        """Show the progress; returns the last state seen."""
        console = PlainConsole()
        live = console.is_terminal and not console.is_dumb_terminal
        with Progress(*columns_for(console.width), console=console, disable=not live) as bar:
            task = bar.add_task("", total=1)
            while True:
                now = time.monotonic()
                progress, verdicts = self.look()
                may_grow = not progress.left and self.has_more_to_come()
                lines = self.lines(now, progress, verdicts, " so far, more may follow" if may_grow else "")
                over = not (progress.left or may_grow) or self.is_idle(now, progress)
                if live:
                    total = max(progress.planned_epochs, 1)
                    bar.update(task, completed=progress.epochs, total=total, description="\n".join(lines))
                elif over or now >= self.due:
                    say("; ".join(lines))
                    self.due, self.pause = now + self.pause, min(self.pause * SLOWER, LAST_LINE_SECONDS)
                if over:
                    return progress
                time.sleep(LOOK_SECONDS)

    def is_idle(self, now: float, progress: SweepProgress) -> bool:
        """Whether trials are left or to come, but no process has trained any for a while."""
        # While a driver computes the next proposals, no trial is running.
        if progress.trials.get("running") or self.has_driver():
            self.busy = now
        return now - self.busy > IDLE_SECONDS

    def lines(self, now: float, progress: SweepProgress, verdicts: Mapping[str, int], more: str = "") -> list[str]:
        """The lines to show: trials (with `more` as a note), time left and best error; then epochs and verdicts."""
        if self.first is None:
            self.first = now, progress
        best = f", best E_v {progress.best_e_v:.4g}" if progress.best_e_v is not None else ""
        done = f"{progress.ended:,}/{progress.ended + progress.left:,} trials{more}{self._left(now, progress)}{best}"
        return [line for line in (done, epochs_line(progress.epochs, verdicts)) if line]

    def _left(self, now: float, progress: SweepProgress) -> str:
        assert self.first is not None
        began, before = self.first
        trained = progress.epochs - before.epochs
        if not progress.left or trained <= 0 or now <= began:
            return ""
        return f", {duration(max(1.0, (now - began) * progress.epochs_left / trained))} left"
