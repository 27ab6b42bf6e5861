"""A Ray cluster that somebody else has started: this process joins it and brings its own code along."""

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fitgap.runner.engine.cluster.description import Cluster, Versions
from fitgap.runner.engine.cluster.node_speed import NodeSpeeds
from fitgap.runner.engine.cluster.probe import versions_here
from fitgap.runner.engine.cluster.ray_environment import cluster_environment
from fitgap.runner.engine.dispatch.memory import pack_bytes
from fitgap.runner.engine.protocol import ClusterStatus
from fitgap.runner.engine.ray.membership import PATIENCE_SECONDS, Nodes
from fitgap.runner.engine.ray.stop_signals import BoardSignals
from fitgap.runner.errors import ClusterLostError
from fitgap.runner.messages import Block, PackTask
from fitgap.runner.package import copy_package
from fitgap.runner.system.blas import THREAD_VARIABLES

# Of our package, what no worker needs.
LEFT_OUT = ["__pycache__", "*.pyc", "*.npz", "web", "cli"]


class RemoteCluster:
    """Where packs train: the nodes of a cluster, of which some may come and go."""

    is_own = False
    advice = "`ray status` on its head node tells how it is"

    def __init__(self, cluster: Cluster, most_workers: int | None):
        self.cluster, self.most_workers = cluster, most_workers
        self.most_in_flight = cluster.settings.most_in_flight
        self.nodes = Nodes(cluster)
        self.paces = NodeSpeeds()
        self.named_as_slow: set[str] = set()

    @property
    def workers(self) -> int:
        """How many packs can train at the same time now, as far as they may."""
        there = max(1, self.cluster.workers_of(self.nodes.used.values()))
        return min(there, self.most_workers or there)

    @property
    def versions(self) -> Versions | None:
        """What every worker must have."""
        return None if self.cluster.settings.are_versions_mixed else versions_here()

    def crew(self, packs: int) -> ClusterStatus | None:
        return ClusterStatus(len(self.nodes.used), self.workers, packs)

    def prepare(self) -> None:
        """What must be there before it is opened, in the thread that uses it."""

    def open(self) -> None:
        """Join the cluster; takes a second or two, and a node some more until it has our code."""
        join(self.cluster)
        self.notices = BoardSignals()
        self.nodes.start()

    def task_options(self, task: PackTask) -> dict[str, Any]:
        """What a pack asks of Ray: cores, memory, and not to be sent to nodes that do not fit."""
        memory = min(pack_bytes(task), self.cluster.memory_bytes)
        options: dict[str, Any] = {"num_cpus": self.cluster.settings.cores_per_pack, "memory": memory}
        if self.nodes.refused:
            options["label_selector"] = {"ray.io/node-id": f"!in({','.join(sorted(self.nodes.refused))})"}
        return options

    def note(self, task: PackTask, block: Block, seconds: float) -> None:
        """Take in a block that came so long after the one before it."""
        self.paces.note(task, block, seconds)
        if block.failure and block.failure.is_blameless and block.node:
            self.nodes.refuse(block.node, block.failure.reason)

    def news(self) -> Iterator[str]:
        """What people should know; ClusterLostError where the cluster does not answer any more."""
        while self.nodes.news:
            yield self.nodes.news.popleft()
        for node_id, part in self.paces.slow_nodes().items():
            node = self.nodes.used.get(node_id)
            if node and node_id not in self.named_as_slow:
                self.named_as_slow.add(node_id)
                yield f"node {node.name} is slow: it trains at {part:.0%} of the nodes' median pace"
        if self.nodes.silent_seconds > PATIENCE_SECONDS:
            raise ClusterLostError(
                f"the cluster at {self.cluster.address} has not answered for {PATIENCE_SECONDS:.0f} s"
            )

    def end(self) -> None:
        """The cluster notices that its driver is gone."""

    def close(self) -> None:
        self.nodes.stop()


def join(cluster: Cluster) -> None:
    """Make this process a driver of a cluster, which hands this package to its workers."""
    os.environ.update(cluster_environment(cluster.address))
    import ray

    keep_quiet()
    with tempfile.TemporaryDirectory(prefix="fitgap-") as folder, tempfile.TemporaryDirectory() as empty:
        environment: Any = {
            "py_modules": [str(copy_package(Path(folder), LEFT_OUT))],
            "env_vars": dict.fromkeys(THREAD_VARIABLES, "1"),
        }
        # Ray puts the current folder at the head of the workers' module path; a `numpy.py` there must not win.
        with contextlib.chdir(empty):
            ray.init(address=cluster.address, runtime_env=environment, logging_level=logging.ERROR, log_to_driver=False)


def keep_quiet() -> None:
    """Let Ray not print to standard output what nodes log when one of them dies; we tell it ourselves."""
    from ray._private import worker

    # There is no setting for it, and it may have another name in another version.
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = print_nothing


def print_nothing(*arguments: object, **options: object) -> None:
    """Print nothing."""
