"""The live line: what it counts, by a clock that the tests control."""

import io
import math
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from fitgap.runner.cli.render import progress
from fitgap.runner.cli.render.cluster_line import WINDOW_SECONDS
from fitgap.runner.cli.render.console import PlainConsole
from fitgap.runner.cli.render.progress import LiveProgress
from fitgap.runner.engine import ClusterStatus
from fitgap.runner.messages import Block, EpochCounts, TrialEnd
from fitgap.runner.trial_status import Status
from rich.progress import Progress
from support.cli.expected_work import Expected, ends


def test_the_last_line_has_the_verdicts_on_what_ended_last(clock, make_rows):
    """These verdicts are determined after the last block."""

    @dataclass(frozen=True)
    class Judged(Expected):
        verdicts: dict

        def verdict_counts(self):
            return self.verdicts

    verdicts = {"good": 1}
    with LiveProgress(Judged({1: (1, 1.0), 2: (1, 1.0)}, verdicts)) as live:
        live.live = True
        clock.now = 101.0
        live(Block(make_rows([1, 2], [1, 1]), ends(1, 2)))
        verdicts["underfit"] = 1
    assert live.bar.tasks[0].description.endswith("2 epochs; fit so far: 1 good, 1 underfit")


@pytest.mark.parametrize(("is_due", "last"), [(False, "2/2 trials, "), (True, "2/2 trials so far, ")])
def test_trials_of_rounds_are_all_only_once_no_round_is_due(clock, make_rows, is_due, last):
    """Until then, a line with no trials left says that more may follow."""

    class Repeated(Expected):
        def has_rounds(self):
            return True

        def has_round_to_come(self):
            return is_due

    with LiveProgress(Repeated({1: (1, 1.0), 2: (1, 1.0)})) as live:
        live.live = True
        clock.now = 101.0
        live(Block(make_rows([1], [1]), ends(1)))
        assert live.describe(clock.now).startswith("1/2 trials so far, 1.0/s, 1 s left")
        live(Block(make_rows([2], [1]), ends(2)))
        assert live.describe(clock.now).startswith("2/2 trials so far, 2.0/s, more may follow")
    description = live.bar.tasks[0].description
    assert description.startswith(last) and ("0 s left" in description) != is_due


def test_work_time_left_and_the_best_error_are_counted(clock, make_rows):
    """Two trials of 10 epochs, one of which costs three times as much: 40 units of work."""
    with LiveProgress(Expected({1: (10, 1.0), 2: (10, 3.0)})) as live:
        assert live.describe(101.0) == "0/2 trials, 0.0/s, starting"
        clock.now = 110.0
        live(Block(make_rows([1, 2], [1, 1], e_v=[0.5, 0.25]), ()))
        assert live.work_done == 4.0
        clock.now = 120.0
        live(Block(make_rows([1] * 9 + [2], [*range(2, 11), 2], e_v=[0.125] * 10), ends(1)))
        assert live.work_done == 16.0
        # 16 units of 40 took 10 s since the first block: 24 are left.
        assert live.describe(120.0) == "1/2 trials, 0.1/s, 15 s left, best E_v 0.125; 12 epochs"


def test_a_sweep_that_prunes_needs_the_epochs_of_its_rungs(clock, make_rows):
    """Trials that wait at a rung are no work yet, and most of the remaining ones will never train on."""

    class Pruning(Expected):
        def epochs_left(self):
            return left

    left = 30
    with LiveProgress(Pruning({1: (10, 1.0), 2: (10, 3.0)})) as live:
        clock.now = 110.0
        live(Block(make_rows([1], [1]), ()))
        left = 20
        clock.now = 120.0
        live(Block(make_rows([1] * 9, range(2, 11)), ends(1, status=Status.PENDING)))
        # Ten epochs took 10 s since the first block, and 20 are left.
        assert ", 20 s left" in live.describe(120.0)
        clock.now = 121.0
        live(Block(make_rows([2] * 5, range(1, 6)), ()))
        # The number of epochs left is not queried again so soon: five of the 20 are done.
        assert ", 11 s left" in live.describe(121.0)


def test_epochs_that_are_not_recorded_are_counted_too(clock, make_rows):
    """Even if some are trained again. The best error is the one reported at the end of a trial."""

    def counted(last, count):
        return EpochCounts(np.array([1, 2]), np.array([last, last]), np.array([count, count]))

    with LiveProgress(Expected({1: (40, 1.0), 2: (40, 3.0)})) as live:
        live(Block(make_rows([1, 2], [1, 1]), (), counted=counted(1, 1)))
        live(Block(None, (), counted=counted(10, 9)))
        assert live.work_done == 40.0
        live(Block(None, (), counted=counted(8, 3)))
        assert live.work_done == 40.0
        live(Block(None, (), counted=counted(12, 4)))
        assert live.work_done == 48.0
        live(Block(None, (TrialEnd(1, Status.COMPLETED, best_e_v=0.25), TrialEnd(2, Status.COMPLETED))))
        assert live.work_done == 160.0 and live.best_e_v == 0.25


