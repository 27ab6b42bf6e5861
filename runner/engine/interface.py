"""The protocol of engines: all that the driver knows about them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fitgap.runner.messages import Block, PackTask


@dataclass(frozen=True)
class ClusterStatus:
    """The present state of a cluster: its nodes, how many packs they can train at a time, and how many they have."""

    nodes: int
    workers: int
    packs: int


# Called with a one-line message for the user.
Notify = Callable[[str], None]


def ignore(news: object) -> None:
    """Do nothing."""


class Engine(Protocol):
    """Trains packs. A context manager: entering starts it without waiting, leaving stops everything that it started."""

    name: str

    @property
    def workers(self) -> int:
        """How many packs can train at the same time at present."""

    @property
    def cluster_status(self) -> ClusterStatus | None:
        """The state of the cluster; None without one."""

    def __enter__(self) -> "Engine": ...

    def __exit__(self, *exception: object) -> None: ...

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        """Train all packs and yield their blocks as they arrive. Blocks of the same pack arrive in order.

        A task is taken from `tasks` only when a worker will soon be free for it. When `tasks` is exhausted, it is tried
        again after every block, since lost packs may be returned to it.
        """

    def stop(self) -> None:
        """Let the packs in training save their state after the current epoch and leave; `run` then ends.

        Nothing more is taken from `tasks`. May be called from a signal handler.
        """
