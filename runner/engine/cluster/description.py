"""The description of a Ray cluster: how it is used, and the nodes that it had when it was probed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class ClusterSettings:
    """How a cluster is used: its address, the cores per pack, and the maximum number of packs at a time.

    With `are_versions_mixed`, nodes may have other versions of Python and NumPy than the driver. With several `drivers`
    of one command, each uses an equal part of the workers.
    """

    address: str
    cores_per_pack: int = 1
    most_in_flight: int | None = None
    are_versions_mixed: bool = False
    drivers: int = 1


@dataclass(frozen=True)
class NodeFacts:
    """What a node reported about itself: cores, memory, second-level cache, and software versions.

    A node without `llvmlite` ("") trains with NumPy alone, with bit-identical results.
    """

    node_id: str
    name: str
    cores: int
    memory_bytes: int
    cache_bytes: int
    python: str
    numpy: str
    blas: str
    llvmlite: str = ""

    def misfit(self, here: "Versions") -> str | None:
        """Why results from this node may differ from those of this process; None if they cannot."""
        for what, there, own in (("Python", self.python, here.python), ("NumPy", self.numpy, here.numpy)):
            if there != own:
                return f"node {self.name} has {what} {there}, this process has {own}"
        return None


@dataclass(frozen=True)
class Versions:
    """The versions that determine the bits of a result, apart from the processor."""

    python: str
    numpy: str


@dataclass(frozen=True)
class Cluster:
    """A cluster that has answered a probe. `address` is its resolved address, HOST:PORT."""

    settings: ClusterSettings
    address: str
    nodes: tuple[NodeFacts, ...]

    @property
    def workers(self) -> int:
        """How many packs can train at the same time."""
        return self.workers_of(self.nodes)

    def workers_of(self, nodes: Iterable[NodeFacts]) -> int:
        """How many packs these nodes can train at the same time."""
        return sum(node.cores // self.settings.cores_per_pack for node in nodes)

    def shared_by(self, drivers: int) -> "Cluster":
        """This cluster with its workers and packs in flight divided among the drivers of one command."""
        most = self.settings.most_in_flight
        most = most and max(1, most // drivers)
        return replace(self, settings=replace(self.settings, drivers=drivers, most_in_flight=most))

    def share_of(self, nodes: Iterable[NodeFacts]) -> int:
        """How many packs one driver can train on these nodes at the same time; at least one."""
        return max(1, -(-self.workers_of(nodes) // self.settings.drivers))

    @property
    def cache_bytes(self) -> int | None:
        """The smallest second-level cache of a core; None if no node reports one."""
        return min((node.cache_bytes for node in self.nodes if node.cache_bytes), default=None)

    @property
    def memory_bytes(self) -> int:
        """The memory of the smallest node."""
        return min(node.memory_bytes for node in self.nodes)

    @property
    def without_compiler(self) -> list[str]:
        """The names of the nodes that train with NumPy alone."""
        return sorted(node.name for node in self.nodes if not node.llvmlite)

    def described(self) -> str:
        """The software of its nodes, such as `3 nodes: Python 3.12.1, NumPy 2.4.6, openblas 0.3.31 SkylakeX`."""
        kinds = Counter(
            f"Python {node.python}, NumPy {node.numpy}, {node.blas or 'BLAS unknown'}{missing_compiler(node)}"
            for node in self.nodes
        )
        return "; ".join(f"{count} node{'s' if count > 1 else ''}: {kind}" for kind, count in sorted(kinds.items()))


def missing_compiler(node: NodeFacts) -> str:
    return "" if node.llvmlite else ", no llvmlite"
