"""The nodes of a cluster while it trains: who has joined and left, who may be used, and whether the cluster answers."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from fitgap.runner.engine.cluster.description import Cluster, NodeFacts
from fitgap.runner.engine.cluster.probe import versions_here
from fitgap.runner.engine.ray.node_info import alive_nodes, ask, facts_of

LOOK_SECONDS = 1.0
# Ray itself ends a driver that has not heard of its cluster for 60 seconds.
PATIENCE_SECONDS = 30.0


class Nodes:
    """Looks about once a second, in a thread of its own: Ray's answer may take for ever where the cluster is gone."""

    def __init__(self, cluster: Cluster, look: Callable[[], dict[str, dict[str, Any]]] = alive_nodes):
        self.cluster, self.look = cluster, look
        self.used = {node.node_id: node for node in cluster.nodes}
        self.refused: set[str] = set()
        # What nodes that have joined will tell of themselves.
        self.asked: dict[str, Any] = {}
        self.news: deque[str] = deque()
        self.heard_at = time.monotonic()
        self._end = threading.Event()

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._run, name="fitgap-nodes", daemon=True).start()

    def stop(self) -> None:
        """Look no more; the last look may still be on its way."""
        self._end.set()

    @property
    def silent_seconds(self) -> float:
        """How long the cluster has not answered."""
        return time.monotonic() - self.heard_at

    def _run(self) -> None:
        while not self._end.wait(LOOK_SECONDS):
            try:
                self.take_in(self.look())
            except Exception:
                # It may answer the next time; if it never does, the driver is told by the silence.
                continue

    def take_in(self, alive: dict[str, dict[str, Any]]) -> None:
        """Compare the nodes that are alive now with those known before."""
        self.heard_at = time.monotonic()
        for node_id in [each for each in self.used if each not in alive]:
            self._miss(node_id)
        for node_id in alive.keys() - self.used.keys() - self.refused - self.asked.keys():
            self.asked[node_id] = ask(node_id)
        for node_id in list(self.asked):
            self._hear(node_id, alive.get(node_id))

    def _miss(self, node_id: str) -> None:
        """A node is gone."""
        name = self.used[node_id].name
        # A new mapping: others read the old one meanwhile.
        self.used = {each: node for each, node in self.used.items() if each != node_id}
        self.news.append(f"node {name} has left; what it trained is trained again")

    def _hear(self, node_id: str, node: dict[str, Any] | None) -> None:
        """Take up a node that has answered."""
        import ray

        if node is None:
            del self.asked[node_id]
        elif ray.wait([self.asked[node_id]], timeout=0)[0]:
            facts = facts_of(node, self.asked.pop(node_id))
            if facts:
                self.meet(facts)

    def refuse(self, node_id: str, misfit: str) -> None:
        """Give a node nothing more."""
        if node_id not in self.refused:
            # A new set: others read it meanwhile.
            self.refused = {*self.refused, node_id}
            self.news.append(f"{misfit}; it is not used, unless with --mixed-versions")

    def meet(self, node: NodeFacts) -> None:
        """Use a node that has joined if it fits."""
        misfit = node.misfit(versions_here())
        if misfit and not self.cluster.settings.are_versions_mixed:
            self.refuse(node.node_id, misfit)
            return
        self.used = {**self.used, node.node_id: node}
        self.news.append(f"node {node.name} has joined with {node.cores} cores")
