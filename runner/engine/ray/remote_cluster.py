"""An existing Ray cluster, which this process joins and to which it uploads its own code."""

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
from fitgap.runner.engine.cluster.ray_environment import cluster_environment, worker_environment
from fitgap.runner.engine.dispatch.pack_memory import pack_bytes
from fitgap.runner.engine.interface import ClusterStatus
from fitgap.runner.engine.ray.membership import PATIENCE_SECONDS, Nodes
from fitgap.runner.engine.ray.stop_signals import BoardSignals
from fitgap.runner.errors import ClusterLostError
from fitgap.runner.messages import Block, PackTask
from fitgap.runner.package import copy_package

# Parts of our package that workers do not need.
LEFT_OUT = ["__pycache__", "*.pyc", "*.npz", "web", "cli"]


class RemoteCluster:
    """The nodes of a cluster, which may join and leave at any time."""

    is_own = False
    advice = "`ray status` on its head node shows its state"

    def __init__(self, cluster: Cluster, most_workers: int | None):
        self.cluster, self.most_workers = cluster, most_workers
        self.most_in_flight = cluster.settings.most_in_flight
        self.nodes = Nodes(cluster)
        self.speeds = NodeSpeeds()
        self.named_as_slow: set[str] = set()

    @property
    def workers(self) -> int:
        """How many packs of this driver can train at the same time at present, bounded by --workers; at least one."""
        there = self.cluster.share_of(self.nodes.used.values())
        return min(there, self.most_workers or there)

    @property
    def versions(self) -> Versions | None:
        """The versions that every worker must have; None if they may be mixed."""
        return None if self.cluster.settings.are_versions_mixed else versions_here()

    def cluster_status(self, packs: int) -> ClusterStatus | None:
        return ClusterStatus(len(self.nodes.used), self.workers, packs)

    def prepare(self) -> None:
        """Nothing to prepare."""

    def open(self) -> None:
        """Join the cluster. This takes a second or two; after that, each node needs a few more to receive our code."""
        join(self.cluster)
        self.stop_signals = BoardSignals()
        self.nodes.start()

    def task_options(self, task: PackTask) -> dict[str, Any]:
        """Ray's options for a pack: cores, memory in bytes, and the nodes to avoid."""
        memory = min(pack_bytes(task), self.cluster.memory_bytes)
        options: dict[str, Any] = {"num_cpus": self.cluster.settings.cores_per_pack, "memory": memory}
        if self.nodes.refused:
            options["label_selector"] = {"ray.io/node-id": f"!in({','.join(sorted(self.nodes.refused))})"}
        return options

    def on_block(self, task: PackTask, block: Block, seconds: float) -> None:
        """Note a block that arrived `seconds` after the previous one of its pack."""
        self.speeds.add(task, block, seconds)
        if block.failure and block.failure.is_blameless and block.node:
            self.nodes.refuse(block.node, block.failure.reason)

    def news(self) -> Iterator[str]:
        """Messages for the user. Raises ClusterLostError if the cluster no longer answers."""
        while self.nodes.news:
            yield self.nodes.news.popleft()
        for node_id, part in self.speeds.slow_nodes().items():
            node = self.nodes.used.get(node_id)
            if node and node_id not in self.named_as_slow:
                self.named_as_slow.add(node_id)
                yield f"node {node.name} is slow: it trains at {part:.0%} of the nodes' median pace"
        if self.nodes.silent_seconds > PATIENCE_SECONDS:
            raise ClusterLostError(
                f"the cluster at {self.cluster.address} has not answered for {PATIENCE_SECONDS:.0f} s"
            )

    def end(self) -> None:
        """Nothing to do: the cluster notices that its driver is gone."""

    def close(self) -> None:
        self.nodes.stop()


def join(cluster: Cluster) -> None:
    """Make this process a driver of a cluster; Ray distributes our package to the workers."""
    os.environ.update(cluster_environment(cluster.address))
    import ray

    keep_quiet()
    with tempfile.TemporaryDirectory(prefix="fitgap-") as folder, tempfile.TemporaryDirectory() as empty:
        environment: Any = {
            "py_modules": [str(copy_package(Path(folder), LEFT_OUT))],
            "env_vars": worker_environment(),
        }
        # Ray puts the current folder first on the workers' module path; a `numpy.py` there must not be imported.
        with contextlib.chdir(empty):
            ray.init(address=cluster.address, runtime_env=environment, logging_level=logging.ERROR, log_to_driver=False)


def keep_quiet() -> None:
    """Keep Ray from printing the logs of dying nodes to standard output; we report them ourselves."""
    from ray._private import worker

    # Ray has no setting for this, and the function may have another name in other versions.
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = print_nothing


def print_nothing(*arguments: object, **options: object) -> None:
    """Print nothing."""
