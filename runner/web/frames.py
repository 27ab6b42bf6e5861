"""A cache of the frames from which charts are drawn: read once for all charts of a page, and dropped when unused."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import polars as pl
from fitgap.runner.system.freed_memory import give_back

# A frame of a million trials takes two hundred megabytes.
MOST_FRAMES = 2
# While a sweep trains, it changes between the charts of a page. They are drawn from the same frame if it is not older
# than YOUNG_SECONDS, or than TIMES times the seconds that reading it took.
YOUNG_SECONDS, TIMES = 3.0, 3
# Seconds without use after which all frames are dropped: if the last one was of a sweep that trains, and otherwise.
TRAINING_SECONDS, QUIET_SECONDS = 10.0, 300.0


@dataclass(frozen=True)
class Frame:
    """Trials, with the state of the sweep when they were read, the time of reading, and how long it took."""

    trials: pl.DataFrame
    state: Hashable
    read: float
    seconds: float

    def serves(self, state: Hashable, is_training: bool) -> bool:
        """Whether a chart of a state may be drawn from it. Unless the sweep trains, it must be of the same state."""
        age = time.monotonic() - self.read
        return self.state == state or (is_training and age < max(YOUNG_SECONDS, TIMES * self.seconds))


class Frames:
    """The latest frames by key. Only one is read at a time, since reading needs the most memory."""

    def __init__(self) -> None:
        self._frames: dict[Hashable, Frame] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def get(self, key: Hashable, state: Hashable, is_training: bool, read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """The frame for a key, read if there is no cached one that may be used."""
        with self._lock:
            frame = self._frames.pop(key, None)
            if frame is None or not frame.serves(state, is_training):
                # Free its memory before the next one is read.
                frame = None
                frame = timed(read, state)
            while len(self._frames) >= MOST_FRAMES:
                del self._frames[next(iter(self._frames))]
            self._frames[key] = frame
            self._forget_after(TRAINING_SECONDS + TIMES * frame.seconds if is_training else QUIET_SECONDS)
            return frame.trials

    def _forget_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, self.forget)
        self._timer.daemon = True
        self._timer.start()

    def forget(self) -> None:
        """Drop all frames, and return their memory to the system."""
        with self._lock:
            self._frames.clear()
        give_back()


def timed(read: Callable[[], pl.DataFrame], state: Hashable) -> Frame:
    began = time.monotonic()
    trials = read()
    now = time.monotonic()
    return Frame(trials, state, now, now - began)
