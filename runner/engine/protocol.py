"""What every engine offers. The driver knows engines by this alone."""

from collections.abc import Iterator
from typing import Protocol

from runner.messages import Block, PackTask


class Engine(Protocol):
    """Trains packs somewhere. Used as a context: entering starts it, leaving stops what it started."""

    name: str
    workers: int

    def __enter__(self) -> "Engine": ...

    def __exit__(self, *exception: object) -> None: ...

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        """Train all packs and yield their blocks as they come, of one pack in order, of several in any order.

        A task is taken from `tasks` only when a worker will soon be free for it. Where `tasks` has nothing more, it is
        asked again after every block: what was lost may come again.
        """

    def stop(self) -> None:
        """Let the packs that are being trained save how far they are after their epoch and leave; `run` then ends once
        `tasks` gives nothing more. Called from within a signal handler.
        """
