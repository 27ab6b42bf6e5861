"""What the searches of peers share: the value that ends them, and the limit of their time."""

import time
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from typing import Any

from benchmarks.child import STARTED


@dataclass(frozen=True)
class Race:
    """Ends as soon as an E_v of at most `wanted` was measured in any of the processes, or `limit` seconds after the
    first trial began.

    What a peer measures counts at once, also in a trial that it would prune later.
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
        """Seconds from starting the process and from the first trial; the limit if nothing good enough was found."""
        found = self.reached.value or float("inf")
        return {
            "seconds": min(self.limit, found - self.started),
            "searching": min(self.limit, found - self.begun.value),
        }


def note_time(shared: Any) -> None:
    """Keep the earliest time."""
    with shared.get_lock():
        shared.value = shared.value or time.time()
