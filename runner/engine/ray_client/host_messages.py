"""The messages between a driver and the process that hosts its Ray, apart from packs and blocks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fitgap.core.datasets import Dataset
from fitgap.runner.engine.cluster.description import Cluster
from fitgap.runner.engine.interface import ClusterStatus


@dataclass(frozen=True)
class HostSetup:
    """The first message to the host: the data set, the maximum number of workers, and the cluster, if any."""

    dataset: Dataset
    workers: int | None
    cluster: Cluster | None


@dataclass(frozen=True)
class NoMoreTasks:
    """Tells the host that no task is pending, so that packs may be cut in two for idle workers."""


@dataclass(frozen=True)
class HostState:
    """The host's state: how many tasks it has taken, how many packs it has, and how many it can have.

    The driver compares `taken` with the number of tasks it has sent to find how many are still on their way.
    """

    taken: int
    packs: int
    workers: int
    most_in_flight: int
    cluster_status: ClusterStatus | None


@dataclass(frozen=True)
class HostTrouble:
    """Why Ray could not be started and what to do about it. The host exits after this message."""

    text: str


@dataclass(frozen=True)
class HostLost:
    """Why Ray or its cluster ended during training. The host exits after this message."""

    text: str


@dataclass(frozen=True)
class HostNews:
    """A one-line message for the user."""

    text: str


@dataclass(frozen=True)
class WorkerQuestion:
    """Asks the host to call a function in a worker; the result comes back as a `WorkerAnswer`."""

    question: Callable[[], Any]


@dataclass(frozen=True)
class WorkerAnswer:
    """The result of a function called in a worker."""

    answer: Any
