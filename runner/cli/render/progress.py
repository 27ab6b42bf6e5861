"""The progress line of a running sweep on standard error: trials done, rate, time left, best E_v so far."""

import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Self

import numpy as np
from fitgap.runner.amounts import counted, duration
from fitgap.runner.cli.remaining import QUERY_SECONDS, QUERY_SHARE, ActiveTime, TrialCount, WorkLeft
from fitgap.runner.cli.render.cluster_line import RowRate, cluster_line
from fitgap.runner.cli.render.console import PlainConsole
from fitgap.runner.cli.render.lines import printable, report
from fitgap.runner.driver import DriverShare, ExpectedWork
from fitgap.runner.engine import ClusterStatus, Engine
from fitgap.runner.messages import Block, EpochCounts
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.table import Column
from rich.text import Text

# Seconds between progress lines if standard error is not a terminal.
PLAIN_SECONDS = 10.0
# Minimum terminal width, in columns, for a bar next to the line.
WIDE_ENOUGH = 60
# The longest line, that of a sweep with a million trials, and the two lengths of the bar: the long one is used if it
# fits next to the longest line.
LONGEST_LINE = 71
SHORT_BAR, LONG_BAR = 8, 16
# Columns for epochs and verdicts, with room for an ellipsis.
LINE_COLUMNS = LONGEST_LINE - len(", …")


