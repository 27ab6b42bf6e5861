"""The end of a peer's search, shared by its processes: the E_v to reach, and the time limit."""

import time
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from typing import Any

from benchmarks.child import STARTED


@dataclass(frozen=True)
class Race:
    """A search that ends as soon as any process has measured an E_v of at most `wanted`, or `limit` seconds after the
    first trial began.

    An E_v counts as soon as it is measured, even in a trial that the peer would prune later.
    """

    wanted: float
    limit: float
    started: float
    begun: Any
    reached: Any

    @classmethod
    def among(cls, context: SpawnContext, wanted: float, limit: float) -> "Race":
        return cls(wanted, limit, STARTED, context.Value("d", 0.0), context.Value("d", 0.0))

    def begin_trial(self) -> None:
        note_time(self.begun)

    def measured(self, e_v: float) -> None:
        if e_v <= self.wanted:
            note_time(self.reached)

    @property
    def is_over(self) -> bool:
        return bool(self.reached.value) or time.time() - self.begun.value > self.limit

    def figures(self) -> dict[str, float]:
        """Seconds since the process started and since the first trial began; the limit if no E_v was low enough."""
        found = self.reached.value or float("inf")
        return {
            "seconds": min(self.limit, found - self.started),
            "searching": min(self.limit, found - self.begun.value),
        }


def note_time(shared: Any) -> None:
    """Set a shared time to the current time, unless it is already set."""
    with shared.get_lock():
        shared.value = shared.value or time.time()
