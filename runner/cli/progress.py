"""The live line of a running sweep, on standard error: trials done, rate, time left, best E_v so far."""

import sys
import time
from typing import Self

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from runner.cli.crew_line import RowRate, crew_line
from runner.cli.lines import printable
from runner.driver import ExpectedWork
from runner.engine import Engine
from runner.messages import Block, EpochCounts

# Without a terminal a line is printed this often instead.
PLAIN_SECONDS = 10.0


class LiveProgress:
    """Observes a sweep's blocks. It knows of the trials that run, not of all: there may be a million."""

    def __init__(self, expected: ExpectedWork):
        self.expected = expected
        self.work_done = 0.0
        # Of the trials seen that have not ended.
        self.cost_per_epoch: dict[int, float] = {}
        self.work_left: dict[int, float] = {}
        # The last epoch seen: an attempt may train some once more.
        self.epoch_seen: dict[int, int] = {}
        # Of epochs that are not over, by the first trial of their pack.
        self.parts: dict[int, float] = {}
        self.trials_done = 0
        self.said: set[str] = set()
        self.engine: Engine | None = None
        self.rate = RowRate()
        self.best_e_v = float("inf")
        self.started = self.printed = time.monotonic()
        self.first_block: float | None = None
        self.live = sys.stderr.isatty()
        self.bar = Progress(
            BarColumn(bar_width=16),
            TextColumn("{task.description}"),
            console=Console(stderr=True),
            disable=not self.live,
        )

    def __enter__(self) -> Self:
        self.bar.start()
        self.task = self.bar.add_task(f"0/{self.expected.trials} trials, starting", total=self.expected.total)
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()

    def __call__(self, block: Block) -> None:
        """Take in a block."""
        now = time.monotonic()
        self.first_block = self.first_block or now
        self._count(block)
        self.rate.count(now, len(block.rows) if block.rows else 0)
        text = self.describe(now)
        self.bar.update(self.task, completed=self.work_seen, description=text)
        if not self.live and now - self.printed >= PLAIN_SECONDS:
            self.printed = now
            print(text, file=sys.stderr, flush=True)

    def meet(self, engine: Engine) -> None:
        """What trains, of which a cluster tells who that is."""
        self.engine = engine

    def say(self, text: str) -> None:
        """Print a line above the live one; the same text only once."""
        if text not in self.said:
            self.said.add(text)
            self.bar.console.print(Text(f"fitgap: {printable(text)}"), soft_wrap=True)

    def _count(self, block: Block) -> None:
        self._meet(block)
        if block.part is not None:
            trials, share = block.part
            self.parts[int(trials[0])] = share * sum(self.cost_per_epoch[trial] for trial in trials.tolist())
        if block.trained is not None:
            self._count_epochs(block.trained)
        if block.rows is not None:
            finite = block.rows.e_v[np.isfinite(block.rows.e_v)]
            self.best_e_v = min(self.best_e_v, finite.min(initial=float("inf")))
        for end in block.ended:
            self.best_e_v = min(self.best_e_v, end.best_e_v if np.isfinite(end.best_e_v) else float("inf"))
            # What a trial that ended early leaves undone will not be done.
            self.work_done += self.work_left.pop(end.trial_id)
            self.cost_per_epoch.pop(end.trial_id)
            self.epoch_seen.pop(end.trial_id, None)
        self.trials_done += len(block.ended)

    def _count_epochs(self, trained: EpochCounts) -> None:
        for trial, last, count in zip(
            trained.trial_id.tolist(), trained.last.tolist(), trained.count.tolist(), strict=True
        ):
            self.parts.pop(trial, None)
            new = last - max(last - count, self.epoch_seen.get(trial, 0))
            if new > 0 and trial in self.work_left:
                self.epoch_seen[trial] = last
                self.work_done += new * self.cost_per_epoch[trial]
                self.work_left[trial] -= new * self.cost_per_epoch[trial]

    def _meet(self, block: Block) -> None:
        """Look up the trials that are seen for the first time."""
        named = block.trials | (set(block.part[0].tolist()) if block.part is not None else set())
        named |= set(block.counted.trial_id.tolist()) if block.counted is not None else set()
        new = sorted(named - self.work_left.keys())
        for trial, (epochs, cost) in (self.expected.of(new) if new else {}).items():
            self.cost_per_epoch[trial] = cost
            self.work_left[trial] = epochs * cost

    @property
    def work_seen(self) -> float:
        """Work done, with the parts of epochs that are not over."""
        return self.work_done + sum(self.parts.values())

    def describe(self, now: float) -> str:
        """One line, short enough for a terminal of 80 columns beside the bar; on a cluster, a second one."""
        seconds = max(now - self.started, 1e-3)
        best = f", best E_v {self.best_e_v:.4g}" if self.best_e_v < float("inf") else ""
        done = f"{self.trials_done}/{self.expected.trials} trials, {self.trials_done / seconds:.1f}/s"
        crew = self.engine.crew if self.engine else None
        # Where nobody sees a line move, both are one.
        second = f"{chr(10) if self.live else '; '}{crew_line(crew, self.rate.per_second(now))}" if crew else ""
        return f"{done}, {self._left(now)}{best}{second}"

    def _left(self, now: float) -> str:
        if not self.work_seen or self.first_block is None:
            return "starting"
        # Others may have trained a part of what was expected, or some of it twice.
        left = max(0.0, self.expected.total - self.work_seen)
        seconds = (now - self.first_block) * left / self.work_seen
        return f"{duration(seconds)} left"


def duration(seconds: float) -> str:
    """Such as `8 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
