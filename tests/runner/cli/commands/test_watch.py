"""`fitgap watch`: the progress of a sweep that another process trains."""

import pytest
from fitgap.runner.cli.render import watching
from fitgap.runner.cli.render.watching import Watch
from fitgap.runner.store.read.progress import SweepProgress


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves only when the watch sleeps."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

        def sleep(self, seconds):
            self.now += seconds

    held = Clock()
    monkeypatch.setattr(watching, "time", held)
    return held


def at(ended, running, epochs, best=None, pending=0):
    return SweepProgress({"completed": ended, "running": running, "pending": pending}, epochs, 400, best)


def test_lines_come_until_all_trials_have_ended(clock, capsys):
    seen = [at(0, 4, 0)] + [at(number // 25, 4 - number // 25, 4 * number, 0.5) for number in range(1, 101)]
    looks = iter(seen)
    assert Watch(lambda: (next(looks), {"underfit": 3})).run().left == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "0/4 trials" and lines[-1] == "4/4 trials, best E_v 0.5; 400 epochs; fit so far: 3 underfit"
    assert lines[1] == "0/4 trials, 1 min 39 s left, best E_v 0.5; 4 epochs; fit so far: 3 underfit"
    # The intervals grow: about ten lines in 100 seconds.
    assert len(lines) < 13


def test_a_sweep_that_nobody_trains_is_not_watched_forever(clock, capsys):
    assert Watch(lambda: (at(1, 0, 100, pending=3), {})).run().left == 3
    assert clock.now < 100 + 2 * watching.IDLE_SECONDS


def test_a_trained_sweep_is_told_at_once(invoke, trained_database, small_counts):
    answer = invoke("watch", "small", "--db", trained_database)
    trials = small_counts[0]
    assert answer.code == 0 and answer.out.startswith(f"{trials}/{trials} trials, best E_v ")
    assert answer.err.startswith(f"{trials} trials: ")


def test_what_is_left_is_told_with_how_to_continue(invoke, monkeypatch, database, store, make_plan):
    monkeypatch.setattr(watching, "IDLE_SECONDS", -1.0)
    store.add_sweep(make_plan(2, 2))
    answer = invoke("watch", "plan", "--db", database)
    assert answer.code == 1 and answer.out == "0/4 trials\n"
    assert "no process is training its 4 other trials; continue with: fitgap resume plan" in answer.err


def test_an_unknown_sweep_is_told_in_one_line(invoke, trained_database):
    answer = invoke("watch", "large", "--db", trained_database)
    assert answer.code == 2 and "there is no sweep 'large'" in answer.err


def test_epochs_are_counted_for_ended_and_running_trials(store, driver, make_plan, make_rows, end_trial):
    from fitgap.runner.messages import Block
    from fitgap.runner.trial_status import Status

    sweep, _ = store.add_sweep(make_plan(2, 2))
    end_trial(driver, 1, epochs=3, best_e_v=0.25)
    end_trial(driver, 2, Status.DIVERGED, epochs=1)
    driver.claim([3])
    driver.record(Block(make_rows([3, 3], [1, 2]), ()))
    found = store.progress(sweep)
    assert (found.ended, found.left, found.best_e_v) == (2, 2, 0.25)
    assert (found.epochs, found.planned_epochs, found.epochs_left) == (3 + 1 + 2, 3 + 1 + 3 + 3, 4)


def test_a_sweep_with_a_round_to_come_is_watched_on(clock, capsys):
    looks = iter([at(4, 0, 40), at(4, 1, 40), at(5, 0, 50), at(5, 0, 50)])
    due = iter([True, False])
    assert Watch(lambda: (next(looks), {}), lambda: next(due)).run().ended == 5
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("4/4 trials so far, more may follow") and lines[-1].startswith("5/5 trials; ")


def test_a_round_that_nobody_writes_is_not_waited_for_forever(clock, capsys):
    assert Watch(lambda: (at(4, 0, 40), {}), lambda: True).run().left == 0
    assert clock.now < 100 + 2 * watching.IDLE_SECONDS


def test_while_a_driver_computes_proposals_a_search_is_watched_on(clock, capsys):
    seen = [at(4, 0, 40)] * 60 + [at(4, 1, 40), at(5, 0, 50)]
    looks = iter(seen)
    watch = Watch(lambda: (next(looks), {}), lambda: clock.now < 100 + len(seen) - 1, lambda: clock.now < 160)
    assert watch.run().ended == 5
    assert clock.now - 100 > 5 * watching.IDLE_SECONDS


def test_what_a_stopped_search_has_to_come_is_told(invoke, monkeypatch):
    monkeypatch.setattr(watching, "IDLE_SECONDS", -1.0)
    search = ("--search", "tpe:trials=12,generation=4", "--repeats", "2", "--epochs", "1", "--engine", "local")
    rates = ("--optimizer", "adam:rate=0.001..0.1", "--hidden", "3")
    assert invoke("run", "--data", "iris", *rates, *search, "--max-trials", "4").code == 1
    assert "no process is training its 4 other trials" in invoke("watch", "iris").err
    invoke("resume", "iris", "--engine", "local", "--max-trials", "4")
    answer = invoke("watch", "iris")
    assert "8/8 trials so far, more may follow" in answer.out
    assert "the search will propose 2 more configurations, if it finds any; continue with: fitgap resume" in answer.err
    assert invoke("resume", "iris", "--engine", "local").code == 0
    ended = invoke("watch", "iris")
    assert "12/12 trials, best" in ended.out and "will propose" not in ended.err
