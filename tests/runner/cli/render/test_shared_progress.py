"""The live line of a sweep that other drivers train, or that commands in other terminals change."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from fitgap.runner.cli.render.progress import LiveProgress
from fitgap.runner.driver import DriverShare
from fitgap.runner.engine import ClusterStatus
from fitgap.runner.messages import Block
from support.cli.expected_work import Expected, ends


@dataclass(frozen=True)
class Shared(Expected):
    """As `Expected`, if others train the sweep too: `answer` is the counts of trials that have ended and have not."""

    answer: list
    beforehand: tuple = ()

    @property
    def trials(self):
        return len(self.beforehand or self.work)

    @property
    def total(self):
        return sum(self.work[number][0] * self.work[number][1] for number in self.beforehand or self.work)

    def trial_counts(self):
        return tuple(self.answer)


def test_trials_taken_over_from_a_dead_driver_are_expected_too(clock, make_rows):
    """Four trials are pending at first; two more, held by a dead driver, come later. Four others have already ended."""
    work = {number: (10, 1.0) for number in range(1, 7)}
    with LiveProgress(Shared(work, [4, 6], beforehand=(1, 2, 3, 4))) as live:
        assert live.describe(clock.now) == "0/6 trials, 0.0/s, starting"
        seen = []
        for number in work:
            clock.now += 5.0
            live.expected.answer[:] = [4 + number, 6 - number]
            live(Block(make_rows([number] * 10, range(1, 11)), ends(number)))
            seen.append(live.describe(clock.now).split(", ")[::2][:2])
    done, left = zip(*seen, strict=True)
    assert done == tuple(f"{number}/6 trials" for number in work)
    assert left[-1] == "0 s left" and "0 s left" not in left[:-1]
    # The first block counts as work that took no time, so the estimate is slightly too short.
    assert left[1:4] == ("10 s left", "10 s left", "8 s left")


def test_trials_that_other_drivers_end_are_counted_and_not_waited_for(clock, make_rows):
    work = {number: (10, 1.0) for number in range(1, 11)}
    with LiveProgress(Shared(work, [0, 10])) as live:
        live(Block(make_rows([1], [1]), ()))
        clock.now += 10.0
        # Another driver has ended five of the trials, and this one the first.
        live.expected.answer[:] = [6, 4]
        live(Block(make_rows([1] * 9, range(2, 11)), ends(1)))
        # Sixty units of work took ten seconds; forty are left.
        assert live.describe(clock.now).startswith("6/10 trials, 0.6/s, 7 s left")


def test_trials_added_meanwhile_are_expected_too(clock, make_rows):
    """By `extend` or `retry` in another terminal."""
    work = {number: (10, 1.0) for number in range(1, 5)}
    with LiveProgress(Shared(work, [0, 2], beforehand=(1, 2))) as live:
        clock.now += 10.0
        live.expected.answer[:] = [1, 3]
        live(Block(make_rows([1] * 10, range(1, 11)), ends(1)))
        assert live.describe(clock.now).startswith("1/4 trials, ")


def test_a_pack_that_is_cut_and_trained_again_counts_every_trial_once(clock, make_rows):
    work = {1: (10, 1.0), 2: (10, 1.0)}
    with LiveProgress(Shared(work, [0, 2])) as live:
        for epochs in (range(1, 6), range(1, 6), range(6, 11)):
            clock.now += 1.0
            live(Block(make_rows([1] * 5 + [2] * 5, [*epochs, *epochs]), ()))
        assert (live.work_done, live.work_left) == (20.0, 0.0)
        assert live.describe(clock.now).startswith("0/2 trials, 0.0/s, 1 s left")
        live.expected.answer[:] = [2, 0]
        live(Block(None, ends(1, 2)))
        assert live.describe(clock.now).startswith("2/2 trials, 0.7/s, 0 s left")


def test_trials_that_are_taken_away_are_not_waited_for(clock, make_rows):
    """They are cancelled in another terminal while they run, so no more epochs of them follow."""
    work = {number: (10, 1.0) for number in (1, 2, 3)}
    with LiveProgress(Shared(work, [0, 3])) as live:
        live(Block(make_rows([1, 2, 3], [1, 1, 1]), ()))
        clock.now += 10.0
        live.expected.answer[:] = [2, 1]
        live(Block(make_rows([1], [2]), ()))
        assert live.work_left == pytest.approx((8 + 9 + 9) / 3)
        assert live.describe(clock.now).startswith("2/3 trials, ")


def test_while_it_waits_for_other_drivers_their_trials_are_counted(clock, capsys):
    with LiveProgress(Shared({}, [0, 5])) as live:
        for ended in range(6):
            live.expected.answer[:] = [ended, 5 - ended]
            clock.now += 10.0
            live.say("waiting for trials of driver 3 (process 4711)")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "fitgap: waiting for trials of driver 3 (process 4711)"
    assert [line.split(",")[0] for line in lines[1:]] == [f"{ended}/5 trials" for ended in range(1, 6)]


def test_what_further_drivers_train_is_counted_and_their_part_of_the_cluster(clock, make_rows):
    with LiveProgress(Expected({1: (10_000, 1.0)})) as live:
        live.on_engine_ready(SimpleNamespace(cluster_status=ClusterStatus(3, 8, 9)))
        live(Block(make_rows([1], [1]), ()))
        for driver, best in ((5, 0.25), (6, 1e-4), (5, 0.5)):
            clock.now += 1
            live.on_further(DriverShare(100, 100, best, ClusterStatus(3, 8, 10), driver))
        text = live.describe(clock.now)
        assert "best E_v 0.0001" in text and "301 epochs" in text
        assert text.endswith("3 nodes, 24 workers, 29 packs in flight, 100 rows/s")
        live.on_further(DriverShare(driver=5))
        assert "3 nodes, 16 workers, 19 packs" in live.describe(clock.now), "a driver that has died"
