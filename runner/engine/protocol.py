"""What every engine offers. The driver knows engines by this alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fitgap.runner.messages import Block, PackTask


@dataclass(frozen=True)
class ClusterStatus:
    """Who trains on a cluster now: its nodes, how many packs they can train at the same time and how many they have."""

    nodes: int
    workers: int
    packs: int


# Is called with a line for people.
Notify = Callable[[str], None]


def ignore(news: object) -> None:
    """Tells nobody."""


class Engine(Protocol):
    """Trains packs somewhere. Used as a context: entering begins to start it and waits for nothing, leaving stops what
    it started.
    """

    name: str

    @property
    def workers(self) -> int:
        """How many packs train at the same time, as it is now."""

    @property
    def crew(self) -> ClusterStatus | None:
        """Who trains, on a cluster; else None."""

    def __enter__(self) -> "Engine": ...

    def __exit__(self, *exception: object) -> None: ...

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        """Train all packs and yield their blocks as they come, of one pack in order, of several in any order.

        A task is taken from `tasks` only when a worker will soon be free for it. Where `tasks` has nothing more, it is
        asked again after every block: what was lost may come again.
        """

    def stop(self) -> None:
        """Let the packs that are being trained save how far they are after their epoch and leave; `run` then ends.

        It takes nothing more from `tasks`. Called from within a signal handler.
        """
