"""What passes between a driver and the process that hosts its Ray, beside packs one way and blocks the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fitgap.core.data import Dataset
from fitgap.runner.engine.cluster.description import Cluster
from fitgap.runner.engine.protocol import ClusterStatus


@dataclass(frozen=True)
class HostSetup:
    """The first message to the host: what is trained on, with at most how many workers, and on which cluster if any."""

    dataset: Dataset
    workers: int | None
    cluster: Cluster | None


@dataclass(frozen=True)
class NoMoreTasks:
    """Tells the host that nothing is pending now, so that packs may be cut in two for idle workers."""


@dataclass(frozen=True)
class HostState:
    """The host's state: how many tasks it has taken, how many packs it has, and how many it can have.

    The driver knows how many tasks it has sent, and so how many of them are on their way.
    """

    taken: int
    packs: int
    workers: int
    most_in_flight: int
    crew: ClusterStatus | None


@dataclass(frozen=True)
class HostTrouble:
    """Why Ray could not be started, and what to do about it; the host ends after that."""

    text: str


@dataclass(frozen=True)
class HostLost:
    """Ray, or its cluster, has ended while it trained; the host ends after that."""

    text: str


@dataclass(frozen=True)
class HostNews:
    """A line for people."""

    text: str


@dataclass(frozen=True)
class WorkerQuestion:
    """Asks the host to call a function in a worker; what it returns comes back as a `WorkerAnswer`."""

    question: Callable[[], Any]


@dataclass(frozen=True)
class WorkerAnswer:
    """What a function has returned in a worker."""

    answer: Any
