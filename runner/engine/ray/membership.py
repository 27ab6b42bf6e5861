"""The nodes of a cluster during training: which have joined or left, which can be used, whether Ray answers."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from fitgap.runner.engine.cluster.description import Cluster, NodeFacts
from fitgap.runner.engine.cluster.probe import versions_here
from fitgap.runner.engine.ray.node_info import alive_nodes, ask, facts_of

CHECK_SECONDS = 1.0
# Ray itself kills a driver whose cluster has not answered for 60 seconds.
PATIENCE_SECONDS = 30.0


class Nodes:
    """Lists the nodes about once a second, in its own thread, since Ray may block forever if the cluster is gone."""

    def __init__(self, cluster: Cluster, list_nodes: Callable[[], dict[str, dict[str, Any]]] = alive_nodes):
        self.cluster, self.list_nodes = cluster, list_nodes
        self.used = {node.node_id: node for node in cluster.nodes}
        self.refused: set[str] = set()
        # References to the answers of nodes that have just joined.
        self.answers: dict[str, Any] = {}
        self.news: deque[str] = deque()
        self.answered_at = time.monotonic()
        self._end = threading.Event()

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="fitgap-nodes", daemon=True).start()

    def stop(self) -> None:
        """Stop the thread; its last call may still be running."""
        self._end.set()

    @property
    def silent_seconds(self) -> float:
        """Seconds since the last answer of the cluster."""
        return time.monotonic() - self.answered_at

    def _run(self) -> None:
        while not self._end.wait(CHECK_SECONDS):
            try:
                self.update(self.list_nodes())
            except Exception:
                # The cluster may answer next time. If it never does, `silent_seconds` shows it.
                continue

    def update(self, alive: dict[str, dict[str, Any]]) -> None:
        """Compare the nodes that are alive now with those known before."""
        self.answered_at = time.monotonic()
        for node_id in [each for each in self.used if each not in alive]:
            self._remove(node_id)
        for node_id in alive.keys() - self.used.keys() - self.refused - self.answers.keys():
            self.answers[node_id] = ask(node_id)
        for node_id in list(self.answers):
            self._check_answer(node_id, alive.get(node_id))

    def _remove(self, node_id: str) -> None:
        """Remove a node that is gone."""
        name = self.used[node_id].name
        # Replace the mapping, since other threads may be reading the old one.
        self.used = {each: node for each, node in self.used.items() if each != node_id}
        self.news.append(f"node {name} has left; its packs are trained again")

    def _check_answer(self, node_id: str, node: dict[str, Any] | None) -> None:
        """Add a node if it has answered."""
        import ray

        if node is None:
            del self.answers[node_id]
        elif ray.wait([self.answers[node_id]], timeout=0)[0]:
            facts = facts_of(node, self.answers.pop(node_id))
            if facts:
                self.add(facts)

    def refuse(self, node_id: str, misfit: str) -> None:
        """Send no more packs to a node."""
        if node_id not in self.refused:
            # Replace the set, since other threads may be reading the old one.
            self.refused = {*self.refused, node_id}
            self.news.append(f"{misfit}; the node is not used (--mixed-versions would allow it)")

    def add(self, node: NodeFacts) -> None:
        """Use a node that has joined, if its versions are allowed."""
        misfit = node.misfit(versions_here())
        if misfit and not self.cluster.settings.are_versions_mixed:
            self.refuse(node.node_id, misfit)
            return
        self.used = {**self.used, node.node_id: node}
        alone = "" if node.llvmlite else " and without llvmlite, so that it trains with NumPy alone"
        self.news.append(f"node {node.name} has joined with {node.cores} cores{alone}")
