"""The time left is guessed at first, then computed from the measured rate."""

from types import SimpleNamespace

import numpy as np
import pytest
from fitgap.runner.engine.dispatch import eta as module
from fitgap.runner.engine.dispatch.eta import WorkRate
from fitgap.runner.messages import Block

TASK = SimpleNamespace(trials=(7, 8), work_per_epoch=5.0)


@pytest.fixture
def clock(monkeypatch):
    """The module's clock, which shows `clock.now`."""
    held = SimpleNamespace(now=100.0)
    held.monotonic = lambda: held.now
    monkeypatch.setattr(module, "time", held)
    return held


def part(share):
    return Block(None, (), part=(np.array([7, 8]), share))


def test_the_rest_is_told_by_the_rate_so_far(clock, make_rows):
    """A quarter of the work took two seconds, so six seconds are left."""
    stopwatch = WorkRate(expected_work=40.0, example_count=1)
    stopwatch.count(TASK, Block(make_rows([7, 8], [1, 1]), ()))
    clock.now += 2.0
    assert stopwatch.seconds_left() == pytest.approx(6.0)


def test_before_it_can_tell_it_guesses_by_work_and_examples(clock, make_rows):
    small, large = WorkRate(1e6, example_count=100), WorkRate(1e9, example_count=1000)
    assert small.seconds_left() < 0.1 and large.seconds_left() == pytest.approx(1e4 * small.seconds_left())
    large.count(TASK, Block(make_rows([7], [1]), ()))
    guess = large.seconds_left()
    clock.now += 0.9 * module.SECONDS_TO_MEASURE
    assert large.seconds_left() == guess
    clock.now += 0.2 * module.SECONDS_TO_MEASURE
    assert large.seconds_left() != guess


def test_parts_of_an_epoch_count_and_are_not_counted_twice(clock, make_rows):
    stopwatch = WorkRate(expected_work=40.0, example_count=1)
    for share in (0.25, 0.5):
        stopwatch.count(TASK, part(share))
        assert stopwatch.work_done == 10.0 * share
    stopwatch.count(TASK, Block(make_rows([7, 8], [1, 1]), ()))
    assert stopwatch.work_done == 10.0


def test_after_a_restart_only_the_new_rate_counts(clock, make_rows):
    stopwatch = WorkRate(expected_work=40.0, example_count=1)
    epoch = Block(make_rows([7, 8], [1, 1]), ())
    clock.now += 10.0
    stopwatch.count(TASK, epoch)
    stopwatch.restart()
    assert stopwatch.seconds_watched == 0.0
    clock.now += 1.0
    stopwatch.count(TASK, epoch)
    assert stopwatch.seconds_left() == pytest.approx(2.0)


def test_what_happens_while_it_is_stopped_does_not_count(clock, make_rows):
    stopwatch = WorkRate(expected_work=40.0, example_count=1)
    with stopwatch.paused():
        clock.now += 100.0
    stopwatch.count(TASK, Block(make_rows([7, 8], [1, 1]), ()))
    clock.now += 2.0
    assert stopwatch.seconds_left() == pytest.approx(6.0) and stopwatch.seconds_watched == pytest.approx(2.0)
