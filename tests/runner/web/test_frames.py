"""The trials behind the charts of a page: read once for all charts, never outdated at the end, and freed afterwards."""

import polars as pl
import pytest
from fitgap.runner.web import frames
from fitgap.runner.web.frames import MOST_FRAMES, QUIET_SECONDS, TRAINING_SECONDS, Frames


class Sweep:
    """Trials that can be read, and how often they were read."""

    def __init__(self, monkeypatch):
        self.frames, self.now, self.times, self.waits = Frames(), 100.0, 0, []
        monkeypatch.setattr(frames.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(Frames, "_forget_after", lambda _, seconds: self.waits.append(seconds))

    def ask(self, state, *, is_training=True, key="all"):
        return self.frames.get(key, state, is_training, self.read).item()

    def read(self):
        self.times += 1
        self.now += 2
        return pl.DataFrame({"time": [self.times]})


@pytest.fixture
def sweep(monkeypatch):
    return Sweep(monkeypatch)


def test_charts_of_one_state_share_what_was_read(sweep):
    assert [sweep.ask(1, is_training=False) for _ in range(3)] == [1, 1, 1]


def test_charts_of_a_sweep_that_trains_share_it_for_a_while(sweep):
    assert [sweep.ask(state) for state in (1, 2, 3)] == [1, 1, 1]
    # Reading took two seconds, so the frame is shared for six.
    sweep.now += 5.9
    assert sweep.ask(4) == 1
    sweep.now += 0.2
    assert sweep.ask(5) == 2


def test_the_last_state_is_read_whatever_is_known(sweep):
    assert [sweep.ask(1), sweep.ask(2, is_training=False)] == [1, 2]


def test_only_the_latest_views_are_kept(sweep):
    keys = [str(number) for number in range(MOST_FRAMES + 1)]
    for key in (*keys, keys[-1], keys[0]):
        sweep.ask(1, key=key)
    assert sweep.times == MOST_FRAMES + 2


def test_an_old_frame_is_let_go_before_the_next_is_read(sweep):
    def read():
        assert sweep.frames._frames == {}
        return sweep.read()

    for state in (1, 2):
        sweep.frames.get("all", state, False, read)
    assert sweep.times == 2


def test_frames_are_forgotten_sooner_while_a_sweep_trains(sweep):
    sweep.ask(1)
    sweep.ask(1, is_training=False)
    assert TRAINING_SECONDS <= sweep.waits[0] < sweep.waits[1] == QUIET_SECONDS
    sweep.frames.forget()
    assert sweep.ask(1) == 2


def test_a_frame_that_cannot_be_read_is_read_again(sweep):
    with pytest.raises(ZeroDivisionError):
        sweep.frames.get("all", 1, False, lambda: 1 / 0)
    assert sweep.ask(1) == 1


def test_the_timer_forgets(monkeypatch):
    found = Frames()
    monkeypatch.setattr(frames, "QUIET_SECONDS", 0.01)
    found.get("all", 1, False, pl.DataFrame)
    found._timer.join(30)
    assert found._frames == {}