class LiveProgress:
    """Shows progress from a sweep's blocks. It tracks only trials in training, since a sweep may have a million."""

    def __init__(self, expected: ExpectedWork):
        self.expected = expected
        self.work_done = 0.0
        self.work = WorkLeft(expected.trials, expected.total)
        self.count = TrialCount(expected.trials)
        # Of the trials seen that have not ended.
        self.cost_per_epoch: dict[int, float] = {}
        # The last epoch seen of each trial: a second attempt trains some epochs again.
        self.epoch_seen: dict[int, int] = {}
        # The work done in unfinished epochs, by the first trial of the pack.
        self.parts: dict[int, float] = {}
        self.shown: set[str] = set()
        self.engine: Engine | None = None
        # The parts of the cluster that further drivers use, by driver number.
        self.further: dict[int, ClusterStatus] = {}
        self.rate = RowRate()
        # In a sweep that prunes: the maximum number of epochs left, and the number trained when this was queried.
        self.epochs_left: tuple[int, int] | None = None
        # Whether rounds of repeats may add more trials than those that are known.
        self.may_grow = expected.has_rounds()
        self.best_e_v = float("inf")
        self.epochs = 0
        self.verdicts: Mapping[str, int] = {}
        self.printed = self.next_query = time.monotonic()
        self.time = ActiveTime(self.printed)
        # At the first block: seconds of activity, and trials ended by other drivers.
        self.before: tuple[float, int] | None = None
        console = PlainConsole(stderr=True)
        # A terminal that cannot move its cursor gets plain lines, as a file does.
        self.live = sys.stderr.isatty() and not console.is_dumb_terminal
        self.bar = Progress(*columns_for(console.width), console=console, disable=not self.live)

    def __enter__(self) -> Self:
        self._update_counts(time.monotonic())
        self.bar.start()
        self.task = self.bar.add_task(f"0/{self.count.total} trials, starting", total=self.expected.total)
        return self

    def __exit__(self, *exception: object) -> None:
        if self.live and self.before is not None:
            # The verdicts of the last trials become known only now.
            self.verdicts = self.expected.verdict_counts()
            self.may_grow = self.may_grow and (self.count.left > 0 or self.expected.has_round_to_come())
            self._show(time.monotonic())
        self.bar.stop()

    def __call__(self, block: Block) -> None:
        """Count a block and update the line."""
        now = time.monotonic()
        self.time.tick(now)
        self.before = self.before or (self.time.seconds, self.count.others)
        self._count(block)
        self._update_counts(now)
        self.rate.count(now, len(block.rows) if block.rows else 0)
        self._show(now)

    def on_engine_ready(self, engine: Engine) -> None:
        """Note the engine, whose cluster status the line shows."""
        self.engine = engine

    def on_further(self, share: DriverShare) -> None:
        """Count what a further driver has trained."""
        self.epochs += share.epochs
        self.best_e_v = min(self.best_e_v, share.best_e_v)
        self.rate.count(time.monotonic(), share.rows)
        self.further.pop(share.driver, None)
        if share.status:
            self.further[share.driver] = share.status

    @property
    def cluster_status(self) -> ClusterStatus | None:
        """The state of the cluster, with the parts of all drivers; None without one."""
        own = self.engine.cluster_status if self.engine else None
        if own is None:
            return None
        parts = (own, *self.further.values())
        return replace(own, workers=sum(each.workers for each in parts), packs=sum(each.packs for each in parts))

    def say(self, text: str) -> None:
        """Print a line above the progress line; the same text only once."""
        if text not in self.shown:
            self.shown.add(text)
            self.bar.console.print(Text(f"fitgap: {printable(text)}"), soft_wrap=True)
            return
        # A driver that waits for others repeats this line; update the counts, since the others end trials.
        now = time.monotonic()
        self._update_counts(now)
        self._show(now)

    def _show(self, now: float) -> None:
        text = self.describe(now)
        if self.live:
            done, left = self._extent()
            self.bar.update(self.task, completed=done, total=done + left, description=text)
        elif now - self.printed >= PLAIN_SECONDS:
            self.printed = now
            report(*text.splitlines())

    def _update_counts(self, now: float) -> None:
        """Query from time to time how many trials are left, since other drivers end some or leave some behind."""
        if now < self.next_query:
            return
        counts = self.expected.trial_counts()
        if counts is not None:
            self.count.update(*counts)
        self.verdicts = self.expected.verdict_counts()
        epochs_left = self.expected.epochs_left()
        self.epochs_left = None if epochs_left is None else (epochs_left, self.epochs)
        took = time.monotonic() - now
        self.next_query = now + max(QUERY_SECONDS, QUERY_SHARE * took)

    def _count(self, block: Block) -> None:
        self._add_new_trials(block)
        if block.part is not None:
            trials, share = block.part
            self.parts[int(trials[0])] = share * sum(self.cost_per_epoch.get(trial, 0.0) for trial in trials.tolist())
        if block.trained is not None:
            self._count_epochs(block.trained)
        if block.rows is not None:
            finite = block.rows.e_v[np.isfinite(block.rows.e_v)]
            self.best_e_v = min(self.best_e_v, finite.min(initial=float("inf")))
        for end in block.ended:
            # A trial that waits at a rung is removed here and added again if it continues.
            self.best_e_v = min(self.best_e_v, end.best_e_v if np.isfinite(end.best_e_v) else float("inf"))
            # A trial that ended early leaves work that will never be done; count it as done.
            self.work_done += self.work.end(end.trial_id)
            self.cost_per_epoch.pop(end.trial_id, None)
            self.epoch_seen.pop(end.trial_id, None)
        self.count.end(len(block.final_ends))

    def _count_epochs(self, trained: EpochCounts) -> None:
        for trial, last, count in zip(
            trained.trial_id.tolist(), trained.last.tolist(), trained.count.tolist(), strict=True
        ):
            self.parts.pop(trial, None)
            new = last - max(last - count, self.epoch_seen.get(trial, 0))
            self.epochs += max(new, 0)
            if new > 0 and trial in self.cost_per_epoch:
                self.epoch_seen[trial] = last
                self.work_done += new * self.cost_per_epoch[trial]
                self.work.do(trial, new * self.cost_per_epoch[trial])

    def _add_new_trials(self, block: Block) -> None:
        """Look up the work of trials that appear for the first time."""
        named = block.trials | (set(block.part[0].tolist()) if block.part is not None else set())
        named |= set(block.counted.trial_id.tolist()) if block.counted is not None else set()
        new = sorted(named - self.cost_per_epoch.keys())
        for trial, (epochs, cost) in (self.expected.of(new) if new else {}).items():
            self.cost_per_epoch[trial] = cost
            self.work.add(trial, epochs * cost)

    @property
    def work_seen(self) -> float:
        """Work done, including parts of unfinished epochs."""
        return self.work_done + sum(self.parts.values())

    @property
    def work_left(self) -> float:
        """Work left for all drivers together."""
        return max(0.0, self.work.in_trials(self.count.left) - sum(self.parts.values()))

    def describe(self, now: float) -> str:
        """Lines that fit next to the bar in 80 columns: trials, epochs and verdicts, and on a cluster its nodes."""
        seconds = max(self.time.until(now), 1e-3)
        best = f", best E_v {self.best_e_v:.4g}" if self.best_e_v < float("inf") else ""
        so_far = " so far" if self.may_grow else ""
        done = f"{self.count.ended}/{self.count.total} trials{so_far}, {self.count.ended / seconds:.1f}/s"
        status = self.cluster_status
        lines = [f"{done}, {self._left(now)}{best}", epochs_line(self.epochs, self.verdicts)]
        lines += [cluster_line(status, self.rate.per_second(now))] if status else []
        # Without a live display, they are joined to one line.
        return ("\n" if self.live else "; ").join(line for line in lines if line)

    def _extent(self) -> tuple[float, float]:
        """The amounts done and left: of work, or of epochs if the sweep prunes, since then most trials end early."""
        if self.epochs_left is None:
            return self.work_seen, self.work_left
        left, before = self.epochs_left
        return float(self.epochs), float(max(0, left - (self.epochs - before)))

    def _left(self, now: float) -> str:
        if not self.work_seen or self.before is None:
            return "starting"
        if not self.count.left:
            return "more may follow" if self.may_grow else "0 s left"
        began, ended_before = self.before
        # Assume that the other drivers continue at the pace seen so far.
        others = max(0, self.count.others - ended_before) * self.work.mean
        done, left = self._extent()
        if self.epochs_left is None:
            done += others
        elif not done:
            return "starting"
        seconds = (self.time.until(now) - began) * left / done
        return f"{duration(max(1.0, seconds))} left"


def epochs_line(epochs: int, verdicts: Mapping[str, int]) -> str:
    """Such as `3,240 epochs; fit so far: 30 underfit, 2 good`; empty before the first epoch."""
    if not epochs:
        return ""
    text, between = f"{counted(epochs, 'epoch')}", "; fit so far: "
    for verdict, count in sorted(verdicts.items(), key=lambda item: -item[1]):
        more = f"{between}{count:,} {verdict.replace('_', ' ')}"
        if len(text) + len(more) > LINE_COLUMNS:
            return f"{text}, …"
        text, between = text + more, ", "
    return text


def columns_for(width: int) -> list[ProgressColumn]:
    """A bar and the line next to it; on a narrow terminal only the line, wrapped if it is too long."""
    line = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=False, overflow="fold"))
    bar_width = LONG_BAR if width > LONG_BAR + LONGEST_LINE else SHORT_BAR
    return [BarColumn(bar_width=bar_width), line] if width >= WIDE_ENOUGH else [line]