def test_time_in_which_the_process_was_suspended_does_not_count(clock, make_rows):
    """Ctrl-Z for an hour after ten of forty epochs, at one epoch per second."""
    with LiveProgress(Expected({1: (40, 1.0)})) as live:
        for epoch in range(1, 12):
            clock.now += 1.0 if epoch < 11 else 3600.0
            live(Block(make_rows([1], [epoch]), ()))
        assert ", 26 s left" in live.describe(clock.now)


def test_a_database_that_cannot_be_asked_keeps_the_counts_of_this_driver(clock, make_rows):
    with LiveProgress(Expected({1: (1, 1.0), 2: (1, 1.0)})) as live:
        clock.now += 10.0
        live(Block(make_rows([1], [1]), ends(1)))
        assert live.describe(clock.now).startswith("1/2 trials, ")


def test_the_database_is_asked_for_a_small_part_of_the_time(clock, make_rows):
    asked = []

    class Slow(Expected):
        def trial_counts(self):
            asked.append(clock.now)
            clock.now += 1.0
            return (0, 1)

    with LiveProgress(Slow({1: (1000, 1.0)})) as live:
        for epoch in range(1, 501):
            clock.now += 1.0
            live(Block(make_rows([1], [epoch]), ()))
    assert len(asked) <= 11


def test_epochs_and_verdicts_are_told_before_the_first_trial_has_ended(clock, make_rows):
    class Judged(Expected):
        def verdict_counts(self):
            return {"good": 2, "underfit": 30, "no_skill": 1}

    with LiveProgress(Judged({1: (5000, 1.0)})) as live:
        assert "epoch" not in live.describe(clock.now)
        live(Block(make_rows([1] * 1200, range(1, 1201)), ()))
        text = live.describe(clock.now)
        assert text.startswith("0/1 trials, ")
        assert text.endswith("; 1,200 epochs; fit so far: 30 underfit, 2 good, 1 no skill")


def test_the_counts_of_verdicts_fit_next_to_the_bar():
    many = dict.fromkeys(("good", "underfit", "overfit", "both", "unclear", "no_skill"), 123_456)
    text = progress.epochs_line(10**9, many)
    assert len(text) <= 71 and text.endswith(", …") and "123,456 good" in text


@pytest.mark.parametrize("columns", [80, 87, 88, 120])
def test_the_line_of_a_large_sweep_is_not_wrapped(columns):
    """The longest line: a million trials, more than a thousand per second, much time left, a small error."""
    line = "123456/1000000 trials, 1234.5/s, 59 min 59 s left, best E_v 1.234e-05"
    bar = Progress(*progress.columns_for(columns), console=PlainConsole(width=columns, file=io.StringIO()))
    bar.add_task(line, total=1)
    (segments,) = bar.console.render_lines(bar.get_renderable())
    assert "".join(segment.text for segment in segments).rstrip().endswith(f" {line}")


@pytest.mark.parametrize(("is_terminal", "between"), [(True, "\n"), (False, "; ")])
def test_a_cluster_is_told_as_it_is_now(is_terminal, between, clock, make_rows):
    """The rows per second are recent ones, and both lines fit into 80 columns."""
    with LiveProgress(Expected({1: (10_000, 1.0)})) as live:
        live.live = is_terminal
        engine = SimpleNamespace(cluster_status=ClusterStatus(3, 24, 27))
        live.on_engine_ready(engine)
        for number, rows in enumerate((1, 1000, 1000, 1000), start=1):
            clock.now += WINDOW_SECONDS / 2
            live(Block(make_rows([1] * rows, [number] * rows), ()))
        text = live.describe(clock.now)
        assert text.endswith(f"{between}3 nodes, 24 workers, 27 packs in flight, 200 rows/s")
        engine.cluster_status = ClusterStatus(1, 1, 1)
        assert "; 1 node, 1 worker, 1 pack in flight, " in live.describe(clock.now).replace("\n", "; ")
        engine.cluster_status = ClusterStatus(1000, 64_000, 72_000)
        assert not is_terminal or max(map(len, live.describe(clock.now).splitlines())) <= 80 - 17


@pytest.mark.parametrize("status", [Status.DIVERGED, Status.FAILED])
def test_what_a_trial_leaves_undone_is_not_waited_for(status, clock, make_rows):
    with LiveProgress(Expected({1: (10, 1.0), 2: (10, 1.0)})) as live:
        clock.now += 1
        live(Block(make_rows([1], [1]), ends(1, status=status)))
        assert live.work_done == 10.0
        live(Block(None, ends(2, status=status)))
        assert live.work_done == 20.0 and live.count.own == 2


def test_errors_that_are_not_finite_are_never_the_best(clock, make_rows):
    with LiveProgress(Expected({1: (3, 1.0)})) as live:
        clock.now += 1
        live(Block(make_rows([1, 1, 1], [1, 2, 3], e_v=[math.nan, -math.inf, math.inf]), ends(1)))
        assert "best" not in live.describe(clock.now)


def test_a_block_in_the_first_tick_of_the_clock_is_counted(clock, make_rows):
    """With coarse ticks, a clock may not advance between two readings."""
    with LiveProgress(Expected({1: (3, 1.0)})) as live:
        live(Block(make_rows([1], [1]), ()))
        assert live.work_done == 1.0
